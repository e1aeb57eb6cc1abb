using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>zap_pte_range() as it stood before v3.15: the TLB is flushed when the ptl is long given back.</summary>
[Variant(
    "zap-flushes-after-unlock",
    Subject = "a dirty file page is zapped without a TLB flush under the page table lock",
    Origin = "until v3.14",
    Fix = "1cf35d47712d (v3.15) \"mm: split 'tlb_flush_mmu()' into tlb flushing and memory freeing parts\", not wholly",
    Symptom = "as that of rmap-removed-before-flush, in a window that is much longer")]
public sealed class ZapFlushesAfterUnlock : RmapRemovedBeforeFlush
{
    /// <inheritdoc />
    protected override async Flow<bool> ZapDirty(Cpu cpu, Gather gather, Folio folio)
    {
        await base.ZapDirty(cpu, gather, folio);
        return false;
    }
}
