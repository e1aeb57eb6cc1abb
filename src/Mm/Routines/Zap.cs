using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>zap_pte_range for private anonymous memory, and the gather that frees what it took (mm/memory.c,
/// mm/mmu_gather.c, v6.18).</summary>
/// <remarks>Left out: zap_details (no files), rescheduling inside a range.</remarks>
public class Zap : Routine
{
    protected static readonly Point ReadPmd = Points.Define("ZapReadPmd", "zap_pmd_range", Access.Read);
    protected static readonly Point TestPmd = Points.Define("ZapTestPmd", "zap_pmd_range", Access.Read);
    protected static readonly Point PteLock = Points.Define("ZapPtl", "zap_pte_range", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("ZapReadPte", "zap_pte_range", Access.Read);
    protected static readonly Point ClearPte = Points.Define("ZapClearPte", "zap_present_ptes", Access.Rmw);
    protected static readonly Point ClearSwap = Points.Define("ZapClearSwapPte", "zap_nonpresent_ptes", Access.Write);
    protected static readonly Point ClearMigration =
        Points.Define("ZapClearMigrationPte", "zap_nonpresent_ptes", Access.Write);
    protected static readonly Point ClearPoison =
        Points.Define("ZapClearPoisonPte", "zap_nonpresent_ptes", Access.Write);
    protected static readonly Point ClearZero = Points.Define("ZapClearZeroPte", "zap_present_ptes", Access.Write);
    protected static readonly Point AddCounters = Points.Define("ZapAddRss", "zap_pte_range", Access.Rmw);

    protected static readonly Point GatherBegin = Points.Define("GatherBegin", "tlb_gather_mmu", Access.Rmw);
    protected static readonly Point GatherNested = Points.Define("GatherTestNested", "tlb_finish_mmu", Access.Read);
    protected static readonly Point GatherEnd = Points.Define("GatherEnd", "tlb_finish_mmu", Access.Rmw);

    private readonly Gather[] gathers = new Gather[Machine.CpusMax];

    /// <summary>tlb_gather_mmu: this lane's gather, empty; other gathers of the process can see that there is
    /// one.</summary>
    public virtual async Flow<Gather> Begin(Cpu cpu, MmStruct mm, bool fullMm = false)
    {
        Gather gather = gathers[cpu.Index] ??= new Gather();
        gather.Begin(mm, fullMm);
        await cpu.At(GatherBegin, mm.Word);
        mm.Tlb.FlushPending++;
        return gather;
    }

    /// <summary>unmap_page_range: zaps [start, end) of one VMA, table by table.</summary>
    public virtual async Flow ZapRange(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        while (start < end)
        {
            int next = Math.Min(end, vma.Mm.Table(start).End);
            if (!K.HasHugePmds || await HasTable(cpu, gather, vma, start, next))
            {
                await ZapTable(cpu, gather, vma.Mm, start, next);
            }

            start = next;
        }
    }

    /// <summary>zap_pmd_range for one PMD entry: false when nothing is left to do below it.</summary>
    protected virtual async Flow<bool> HasTable(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        PageTable table = vma.Mm.Table(start);
        do
        {
            await cpu.At(ReadPmd, table.PmdWord);
            if (table.Pmd.IsLeaf)
            {
                if (end - start < 1 << K.PmdOrder)
                {
                    await R.HugeSplit.Split(cpu, vma, start, freeze: false);
                }
                else if (await R.Huge.Zap(cpu, gather, vma.Mm, table))
                {
                    return false;
                }
            }

            await cpu.At(TestPmd, table.PmdWord);
        }
        while (table.Pmd.IsLeaf);

        for (int page = start; page < end && !table.IsTable; page++)
        {
            gather.Visit(page, Pte.None);
        }

        return table.IsTable;
    }

    /// <summary>zap_pte_range over [start, end), which one page table covers.</summary>
    protected virtual async Flow ZapTable(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        KernelSpinlock ptl = mm.Ptl(start);
        await ptl.Acquire(cpu, PteLock);
        await FlushBatchedPending(cpu, mm);
        int anon = 0;
        int swap = 0;
        for (int page = start; page < end; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            Pte pte = mm[page];
            gather.Visit(page, pte);
            switch (pte.Kind)
            {
                case PteKind.None:
                    break;
                case PteKind.Zero:
                    await cpu.At(ClearZero, mm.PteWord(page));
                    Clear(mm, page);
                    break;
                case PteKind.Present:
                    int count = await ClearBatch(cpu, gather, mm, page, end);
                    anon -= count;
                    page += count - 1;
                    await ZapPresent(cpu, gather, K.PageOf(pte), count);
                    break;
                case PteKind.Swap:
                    swap--;
                    await R.Slots.FreeSwapAndCache(cpu, pte.Target);
                    await cpu.At(ClearSwap, mm.PteWord(page));
                    Clear(mm, page);
                    break;
                case PteKind.HwPoison:
                    await cpu.At(ClearPoison, mm.PteWord(page));
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

    /// <summary>folio_pte_batch and clear_full_ptes: the page, and those of the same large folio that follow
    /// it.</summary>
    protected virtual async Flow<int> ClearBatch(Cpu cpu, Gather gather, MmStruct mm, int page, int end)
    {
        Pte first = mm[page];
        Folio folio = K.FolioOf(first);
        await cpu.At(ClearPte, mm.PteWord(page));
        Clear(mm, page);
        int count = 1;
        while (folio.IsLarge && page + count < end && mm[page + count].IsPresent
            && mm[page + count].Target == first.Target + count && K.FolioOf(mm[page + count]) == folio)
        {
            gather.Visit(page + count, mm[page + count]);
            await cpu.At(ClearPte, mm.PteWord(page + count));
            Clear(mm, page + count);
            count++;
        }

        return count;
    }

    /// <summary>tlb_finish_mmu: flush, then try to drop swap copies, then drop the references.</summary>
    public virtual async Flow Finish(Cpu cpu, Gather gather)
    {
        await FlushTlb(cpu, gather);
        await AfterFlush(cpu, gather);
        foreach (GatheredPages pages in gather.Pages)
        {
            await R.Slots.FreeSwapCache(cpu, pages.First.Head);
        }

        foreach (GatheredPages pages in gather.Pages)
        {
            await R.Free.Put(cpu, pages.First.Head, Holder.Gather, pages.Count);
        }

        gather.Pages.Clear();
        await cpu.At(GatherEnd, gather.Mm.Word);
        gather.Mm.Tlb.FlushPending--;
        TruthFlushed(gather);
    }

    /// <summary>tlb_flush_mmu_tlbonly from tlb_finish_mmu: another gather of the process may have cleared what this one
    /// found empty, and not have flushed yet; then all is flushed.</summary>
    protected virtual async Flow FlushTlb(Cpu cpu, Gather gather)
    {
        if (await IsNested(cpu, gather.Mm))
        {
            await R.Tlb.FlushMm(cpu, gather.Mm);
        }
        else if (gather.Start < gather.End)
        {
            await (gather.FullMm
                ? R.Tlb.FlushMm(cpu, gather.Mm)
                : R.Tlb.FlushRange(cpu, gather.Mm, gather.Start, gather.End));
        }
    }

    /// <summary>mm_tlb_flush_nested.</summary>
    protected virtual async Flow<bool> IsNested(Cpu cpu, MmStruct mm)
    {
        await cpu.At(GatherNested, mm.Word);
        return mm.Tlb.FlushPending > 1;
    }

    /// <summary>flush_tlb_batched_pending: entries that reclaim has emptied may be cached still.</summary>
    protected virtual Flow FlushBatchedPending(Cpu cpu, MmStruct mm) => R.Tlb.FlushBatchedPending(cpu, mm);

    /// <summary>zap_present_folio_ptes after the entry was cleared: the mapcount goes now, the reference waits for the
    /// flush.</summary>
    protected virtual async Flow ZapPresent(Cpu cpu, Gather gather, Page first, int count)
    {
        await R.Rmap.RemovePtes(cpu, first, count, gather.Mm);
        K.BugOn(first.Head.Mapcount < 0, "BUG: Bad page map", "zap_present_folio_ptes", first.Head);
        gather.Add(first, count);
    }

    /// <summary>Runs between the TLB flush and the freeing of the gathered pages.</summary>
    protected virtual Flow AfterFlush(Cpu cpu, Gather gather) => Flow.Done;

    /// <summary>Ground truth: whatever was gone when the gather came by is in no TLB when it is over.</summary>
    private void TruthFlushed(Gather gather)
    {
        if (gather.Mm.Tlb.TruthEntries == 0)
        {
            return;
        }

        for (int page = gather.TruthStart; page < gather.TruthEnd; page++)
        {
            foreach (Cpu cpu in K.Machine.Cpus)
            {
                Translation cached = K.Tlbs[cpu.Index].Find(gather.Mm, page);
                if (!cached.Pte.IsNone && cached.TruthDiscards < gather.TruthDiscards(page))
                {
                    K.TruthBroken.Add($"tlb: {cpu} still maps {gather.Mm} p{page} to {cached.Pte} after it was zapped");
                }
            }
        }
    }

    private static void Clear(MmStruct mm, int page)
    {
        mm.SetPte(page, Pte.None);
        mm.TruthDiscard(page);
    }
}

/// <summary>struct mmu_gather: pages that were unmapped and wait for the TLB flush.</summary>
public sealed class Gather
{
    private int[] truthDiscards = [];
    private int[] truthEmptied = [];

    /// <summary>The pages; each entry owns the references that its page table entries had.</summary>
    public List<GatheredPages> Pages { get; } = [];

    /// <summary>The process.</summary>
    public MmStruct Mm { get; private set; } = null!;

    /// <summary>fullmm: the whole address space goes.</summary>
    public bool FullMm { get; private set; }

    /// <summary>First page of the range to be flushed.</summary>
    public int Start { get; private set; }

    /// <summary>One past its last page; the range is empty when nothing was cleared.</summary>
    public int End { get; private set; }

    /// <summary>Ground truth: first page that was visited.</summary>
    public int TruthStart { get; private set; }

    /// <summary>Ground truth: one past the last page that was visited.</summary>
    public int TruthEnd { get; private set; }

    /// <summary>tlb_gather_mmu.</summary>
    public void Begin(MmStruct mm, bool fullMm)
    {
        Mm = mm;
        FullMm = fullMm;
        Pages.Clear();
        Array.Clear(truthDiscards);
        TruthStart = int.MaxValue;
        TruthEnd = 0;
        ResetRange();
    }

    /// <summary>__tlb_reset_range.</summary>
    public void ResetRange()
    {
        Start = int.MaxValue;
        End = 0;
    }

    /// <summary>tlb_remove_tlb_entry, for an entry that is there: notes the range.</summary>
    public void Visit(int page, Pte pte)
    {
        if (pte.Kind is PteKind.Present or PteKind.Zero)
        {
            Start = Math.Min(Start, page);
            End = Math.Max(End, page + 1);
        }

        if (truthDiscards.Length <= page)
        {
            Array.Resize(ref truthDiscards, 2 * page + 2);
        }

        TruthStart = Math.Min(TruthStart, page);
        TruthEnd = Math.Max(TruthEnd, page + 1);
        truthDiscards[page] = Mm.TruthDiscards[page] + (pte.IsNone ? 0 : 1);
    }

    /// <summary>tlb_remove_tlb_entries for an entry that stays, with fewer rights: notes the range.</summary>
    public void Note(int page)
    {
        Start = Math.Min(Start, page);
        End = Math.Max(End, page + 1);
    }

    /// <summary>Ground truth: what is in these pages now must be gone when they have been zapped.</summary>
    public void TruthMark(int start, int end)
    {
        if (truthEmptied.Length < end)
        {
            Array.Resize(ref truthEmptied, 2 * end);
        }

        for (int page = start; page < end; page++)
        {
            truthEmptied[page] = Mm.IsEmpty(page) ? -1 : Mm.TruthEmptied[page];
        }
    }

    /// <summary>Ground truth: whether the page was empty at some moment since <see cref="TruthMark"/>.</summary>
    public bool TruthWasEmptied(int page) => truthEmptied[page] < Mm.TruthEmptied[page];

    /// <summary>Ground truth: how often the page had been dropped when the gather had visited it.</summary>
    public int TruthDiscards(int page) => truthDiscards[page];

    /// <summary>__tlb_remove_folio_pages: the entries' references become the gather's.</summary>
    public void Add(Page first, int count)
    {
        first.Head.HandOver(Holder.Mapping, Holder.Gather, count);
        Pages.Add(new GatheredPages(first, count));
    }
}

/// <summary>Pages of one folio that were zapped together, and as many references; what a PMD entry mapped counts
/// once.</summary>
public readonly record struct GatheredPages(Page First, int Count);
