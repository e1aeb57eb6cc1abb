using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Reclaim (mm/vmscan.c, mm/madvise.c, mm/page_io.c, v6.18, classic LRU).</summary>
/// <remarks>
/// Pages of all kinds are on the same two lists. Left out: priorities and batching by node, memcg, rotation of written
/// folios to the tail (PG_reclaim), zero-filled pages. A device that is not synchronous completes the writes of one
/// call at its end, after the folios were put back.
/// </remarks>
public class Reclaim : Routine
{
    protected static readonly Point PageoutMmap = Points.Define("PageoutMmapLock", "madvise_pageout", Access.Acquire);
    protected static readonly Point PageoutPtl =
        Points.Define("PageoutPtl", "madvise_cold_or_pageout_pte_range", Access.Acquire);
    protected static readonly Point PageoutRead =
        Points.Define("PageoutReadPte", "madvise_cold_or_pageout_pte_range", Access.Read);
    protected static readonly Point PageoutTest =
        Points.Define("PageoutTest", "madvise_cold_or_pageout_pte_range", Access.Read);
    protected static readonly Point ClearReferenced =
        Points.Define("PageoutClearReferenced", "folio_clear_referenced", Access.Rmw);
    protected static readonly Point ClearActive = Points.Define("PageoutClearActive", "reclaim_pages", Access.Rmw);
    protected static readonly Point ScanLock = Points.Define("ReclaimLruLock", "isolate_lru_folios", Access.Acquire);
    protected static readonly Point ScanGet = Points.Define("ReclaimTryGet", "isolate_lru_folios", Access.Rmw);
    protected static readonly Point ScanTest = Points.Define("ReclaimTestClearLru", "isolate_lru_folios", Access.Rmw);
    protected static readonly Point ScanPut = Points.Define("ReclaimPutLost", "isolate_lru_folios", Access.Rmw);
    protected static readonly Point AgeActive = Points.Define("AgeClearActive", "shrink_active_list", Access.Rmw);

    private readonly FolioList?[] taken = new FolioList?[Kernel.CpusMax];

    /// <summary>MADV_PAGEOUT of the mapped pages of [start, end): only folios that nobody else maps. A large folio goes
    /// as a whole if all of it is mapped there; otherwise it is split.</summary>
    public virtual async Flow<bool> Pageout(Cpu cpu, MmStruct mm, int start, int end)
    {
        bool isolated = false;
        await mm.MmapLock.AcquireRead(cpu, PageoutMmap);
        while (start < end && mm.FirstVma(start, end) is { IsLocked: false } vma)
        {
            int to = Math.Min(end, vma.End);
            for (int from = Math.Max(start, vma.Start); from < to; from = vma.Mm.Table(from).End)
            {
                isolated |= await PageoutTable(cpu, vma.Mm, from, Math.Min(to, vma.Mm.Table(from).End));
            }

            start = to;
        }

        mm.MmapLock.ReleaseRead(cpu);
        await R.Shrink.CompleteWrites(cpu);
        return isolated;
    }

    /// <summary>shrink_inactive_list: takes up to <paramref name="count"/> folios from the tail and reclaims them;
    /// of anonymous memory first, then of the file list.</summary>
    /// <returns>How many were taken.</returns>
    public virtual async Flow<int> ShrinkInactive(Cpu cpu, int count, bool ignoreReferences)
    {
        await R.Lru.Drain(cpu);
        int took = await ShrinkInactiveList(cpu, K.Lruvec.Inactive, count, ignoreReferences);
        if (K.Lruvec.InactiveFile.Count > 0)
        {
            took += await ShrinkInactiveList(cpu, K.Lruvec.InactiveFile, count, ignoreReferences);
        }

        return took;
    }

    /// <summary>shrink_active_list: folios from the active list's tail go to the inactive list, without their folio
    /// lock.</summary>
    public virtual async Flow<int> ShrinkActive(Cpu cpu, int count)
    {
        await R.Lru.Drain(cpu);
        int took = await ShrinkActiveList(cpu, K.Lruvec.Active, count);
        if (K.Lruvec.ActiveFile.Count > 0)
        {
            took += await ShrinkActiveList(cpu, K.Lruvec.ActiveFile, count);
        }

        return took;
    }

    /// <summary>One list of shrink_inactive_list.</summary>
    protected virtual async Flow<int> ShrinkInactiveList(Cpu cpu, FolioList from, int count, bool ignoreReferences)
    {
        FolioList list = ListOf(cpu);
        await Isolate(cpu, from, count, list);
        int took = list.Count;
        if (took > 0)
        {
            await R.Shrink.FolioListOf(cpu, list, ignoreReferences);
            await R.Lru.MoveToLru(cpu, list);
            await R.Shrink.CompleteWrites(cpu);
        }

        return took;
    }

