using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>move_ptes() that leaves the translations of the old address where they are cached.</summary>
[Variant(
    "mremap-without-flush",
    Subject = "mremap does not flush the old range before it unlocks the page tables",
    Origin = "hypothetical; until eb66ae030829 (v4.19) the flush came after the unlock (CVE-2018-18281)",
    Fix = "flush_tlb_range() with both tables locked: as every kernel since v4.19 has it",
    Symptom = "a thread reads and writes a page that was moved, or freed since")]
public sealed class MremapWithoutFlush : Mremap
{
    /// <inheritdoc />
    protected override Flow Flush(Cpu cpu, MmStruct mm, int start, int end) => Flow.Done;
}
