using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>dup_mmap() that returns without the flush at its end.</summary>
[Variant(
    "fork-without-flush",
    Subject = "dup_mmap() leaves out flush_tlb_mm(oldmm)",
    Origin = "hypothetical: what the only flush of fork is for",
    Fix = "never was wrong",
    Symptom = "a thread of the parent stores to pages that the child reads")]
public sealed class ForkWithoutFlush : Fork
{
    /// <inheritdoc />
    protected override Flow FlushParent(Cpu cpu, MmStruct parent) => Flow.Done;
}
