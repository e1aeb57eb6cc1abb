using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Rmap removal delayed until after the TLB flush, for anonymous pages too: tlb_finish_mmu() runs after
/// free_pgtables().</summary>
[Variant(
    "delayed-anon-rmap",
    Subject = "page_remove_rmap() of every page is delayed until after the TLB flush",
    Origin = "db12063aab49 \"mm: delay rmap removal until after TLB flush\", mm-unstable and next-20221107 only",
    Fix = "5df397dec7c4 (v6.2): only dirty file pages are delayed, and only until the flush inside the page table lock",
    Symptom = "VM_BUG_ON_FOLIO at mm/migrate.c:1105; oops in down_read_trylock from folio_referenced, once in five "
        + "hours")]
public sealed class DelayedAnonRmap : Zap
{
    private static readonly Point Remove = Points.Define("GatherRemoveRmap", "page_zap_pte_rmap", Access.Rmw);

    /// <inheritdoc />
    protected override Flow ZapPresent(Cpu cpu, Gather gather, Page first, int count)
    {
        gather.Add(first, count, delayed: true);
        return Flow.Done;
    }

    /// <inheritdoc />
    protected override async Flow<bool> ZapDirty(Cpu cpu, Gather gather, Folio folio)
    {
        await R.Writeback.MarkDirty(cpu, folio);
        await ZapPresent(cpu, gather, folio, 1);
        return false;
    }

    /// <inheritdoc />
    protected override async Flow AfterFlush(Cpu cpu, Gather gather)
    {
        foreach (GatheredPages pages in gather.Pages)
        {
            Folio folio = pages.First.Head;
            if (!pages.Delayed)
            {
                continue;
            }

            if (folio.IsLarge)
            {
                await R.Rmap.ZapPtes(cpu, pages.First, pages.Count, gather.Vma);
                continue;
            }

            await cpu.At(Remove, folio.MapcountWord);
            int field = folio.DecMapcount();
            if (field == -1)
            {
                await R.MemcgStat.Unmapped(cpu, folio, 1);
            }

            K.BugOn(field < -1, "VM_WARN_ON_ONCE_PAGE(page_mapcount(page) < 0)", "page_zap_pte_rmap", folio);
        }
    }
}
