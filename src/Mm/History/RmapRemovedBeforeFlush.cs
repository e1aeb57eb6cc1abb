using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>zap_pte_range() as it stood in v6.1: the rmap of a dirty file page is removed at once, and the TLB flushed
/// some entries later, before the ptl is given back.</summary>
[Variant(
    "rmap-removed-before-flush",
    Subject = "page_remove_rmap() of a dirty file page before the TLB flush",
    Origin = "1cf35d47712d (v3.15) to v6.1",
    Fix = "5df397dec7c4 (v6.2): the removal waits for the flush, both under the page table lock",
    Symptom = "a store that a thread makes through its TLB is lost: writeback found the page unmapped and has cleaned "
        + "and written it already")]
public class RmapRemovedBeforeFlush : Zap
{
    /// <inheritdoc />
    protected override async Flow<bool> ZapDirty(Cpu cpu, Gather gather, Folio folio)
    {
        await R.Writeback.MarkDirty(cpu, folio);
        await ZapPresent(cpu, gather, folio, 1);
        return true;
    }
}
