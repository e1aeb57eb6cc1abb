using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>zap_pte_range() that takes an empty entry for one that no TLB has.</summary>
[Variant(
    "zap-ignores-batched-flush",
    Subject = "zap_pte_range() does not call flush_tlb_batched_pending()",
    Origin = "72b252aed506 \"mm: send one IPI per CPU to TLB flush all entries after unmapping pages\", v4.3 to v4.12",
    Fix = "3ea277194daa (v4.13)",
    Symptom = "munmap() and MADV_DONTNEED return while other threads still use pages that reclaim is about to free")]
public sealed class ZapIgnoresBatchedFlush : Zap
{
    /// <inheritdoc />
    protected override Flow FlushBatchedPending(Cpu cpu, MmStruct mm) => Flow.Done;
}