    /// <summary>One list of shrink_active_list.</summary>
    protected virtual async Flow<int> ShrinkActiveList(Cpu cpu, FolioList from, int count)
    {
        FolioList list = ListOf(cpu);
        await Isolate(cpu, from, count, list);
        int took = list.Count;
        for (Folio? folio = list.Last, next; folio is not null; folio = next)
        {
            next = folio.Previous;
            if (folio.Has(PageFlag.Mlocked))
            {
                FolioList.Remove(K, folio);
                await R.Lru.Putback(cpu, folio);
                continue;
            }

            await R.Unmap.Referenced(cpu, folio, isLocked: false);
            await cpu.At(AgeActive, folio.FlagsWord);
            folio.Clear(PageFlag.Active);
        }

        if (took > 0)
        {
            await R.Lru.MoveToLru(cpu, list);
        }

        return took;
    }

    /// <summary>madvise_cold_or_pageout_pte_range over [start, end), which one PMD entry covers.</summary>
    protected virtual async Flow<bool> PageoutTable(Cpu cpu, MmStruct mm, int start, int end)
    {
        FolioList list = ListOf(cpu);
        await R.Lru.Drain(cpu);
        if (!K.HasHugePmds || await R.LargePageout.FindTable(cpu, mm, start, end, list))
        {
            await mm.Ptl(start).Acquire(cpu, PageoutPtl);
            for (int page = start; page < end && mm.Table(start).IsTable; page++)
            {
                await cpu.At(PageoutRead, mm.PteWord(page));
                Pte pte = mm[page];
                if (!pte.IsPresent)
                {
                    continue;
                }

                Folio folio = K.FolioOf(pte);
                if (folio.IsLarge)
                {
                    // The whole batch is done with, or there are small folios in its place now.
                    page += await R.LargePageout.Take(cpu, mm, page, end, list) - 1;
                }
                else
                {
                    await IsolateForPageout(cpu, folio, list);
                }
            }

            mm.Ptl(start).Release(cpu);
        }

        bool isolated = list.Count > 0;
        await ReclaimPages(cpu, list);
        return isolated;
    }

    /// <summary>reclaim_pages.</summary>
    protected virtual async Flow ReclaimPages(Cpu cpu, FolioList list)
    {
        if (list.First is null)
        {
            return;
        }

        for (Folio? folio = list.Last; folio is not null; folio = folio.Previous)
        {
            await cpu.At(ClearActive, folio.FlagsWord);
            folio.Clear(PageFlag.Active);
        }

        await R.Shrink.FolioListOf(cpu, list, ignoreReferences: true);
        while (list.Last is { } kept)
        {
            FolioList.Remove(K, kept);
            await R.Lru.Putback(cpu, kept);
        }
    }

    /// <summary>The end of one turn of madvise_cold_or_pageout_pte_range: a folio of which as many pages are mapped as
    /// it has.</summary>
    public virtual async Flow<bool> IsolateForPageout(Cpu cpu, Folio folio, FolioList list)
    {
        await cpu.At(PageoutTest, folio.MappedWord);
        if (!folio.Has(PageFlag.Lru) || folio.Mapcount != folio.PageCount)
        {
            return false;
        }

        await Isolate(cpu, folio, list);
        return true;
    }

    /// <summary>Makes a folio old and takes it off the LRU, if it still is there.</summary>
    public virtual async Flow Isolate(Cpu cpu, Folio folio, FolioList list)
    {
        await cpu.At(ClearReferenced, folio.FlagsWord);
        folio.Clear(PageFlag.Referenced);
        if (!await R.Lru.Isolate(cpu, folio))
        {
            return;
        }

        if (folio.Has(PageFlag.Unevictable))
        {
            await R.Lru.Putback(cpu, folio);
        }
        else
        {
            // What was met first is reclaimed first: all go on from the tail.
            list.AddHead(folio);
        }
    }

    /// <summary>isolate_lru_folios: tail first, under the lruvec lock; whoever cannot be taken is rotated to the
    /// head.</summary>
    protected virtual async Flow Isolate(Cpu cpu, FolioList from, int count, FolioList to)
    {
        await K.Lruvec.Lock.Acquire(cpu, ScanLock);
        int scan = Math.Min(count, from.Count);
        for (int i = 0; i < scan && from.Last is { } folio; i++)
        {
            bool lru = folio.Has(PageFlag.Lru);
            if (lru)
            {
                await cpu.At(ScanGet, folio.RefcountWord);
                lru = folio.TryGet(Holder.Isolation);
            }

            if (lru)
            {
                await cpu.At(ScanTest, folio.FlagsWord);
                lru = folio.TestAndClear(PageFlag.Lru);
                if (!lru)
                {
                    await cpu.At(ScanPut, folio.RefcountWord);
                    folio.PutTestZero(Holder.Isolation);
                }
            }

            FolioList.Remove(K, folio);
            if (lru)
            {
                to.AddHead(folio);
            }
            else
            {
                from.AddHead(folio);
            }
        }

        K.Lruvec.Lock.Release(cpu);
    }

    private FolioList ListOf(Cpu cpu)
    {
        FolioList list = taken[cpu.Index] ??= new FolioList(K, $"isolated by cpu{cpu.Index}", isLru: false);
        list.Reset();
        return list;
    }
}
