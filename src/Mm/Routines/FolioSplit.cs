using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Splitting a large anonymous folio into its pages (mm/huge_memory.c: split_huge_page_to_list_to_order,
/// __folio_split; v6.18).</summary>
/// <remarks>
/// Uniform, to order 0, with the lock staying on the first page. The folio is unmapped by migration entries, its
/// references are frozen while its pages become folios, and it is mapped again whether that worked or not. Left out:
/// other orders, files, hwpoison, statistics.
/// </remarks>
public class FolioSplit : Routine
{
    protected static readonly Point TestWriteback = Points.Define("SplitTestWriteback", "__folio_split", Access.Read);
    protected static readonly Point RootLock = Points.Define("SplitAnonVmaLock", "__folio_split", Access.Acquire);
    protected static readonly Point TestCache = Points.Define("SplitTestSwapcache", "can_split_folio", Access.Read);
    protected static readonly Point ClusterLock =
        Points.Define("SplitClusterLock", "__folio_split", Access.Acquire);
    protected static readonly Point CountRefs = Points.Define("SplitCountRefs", "can_split_folio", Access.Read);
    protected static readonly Point CountMappings =
        Points.Define("SplitCountMappings", "can_split_folio", Access.Read);
    protected static readonly Point QueueLock = Points.Define("SplitQueueLock", "__folio_split", Access.Acquire);
    protected static readonly Point Freeze = Points.Define("SplitFreeze", "__folio_split", Access.Rmw);
    protected static readonly Point LruLock = Points.Define("SplitLruLock", "__folio_split", Access.Acquire);
    protected static readonly Point CheckTail =
        Points.Define("SplitCheckTail", "__split_folio_to_order", Access.Read);
    protected static readonly Point MakeFolio =
        Points.Define("SplitMakeFolio", "__split_folio_to_order", Access.Write);
    protected static readonly Point ClearHead =
        Points.Define("SplitClearHead", "__split_folio_to_order", Access.Write);
    protected static readonly Point Unfreeze = Points.Define("SplitUnfreeze", "__folio_split", Access.Rmw);
    protected static readonly Point SetLru = Points.Define("SplitSetLru", "lru_add_split_folio", Access.Rmw);
    protected static readonly Point DebugMmap =
        Points.Define("SplitPagesMmapLock", "split_huge_pages_pid", Access.Acquire);
    protected static readonly Point DebugWalk = Points.Define("SplitPagesPtl", "folio_walk_start", Access.Acquire);
    protected static readonly Point DebugGet = Points.Define("SplitPagesGet", "split_huge_pages_pid", Access.Rmw);

    private const string Function = "__folio_split";

    /// <summary>split_folio_to_list: splits a locked folio of which the caller holds a reference. The reference and the
    /// lock stay with the first page.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio.</param>
    /// <param name="list">Where the other pages go, with a reference each; null for the LRU.</param>
    /// <returns>Whether it was split.</returns>
    public virtual async Flow<bool> SplitFolio(Cpu cpu, Folio folio, FolioList? list)
    {
        DeferredSplitQueue queue = K.QueueOf(folio);
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_WARN_ON_ONCE_FOLIO(!folio_test_locked(folio))", Function, folio);
        K.BugOn(!folio.IsLarge, "VM_WARN_ON_ONCE_FOLIO(!folio_test_large(folio))", Function, folio);
        await cpu.At(TestWriteback, folio.FlagsWord);
        if (!folio.IsLarge || folio.Has(PageFlag.Writeback)
            || await R.RmapWalk.GetAnonVma(cpu, folio) is not { } anonVma)
        {
            return false;
        }

        await anonVma.Root.Rwsem.AcquireWrite(cpu, RootLock);
        bool split = await CanSplit(cpu, folio, pins: 1) && await SplitLocked(cpu, folio, queue, list);
        anonVma.Root.Rwsem.ReleaseWrite(cpu);
        await R.AnonVmas.Put(cpu, anonVma);
        return split;
    }

    /// <summary>split_huge_pages of debugfs, for one address of a process.</summary>
    /// <returns>Whether there is a large folio that nobody else is at, split or not.</returns>
    public virtual async Flow<bool> SplitPage(Cpu cpu, MmStruct mm, int page)
    {
        await mm.MmapLock.AcquireRead(cpu, DebugMmap);
        Folio? folio = mm.FindVma(page) is null ? null : await FindLarge(cpu, mm, page);
        if (folio is not null)
        {
            await SplitFolio(cpu, folio, null);
            await R.Locking.Unlock(cpu, folio);
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }

        mm.MmapLock.ReleaseRead(cpu);
        return folio is not null;
    }

    /// <summary>can_split_folio: a racy look at whether anybody else has a reference.</summary>
    public virtual async Flow<bool> CanSplit(Cpu cpu, Folio folio, int pins)
    {
        await cpu.At(TestCache, folio.FlagsWord);
        pins += InCache(folio);
        await cpu.At(CountMappings, folio.MappedWord);
        int mappings = folio.Mapcount;
        await cpu.At(CountRefs, folio.RefcountWord);
        return mappings == folio.Refcount - pins;
    }

    /// <summary>The part with the anon_vma's root locked for writing.</summary>
    protected virtual async Flow<bool> SplitLocked(Cpu cpu, Folio folio, DeferredSplitQueue queue, FolioList? list)
    {
        int pages = folio.PageCount;
        await R.Migrate.UnmapForSplit(cpu, folio);
        bool split = await SplitUnmapped(cpu, folio, queue, list);
        for (int number = 0; number < (split ? pages : 1); number++)
        {
            Folio part = K.Folios[folio.Pfn + number];
            await R.LargeMigration.RemoveMigrationPtes(cpu, part, part, locked: true, zeroPage: split);
        }

        // A page that nobody maps is freed here, by the last reference to it.
        for (int number = 1; split && number < pages; number++)
        {
            Folio other = K.Folios[folio.Pfn + number];
            await R.Locking.Unlock(cpu, other);
            await R.Slots.FreeSwapCache(cpu, other);
            await R.Free.Put(cpu, other, Holder.Allocation);
        }

        return split;
    }

    /// <summary>Freezes the references, takes the folio off the deferred split queue, and makes its pages
    /// folios.</summary>
    /// <returns>False: somebody else has a reference.</returns>
    protected virtual async Flow<bool> SplitUnmapped(Cpu cpu, Folio folio, DeferredSplitQueue queue, FolioList? list)
    {
        // The lock keeps the scanner from taking a reference.
        queue = await R.DeferredSplit.LockQueue(cpu, queue, QueueLock);
        await cpu.At(Freeze, folio.RefcountWord);
        int cached = InCache(folio);
        if (!folio.Freeze(1 + cached))
        {
            queue.Lock.Release(cpu);
            return false;
        }

        await R.DeferredScan.LeaveForSplit(cpu, folio, queue);
        queue.Lock.Release(cpu);
        if (cached != 0)
        {
            await K.Swap.ClusterLock.Acquire(cpu, ClusterLock);
        }

        await K.Lruvec.Lock.Acquire(cpu, LruLock);
        int pages = folio.PageCount;
        await MakeFolios(cpu, folio);
        for (int number = 1; number < pages; number++)
        {
            await ReleaseTail(cpu, folio, K.Folios[folio.Pfn + number], list);
        }

        // The first page last: the swap cache and the LRU know the folio by it.
        await cpu.At(Unfreeze, folio.RefcountWord);
        folio.Unfreeze(1 + InCache(folio));
        K.Lruvec.Lock.Release(cpu);
        if (cached != 0)
        {
            K.Swap.ClusterLock.Release(cpu);
        }

        return true;
    }

    /// <summary>__split_folio_to_order: every tail page becomes a folio with refcount 0, the first page one of order
    /// 0.</summary>
    protected virtual async Flow MakeFolios(Cpu cpu, Folio folio)
    {
        int pages = folio.PageCount;
        for (int number = 1; number < pages; number++)
        {
            Page tail = folio.PageAt(number);
            await cpu.At(CheckTail, tail.MapcountWord);
            K.BugOn(
                tail.MapcountField != -1, "VM_BUG_ON_PAGE(atomic_read(&new_folio->_mapcount) != -1)",
                "__split_folio_to_order", tail);
            await cpu.At(MakeFolio, tail.FlagsWord);
            folio.SplitOff(number, cpu);
        }

        await cpu.At(ClearHead, folio.FlagsWord);
        folio.ForgetHolder(Holder.SwapCache, InCache(folio) == 0 ? 0 : pages - 1);
        folio.BecomeSmall();
    }

    /// <summary>One page that is a folio of its own now gets its references, its place on a list and in the swap
    /// cache.</summary>
    protected virtual async Flow ReleaseTail(Cpu cpu, Folio head, Folio tail, FolioList? list)
    {
        await cpu.At(Unfreeze, tail.RefcountWord);
        tail.RememberHolder(Holder.Allocation);
        tail.RememberHolder(Holder.SwapCache, InCache(tail));
        tail.Unfreeze(1 + InCache(tail));
        await AddSplit(cpu, head, tail, list);
        if (InCache(tail) != 0)
        {
            // Until then, whoever looks the slot up waits for the first page to be unfrozen.
            await R.SwapCache.Replace(cpu, head, tail);
        }
    }

    /// <summary>lru_add_split_folio.</summary>
    protected virtual async Flow AddSplit(Cpu cpu, Folio head, Folio tail, FolioList? list)
    {
        K.BugOn(tail.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(new_folio))", "lru_add_split_folio", tail);
        if (list is not null)
        {
            K.BugOn(head.Has(PageFlag.Lru), "VM_WARN_ON(folio_test_lru(folio))", "lru_add_split_folio", head);
            await cpu.At(SetLru, tail.RefcountWord);
            tail.Get(Holder.Isolation);
            list.AddTail(tail);
            return;
        }

        K.BugOn(!head.Has(PageFlag.Lru), "VM_WARN_ON(!folio_test_lru(folio))", "lru_add_split_folio", head);
        if (tail.Has(PageFlag.Unevictable))
        {
            tail.SetMlockCount(0);
        }
        else
        {
            FolioList.AddBefore(tail, head);
        }

        await cpu.At(SetLru, tail.FlagsWord);
        tail.Set(PageFlag.Lru);
    }

    /// <summary>folio_walk_start, the folio lock and a reference before its end: the large folio that is mapped there,
    /// or null when it cannot be had.</summary>
    protected virtual async Flow<Folio?> FindLarge(Cpu cpu, MmStruct mm, int page)
    {
        bool huge = mm.Table(page).Pmd.IsLeaf;
        KernelSpinlock walkLock = huge ? mm.PmdLock : mm.Ptl(page);
        await walkLock.Acquire(cpu, DebugWalk);
        Pte pte = mm.Entry(page);
        Folio? folio = pte.IsPresent && huge == mm.Table(page).Pmd.IsLeaf ? K.FolioOf(pte) : null;
        if (folio is { IsLarge: true } && await CanSplit(cpu, folio, pins: 0) && await R.Locking.TryLock(cpu, folio))
        {
            await cpu.At(DebugGet, folio.RefcountWord);
            folio.Get(Holder.Lookup);
        }
        else
        {
            folio = null;
        }

        walkLock.Release(cpu);
        return folio;
    }

    /// <summary>The references that the swap cache has.</summary>
    private static int InCache(Folio folio) => folio.Has(PageFlag.Swapcache) ? folio.PageCount : 0;
}
