using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>tlb_finish_mmu() that flushes what it has cleared itself, whatever others have.</summary>
[Variant(
    "gather-flushes-own-only",
    Subject = "tlb_finish_mmu() does not look for other gathers of the process",
    Origin = "until v4.12, since MADV_DONTNEED runs under the mmap lock for reading",
    Fix = "99baac21e458 \"mm: fix MADV_[FREE|DONTNEED] TLB flush miss problem\" (v4.13)",
    Symptom = "MADV_DONTNEED returns while other threads still see the pages that another one has just emptied")]
public sealed class GatherFlushesOwnOnly : Zap
{
    /// <inheritdoc />
    protected override Flow<bool> IsNested(Cpu cpu, MmStruct mm) => Flow.Of(false);
}
