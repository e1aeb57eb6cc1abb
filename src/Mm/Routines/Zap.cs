using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>zap_pte_range, and the gather that frees what it took (mm/memory.c,
/// mm/mmu_gather.c, v6.18).</summary>
/// <remarks>
/// Left out: markers, folio_mark_accessed, rescheduling inside a range, further batches of the gather (there is never
/// memory for one).
/// </remarks>
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

    private readonly Gather[] gathers = new Gather[Kernel.CpusMax];

    /// <summary>tlb_gather_mmu: this lane's gather, empty; other gathers of the process can see that there is
    /// one.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="mm">The process.</param>
    /// <param name="details">What it is for.</param>
    /// <param name="fullMm">Whether the whole address space goes.</param>
    public virtual async Flow<Gather> Begin(Cpu cpu, MmStruct mm, ZapDetails details, bool fullMm = false)
    {
        Gather gather = gathers[cpu.Index] ??= new Gather();
        gather.Begin(mm, details, fullMm);
        await cpu.At(GatherBegin, mm.Word);
        mm.Tlb.FlushPending++;
        return gather;
    }

    /// <summary>unmap_page_range: zaps [start, end) of one VMA, table by table.</summary>
    public virtual async Flow ZapRange(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        gather.Vma = vma;
        while (start < end)
        {
            int next = Math.Min(end, vma.Mm.Table(start).End);
            start = !K.HasHugePmds || await HasTable(cpu, gather, vma, start, next)
                ? await ZapTable(cpu, gather, vma.Mm, start, next) : next;
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
                else if (await R.Huge.Zap(cpu, gather, vma, table))
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

    /// <summary>zap_pte_range over [start, end), which one page table covers: it comes back for the rest when the
    /// gather is full. A table that it has emptied goes.</summary>
    /// <returns>The first page that is left: another zap has freed the table.</returns>
    protected virtual async Flow<int> ZapTable(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        gather.Reclaims = R.TableReclaim.IsFor(gather, start, end) ? mm.Table(start) : null;
        while (start < end)
        {
            int left = await ZapUntilFull(cpu, gather, mm, start, end);
            if (left == start)
            {
                return start;
            }

            start = left;
        }

        if (gather.Reclaims is { } emptied)
        {
            await R.TableReclaim.TryFree(cpu, emptied, mm);
        }

        return end;
    }

    /// <summary>One turn of zap_pte_range.</summary>
    /// <returns>The first page that is left; where it began, if there is no page table any more.</returns>
    protected virtual async Flow<int> ZapUntilFull(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        KernelSpinlock ptl = mm.Ptl(start);
        await ptl.Acquire(cpu, PteLock);
        if (mm.Table(start).IsTable)
        {
            return await ZapLocked(cpu, gather, mm, ptl, start, end);
        }

        // pte_offset_map_lock: freed since zap_pmd_range looked, and perhaps a huge page is there now.
        ptl.Release(cpu);
        return start;
    }

    /// <summary>The part of zap_pte_range with the page table locked, which it unlocks.</summary>
    protected virtual async Flow<int> ZapLocked(
        Cpu cpu, Gather gather, MmStruct mm, KernelSpinlock ptl, int start, int end)
    {
        bool whole = start == gather.Reclaims?.Start;
        await FlushBatchedPending(cpu, mm);
        RssChange change = default;
        bool flush = false;
        for (int page = start; page < end && !gather.IsFull; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            Pte pte = mm[page];
            start = page + 1;
            if (!R.ShouldZap.Entry(gather.Details, pte))
            {
                continue;
            }

            gather.Visit(page, pte);
            if (pte.IsPresent)
            {
                (pte, int count) = await ClearBatch(cpu, gather, mm, page, end);
                change.Add(K.FolioOf(pte), -count);
                page += count - 1;
                flush |= await ZapMapped(cpu, gather, pte, count) | gather.IsFull;
            }
            else if (!pte.IsNone)
            {
                int count = pte.IsSwap ? R.Slots.CountBatch(mm, page, end) : 1;
                change.Forget(K, pte, count);
                await ZapUnmapped(cpu, gather, page, pte, count);
                page += count - 1;
            }

            start = page + 1;
        }

        if (whole && start == end && !gather.IsFull && await R.TableReclaim.TryClear(cpu, gather.Reclaims!, mm))
        {
            gather.Reclaims = null;
        }

        await cpu.At(AddCounters, mm.Word);
        mm.AddRss(change.Anon, change.Swap, change.File, change.Shmem);
        if (flush)
        {
            await FlushDelayed(cpu, gather);
        }

        ptl.Release(cpu);
        if (flush)
        {
            await FreeBatch(cpu, gather);
        }

        return start;
    }

    /// <summary>tlb_flush_mmu, outside of locks.</summary>
    public virtual async Flow FlushMmu(Cpu cpu, Gather gather)
    {
        await FlushDelayed(cpu, gather);
        await FreeBatch(cpu, gather);
    }

    /// <summary>zap_nonpresent_ptes, and of zap_present_ptes what is about the zero page: some swap entries that follow
    /// each other, or one of another kind.</summary>
    protected virtual async Flow ZapUnmapped(Cpu cpu, Gather gather, int start, Pte pte, int count)
    {
        Point point = ClearMigration;
        switch (pte.Kind)
        {
            case PteKind.Zero:
                point = ClearZero;
                break;
            case PteKind.Swap:
                await R.Slots.FreeSwapAndCache(cpu, pte.Target, count);
                point = ClearSwap;
                break;
            case PteKind.HwPoison:
                point = ClearPoison;
                break;
        }

        for (int page = start; page < start + count; page++)
        {
            gather.Visit(page, gather.Mm[page]);
            await cpu.At(point, gather.Mm.PteWord(page));
            Clear(gather.Mm, page, gather.Details);
        }
    }

    /// <summary>folio_pte_batch and clear_full_ptes: the page, and those of its folio that follow it.</summary>
    /// <returns>The first entry as it was when it was cleared, and the number.</returns>
    protected virtual async Flow<(Pte First, int Count)> ClearBatch(
        Cpu cpu, Gather gather, MmStruct mm, int page, int end)
    {
        await cpu.At(ClearPte, mm.PteWord(page));
        Pte first = mm[page];
        Folio folio = K.FolioOf(first);
        Clear(mm, page, gather.Details);
        int count = 1;
        while (folio.IsLarge && page + count < end && mm[page + count].IsPresent
            && mm[page + count].Target == first.Target + count && K.FolioOf(mm[page + count]) == folio)
        {
            gather.Visit(page + count, mm[page + count]);
            await cpu.At(ClearPte, mm.PteWord(page + count));
            Clear(mm, page + count, gather.Details);
            count++;
        }

        return (first, count);
    }

    /// <summary>tlb_finish_mmu: flush, then try to drop swap copies, then drop the references.</summary>
    public virtual async Flow Finish(Cpu cpu, Gather gather)
    {
        await FlushTlb(cpu, gather);
        await AfterFlush(cpu, gather);
        await FreeBatch(cpu, gather);
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

    /// <summary>tlb_batch_pages_flush: tries to drop swap copies, then drops the references.</summary>
    protected virtual async Flow FreeBatch(Cpu cpu, Gather gather)
    {
        foreach (GatheredPages pages in gather.Pages)
        {
            await R.Slots.FreeSwapCache(cpu, pages.First.Head);
        }

        foreach (GatheredPages pages in gather.Pages)
        {
            await R.Free.Put(cpu, pages.First.Head, Holder.Gather, pages.Count);
        }

        gather.Clear();
    }

    /// <summary>flush_tlb_batched_pending: entries that reclaim has emptied may be cached still.</summary>
    protected virtual Flow FlushBatchedPending(Cpu cpu, MmStruct mm) => R.Tlb.FlushBatchedPending(cpu, mm);

    /// <summary>zap_present_folio_ptes after the entry was cleared.</summary>
    /// <returns>Whether the flush must be made before the ptl is given back.</returns>
    protected virtual async Flow<bool> ZapMapped(Cpu cpu, Gather gather, Pte pte, int count)
    {
        Folio folio = K.FolioOf(pte);
        if (!folio.Anon && pte.Dirty)
        {
            return await ZapDirty(cpu, gather, folio);
        }

        await ZapPresent(cpu, gather, K.PageOf(pte), count);
        return false;
    }

    /// <summary>The part of it about one mapping: the mapcount goes now, the reference waits for the
    /// flush.</summary>
    protected virtual async Flow ZapPresent(Cpu cpu, Gather gather, Page first, int count)
    {
        await R.Rmap.ZapPtes(cpu, first, count, gather.Vma);
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

    /// <summary>zap_present_folio_ptes for a file's page that its entry knew to be dirty: PG_dirty is set with the ptl
    /// held and the folio unlocked, and the mapcount stays until the flush, so that writeback knows of stores that may
    /// still come.</summary>
    /// <returns>Whether the flush must be made before the ptl is given back.</returns>
    protected virtual async Flow<bool> ZapDirty(Cpu cpu, Gather gather, Folio folio)
    {
        await R.Writeback.MarkDirty(cpu, folio);
        gather.Add(folio, 1, delayed: true);
        return true;
    }

    /// <summary>tlb_flush_mmu_tlbonly and tlb_flush_rmaps, with the ptl held.</summary>
    protected virtual async Flow FlushDelayed(Cpu cpu, Gather gather)
    {
        if (gather.Start < gather.End)
        {
            await R.Tlb.FlushRange(cpu, gather.Mm, gather.Start, gather.End);
            gather.ResetRange();
        }

        for (int i = 0; i < gather.Pages.Count; i++)
        {
            GatheredPages pages = gather.Pages[i];
            if (pages.Delayed)
            {
                gather.Pages[i] = pages with { Delayed = false };
                await R.Rmap.ZapPtes(cpu, pages.First, pages.Count, gather.Vma);
            }
        }
    }

    private void Clear(MmStruct mm, int page, ZapDetails details)
    {
        // A poison entry stands for a copy, too: its loss would make a load succeed.
        bool copy = mm.TruthOwned[page] || mm[page].Kind == PteKind.HwPoison;
        mm.SetPte(page, Pte.None);
        if (details.TruthTakesCopies || !copy)
        {
            mm.TruthDiscard(page);
        }
        else
        {
            K.TruthBroken.Add($"cow: {mm} p{page} was the process' own copy, and went with the pages of the file");
        }
    }
}
