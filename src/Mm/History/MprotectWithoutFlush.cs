using Interleave;
using Mm.Routines;

namespace Mm.History;

/// <summary>do_mprotect_pkey() that leaves old translations in the TLBs of other cpus.</summary>
[Variant(
    "mprotect-without-flush",
    Subject = "mprotect does not flush the range whose rights it takes away",
    Origin = "hypothetical: what tlb_flush_pte_range() in change_pte_range() is for",
    Fix = "the range is noted and flushed before the mmap lock is dropped: as every kernel has it",
    Symptom = "other threads store to read-only memory")]
public sealed class MprotectWithoutFlush : Mprotect
{
    /// <inheritdoc />
    protected override Flow Finish(Cpu cpu, Gather gather)
    {
        gather.ResetRange();
        return base.Finish(cpu, gather);
    }
}
