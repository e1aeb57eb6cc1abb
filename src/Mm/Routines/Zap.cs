using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>zap_pte_range for private anonymous memory, and the gather that frees what it took (mm/memory.c,
/// mm/mmu_gather.c, v6.18).</summary>
/// <remarks>
/// Left out: zap_details (no files), rescheduling inside a range, page tables. The TLB flush has no step: a cpu's
/// translations are not modelled, the hardware looks at the table itself.
/// </remarks>
public class Zap : Routine
{
    protected static readonly Point PteLock = Points.Define("ZapPtl", "zap_pte_range", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("ZapReadPte", "zap_pte_range", Access.Read);
    protected static readonly Point ClearPte = Points.Define("ZapClearPte", "zap_present_ptes", Access.Rmw);
    protected static readonly Point ClearSwap = Points.Define("ZapClearSwapPte", "zap_nonpresent_ptes", Access.Write);
    protected static readonly Point ClearMigration =
        Points.Define("ZapClearMigrationPte", "zap_nonpresent_ptes", Access.Write);
    protected static readonly Point ClearZero = Points.Define("ZapClearZeroPte", "zap_present_ptes", Access.Write);
    protected static readonly Point AddCounters = Points.Define("ZapAddRss", "zap_pte_range", Access.Rmw);

    private readonly Gather[] gathers = new Gather[Machine.CpusMax];

    /// <summary>tlb_gather_mmu: this lane's gather, empty.</summary>
    public Gather Begin(Cpu cpu)
    {
        Gather gather = gathers[cpu.Index] ??= new Gather();
        gather.Folios.Clear();
        return gather;
    }

    /// <summary>unmap_page_range: zaps [start, end) of one VMA, table by table.</summary>
    public virtual async Flow ZapRange(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        while (start < end)
        {
            int next = Math.Min(end, mm.Table(start).End);
            await ZapTable(cpu, gather, mm, start, next);
            start = next;
        }
    }

    /// <summary>zap_pte_range over [start, end), which one page table covers.</summary>
    protected virtual async Flow ZapTable(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        KernelSpinlock ptl = mm.Ptl(start);
        await ptl.Acquire(cpu, PteLock);
        int anon = 0;
        int swap = 0;
        for (int page = start; page < end; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            Pte pte = mm[page];
            switch (pte.Kind)
            {
                case PteKind.None:
                    break;
                case PteKind.Zero:
                    await cpu.At(ClearZero, mm.PteWord(page));
                    Clear(mm, page);
                    break;
                case PteKind.Present:
                    await cpu.At(ClearPte, mm.PteWord(page));
                    Clear(mm, page);
                    anon--;
                    await ZapPresent(cpu, gather, K.FolioOf(pte));
                    break;
                case PteKind.Swap:
                    swap--;
                    await R.Slots.FreeSwapAndCache(cpu, pte.Target);
                    await cpu.At(ClearSwap, mm.PteWord(page));
                    Clear(mm, page);
                    break;
                default:
                    K.BugOn(
                        !K.FolioOf(pte).Has(PageFlag.Locked),
                        "BUG_ON(is_migration_entry && !folio_test_locked(folio))",
                        "pfn_swap_entry_folio", K.FolioOf(pte));
                    anon--;
                    await cpu.At(ClearMigration, mm.PteWord(page));
                    Clear(mm, page);
                    break;
            }
        }

        await cpu.At(AddCounters, mm.Word);
        mm.AddRss(anon, swap);
        ptl.Release(cpu);
    }

    /// <summary>tlb_finish_mmu: flush, then try to drop swap copies, then drop the references.</summary>
    public virtual async Flow Finish(Cpu cpu, Gather gather)
    {
        await AfterFlush(cpu, gather);
        foreach (Folio folio in gather.Folios)
        {
            await R.Slots.FreeSwapCache(cpu, folio);
        }

        foreach (Folio folio in gather.Folios)
        {
            await R.Free.Put(cpu, folio, Holder.Gather);
        }

        gather.Folios.Clear();
    }

    /// <summary>zap_present_folio_ptes after the entry was cleared: the mapcount goes now, the reference waits for the
    /// flush.</summary>
    protected virtual async Flow ZapPresent(Cpu cpu, Gather gather, Folio folio)
    {
        await R.Rmap.RemoveOne(cpu, folio);
        K.BugOn(folio.Mapcount < 0, "BUG: Bad page map", "zap_present_folio_ptes", folio);
        gather.Add(folio);
    }

    /// <summary>Runs between the TLB flush and the freeing of the gathered pages.</summary>
    protected virtual Flow AfterFlush(Cpu cpu, Gather gather) => Flow.Done;

    private static void Clear(MmStruct mm, int page)
    {
        mm.SetPte(page, Pte.None);
        mm.TruthDiscard(page);
    }
}

/// <summary>struct mmu_gather: pages that were unmapped and wait for the TLB flush.</summary>
public sealed class Gather
{
    /// <summary>The pages; each entry owns the reference that its page table entry had.</summary>
    public List<Folio> Folios { get; } = [];

    /// <summary>__tlb_remove_folio_pages: the entry's reference becomes the gather's.</summary>
    public void Add(Folio folio)
    {
        folio.HandOver(Holder.Mapping, Holder.Gather);
        Folios.Add(folio);
    }
}
