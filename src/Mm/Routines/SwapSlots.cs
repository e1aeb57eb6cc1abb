using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Swap slots: allocation, counts, HAS_CACHE, and when the cached copy may go (mm/swapfile.c,
/// v6.18).</summary>
/// <remarks>
/// Left out: count continuations (counts stay below 63), clusters (see <see cref="SwapDevice"/>), zeromap and zswap.
/// What a worker does when the last slot is taken (swap_reclaim_work), the lane that took it does at once, so that it
/// is never found halfway by its own lane. The scan for a free slot, too, may reclaim what only the cache has
/// (cluster_reclaim_range): with the same routine, from the same state of its caller, and so left out.
/// </remarks>
public class SwapSlots : Routine
{
    protected static readonly Point AllocLock = Points.Define("SlotAllocLock", "folio_alloc_swap", Access.Acquire);
    protected static readonly Point FullLock =
        Points.Define("SlotFullLock", "swap_reclaim_full_clusters", Access.Acquire);
    protected static readonly Point DupLock = Points.Define("SlotDuplicateLock", "swap_duplicate", Access.Acquire);
    protected static readonly Point FreeLock = Points.Define("SlotFreeLock", "swap_free_nr", Access.Acquire);
    protected static readonly Point PrepareLock = Points.Define("SlotPrepareLock", "swapcache_prepare", Access.Acquire);
    protected static readonly Point ClearLock = Points.Define("SlotClearLock", "swapcache_clear", Access.Acquire);
    protected static readonly Point PutLock = Points.Define("SlotPutFolioLock", "put_swap_folio", Access.Acquire);
    protected static readonly Point SwappedLock = Points.Define("SlotSwappedLock", "folio_swapped", Access.Acquire);
    protected static readonly Point TestCache = Points.Define("FreeSwapTestCache", "folio_free_swap", Access.Read);
    protected static readonly Point ZapLock = Points.Define("SlotZapLock", "free_swap_and_cache_nr", Access.Acquire);
    protected static readonly Point ZapReread = Points.Define("SlotZapReread", "free_swap_and_cache_nr", Access.Read);
    protected static readonly Point ReclaimMapped =
        Points.Define("SlotReclaimMapped", "__try_to_reclaim_swap", Access.Read);
    protected static readonly Point ReclaimLock =
        Points.Define("SlotReclaimLock", "__try_to_reclaim_swap", Access.Acquire);
    protected static readonly Point DirtyFreed = Points.Define("FreeSwapSetDirty", "folio_free_swap", Access.Rmw);
    protected static readonly Point GetDevice = Points.Define("SwapDeviceGet", "get_swap_device", Access.Rmw);
    protected static readonly Point PutDevice = Points.Define("SwapDevicePut", "put_swap_device", Access.Rmw);
    protected static readonly Point FreeCacheTest = Points.Define("FreeSwapCacheTest", "free_swap_cache", Access.Read);

    protected SwapDevice Swap => K.Swap;

    /// <summary>get_swap_device: false when the device is going.</summary>
    public virtual async Flow<bool> TryGetDevice(Cpu cpu)
    {
        await cpu.At(GetDevice, Swap.Word);
        if (!Swap.Live)
        {
            return false;
        }

        Swap.Users++;
        return true;
    }

    /// <summary>put_swap_device.</summary>
    public virtual async Flow ReleaseDevice(Cpu cpu)
    {
        await cpu.At(PutDevice, Swap.Word);
        Swap.Users--;
    }

    /// <summary>folio_alloc_swap: a slot for each page of a locked folio, in a row; it also enters the swap cache.
    /// False when there are none.</summary>
    public virtual async Flow<bool> Allocate(Cpu cpu, Folio folio)
    {
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "folio_alloc_swap", folio);
        K.BugOn(
            !folio.Has(PageFlag.Uptodate), "VM_BUG_ON_FOLIO(!folio_test_uptodate(folio))", "folio_alloc_swap", folio);
        await Swap.ClusterLock.Acquire(cpu, AllocLock);
        int slot = Swap.Writable ? Swap.Allocate(folio.PageCount) : -1;
        if (slot >= 0 && Swap.InUse() == Swap.Slots && ReclaimsFull(folio.PageCount))
        {
            await ReclaimFull(cpu);
        }

        Swap.ClusterLock.Release(cpu);
        if (slot < 0)
        {
            return false;
        }

        await R.Memcg.ChargeSlots(cpu, folio, slot);
        await R.SwapCache.Add(cpu, folio, slot);
        return true;
    }

    /// <summary>swap_duplicate: one owner more. An unused slot is an error that the caller takes for success.</summary>
    public virtual async Flow Duplicate(Cpu cpu, int slot)
    {
        await Swap.ClusterLock.Acquire(cpu, DupLock);
        if (!Swap.IsFree(slot))
        {
            Swap.Duplicate(slot);
        }

        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>swap_free_nr: one owner less of each of the slots.</summary>
    public virtual async Flow Free(Cpu cpu, int first, int count = 1)
    {
        await Swap.ClusterLock.Acquire(cpu, FreeLock);
        for (int slot = first; slot < first + count; slot++)
        {
            if (!K.BugOn(
                Swap.IsFree(slot), "_swap_info_get: Unused swap offset entry", "_swap_info_get", Swap.SlotWord(slot)))
            {
                Swap.PutCount(slot);
            }
        }

        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>swapcache_prepare: sets SWAP_HAS_CACHE so that nobody else reads or reuses the slots. False, and none
    /// is taken, if somebody has one, or one is free.</summary>
    public virtual async Flow<bool> PrepareCache(Cpu cpu, int first, int count = 1)
    {
        await Swap.ClusterLock.Acquire(cpu, PrepareLock);
        bool taken = true;
        for (int slot = first; slot < first + count; slot++)
        {
            taken &= Swap.Count(slot) > 0 && !Swap.HasCache(slot);
        }

        for (int slot = first; slot < first + count && taken; slot++)
        {
            Swap.SetHasCache(slot, true);
        }

        Swap.ClusterLock.Release(cpu);
        return taken;
    }

    /// <summary>swapcache_clear: drops SWAP_HAS_CACHE; a slot is free if it has no owner.</summary>
    public virtual async Flow ClearCache(Cpu cpu, int first, int count = 1)
    {
        await Swap.ClusterLock.Acquire(cpu, ClearLock);
        DropCache(first, count);
        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>put_swap_folio: the swap cache gives its hold on the slots back, after the folio left the
    /// table.</summary>
    public virtual async Flow PutFolio(Cpu cpu, int first, int count)
    {
        await Swap.ClusterLock.Acquire(cpu, PutLock);
        DropCache(first, count);
        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>swap_pte_batch: how many entries from there on, with the ptl held, are for a run of slots of one memcg
    /// and have equal bits.</summary>
    public virtual int CountBatch(MmStruct mm, int page, int end)
    {
        Pte first = mm[page];
        int count = 1;
        while (page + count < end && mm[page + count] == first with { Target = (ushort)(first.Target + count) }
            && Swap.Record(first.Target + count) == Swap.Record(first.Target))
        {
            count++;
        }

        return count;
    }

    /// <summary>folio_free_swap: a locked folio whose slots have no owner leaves the swap cache. False when it may
    /// not.</summary>
    public virtual async Flow<bool> FreeSwap(Cpu cpu, Folio folio)
    {
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "folio_free_swap", folio);
        await cpu.At(TestCache, folio.FlagsWord);
        if (!folio.Has(PageFlag.Swapcache) || folio.Has(PageFlag.Writeback))
        {
            return false;
        }

        int slot = folio.SwapSlot;
        await Swap.ClusterLock.Acquire(cpu, SwappedLock);
        bool swapped = false;
        for (int each = slot; each < slot + folio.PageCount; each++)
        {
            swapped |= Swap.Count(each) > 0;
        }

        Swap.ClusterLock.Release(cpu);
        if (swapped)
        {
            return false;
        }

        await R.SwapCache.Delete(cpu, folio);
        await cpu.At(DirtyFreed, folio.FlagsWord);
        folio.Set(PageFlag.Dirty);
        return true;
    }

    /// <summary>free_swap_cache: after an unmap, tries to drop the swap copy of a folio that nobody maps.</summary>
    public virtual async Flow FreeSwapCache(Cpu cpu, Folio folio)
    {
        await cpu.At(FreeCacheTest, folio.FlagsWord);
        if (folio.Has(PageFlag.Swapcache) && !folio.Mapped && await R.Locking.TryLock(cpu, folio))
        {
            await FreeSwap(cpu, folio);
            await R.Locking.Unlock(cpu, folio);
        }
    }

    /// <summary>free_swap_and_cache_nr: zap drops an owner of each slot; where the cached copy is all that is left,
    /// that goes too.</summary>
    public virtual async Flow FreeSwapAndCache(Cpu cpu, int first, int count = 1)
    {
        if (!await TryGetDevice(cpu))
        {
            return;
        }

        bool onlyCache = false;
        await Swap.ClusterLock.Acquire(cpu, ZapLock);
        for (int slot = first; slot < first + count; slot++)
        {
            Swap.PutCount(slot);
            onlyCache |= Swap.OnlyCache(slot, 1);
        }

        Swap.ClusterLock.Release(cpu);
        for (int slot = first; slot < first + count && onlyCache;)
        {
            await cpu.At(ZapReread, Swap.SlotWord(slot));
            int pages = Swap.OnlyCache(slot, 1) ? await TryToReclaim(cpu, slot, anyway: false) : 1;

            // What was found, reclaimed or not, ends at the next boundary of its size.
            slot = (slot & -pages) + pages;
        }

        await ReleaseDevice(cpu);
    }

    /// <summary>vm_swap_full in swap_range_alloc, for which the slots that have just been taken are free yet.</summary>
    protected virtual bool ReclaimsFull(int taken) => taken * 2 < Swap.Slots;

    /// <summary>swap_reclaim_full_clusters, of a device whose last slot is taken: what only the swap cache has goes.
    /// The cluster lock is held, and dropped in between.</summary>
    protected virtual async Flow ReclaimFull(Cpu cpu)
    {
        for (int slot = 0; slot < Swap.Slots;)
        {
            int pages = 1;
            if (Swap.OnlyCache(slot, 1) && Swap.Cached(slot) is not null)
            {
                Swap.ClusterLock.Release(cpu);
                pages = await TryToReclaim(cpu, slot, anyway: true);
                await Swap.ClusterLock.Acquire(cpu, FullLock);
            }

            slot = (slot & -pages) + pages;
        }
    }

    /// <summary>__try_to_reclaim_swap: TTRS_ANYWAY, or TTRS_UNMAPPED | TTRS_FULL.</summary>
    /// <returns>Pages of the folio that was found; 1 for none.</returns>
    protected virtual async Flow<int> TryToReclaim(Cpu cpu, int slot, bool anyway)
    {
        while (true)
        {
            Folio? folio = await R.SwapCache.Lookup(cpu, slot);
            if (folio is null)
            {
                return 1;
            }

            int pages = folio.PageCount;
            if (!await R.Locking.TryLock(cpu, folio))
            {
                await R.Free.Put(cpu, folio, Holder.Lookup);
                return pages;
            }

            bool matches = SwapCache.Matches(folio, slot);
            if (matches)
            {
                await ReclaimLocked(cpu, folio, pages, anyway);
            }

            await R.Locking.Unlock(cpu, folio);
            await R.Free.Put(cpu, folio, Holder.Lookup);
            if (matches)
            {
                return pages;
            }
        }
    }

    /// <summary>The part of __try_to_reclaim_swap under the folio lock; the number of pages is from before it, when the
    /// folio could be split still.</summary>
    protected virtual async Flow ReclaimLocked(Cpu cpu, Folio folio, int pages, bool anyway)
    {
        await cpu.At(ReclaimMapped, folio.MappedWord);
        if ((!anyway && folio.Mapped && !Swap.IsFull()) || folio.Has(PageFlag.Writeback))
        {
            return;
        }

        int first = folio.SwapSlot;
        await Swap.ClusterLock.Acquire(cpu, ReclaimLock);
        bool onlyCache = Swap.OnlyCache(first, pages);
        Swap.ClusterLock.Release(cpu);
        if (onlyCache)
        {
            await R.SwapCache.Delete(cpu, folio);
            await cpu.At(DirtyFreed, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }
    }

    private void DropCache(int first, int count)
    {
        for (int slot = first; slot < first + count; slot++)
        {
            Swap.SetHasCache(slot, false);
        }
    }
}
