using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Swap slots: allocation, counts, HAS_CACHE, and when the cached copy may go (mm/swapfile.c,
/// v6.18).</summary>
/// <remarks>Left out: count continuations (counts stay below 63), clusters (see <see cref="SwapDevice"/>), zeromap and
/// zswap.</remarks>
public class SwapSlots : Routine
{
    protected static readonly Point AllocLock = Points.Define("SlotAllocLock", "folio_alloc_swap", Access.Acquire);
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

    private SwapDevice Swap => K.Swap;

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

    /// <summary>folio_alloc_swap: a slot for a locked folio, which also enters the swap cache. False when there is
    /// none.</summary>
    public virtual async Flow<bool> Allocate(Cpu cpu, Folio folio)
    {
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "folio_alloc_swap", folio);
        K.BugOn(
            !folio.Has(PageFlag.Uptodate), "VM_BUG_ON_FOLIO(!folio_test_uptodate(folio))", "folio_alloc_swap", folio);
        await Swap.ClusterLock.Acquire(cpu, AllocLock);
        int slot = Swap.Writable ? Swap.Allocate() : -1;
        Swap.ClusterLock.Release(cpu);
        if (slot < 0)
        {
            return false;
        }

        await R.Memcg.ChargeSlot(cpu, folio, slot);
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

    /// <summary>swap_free: one owner less.</summary>
    public virtual async Flow Free(Cpu cpu, int slot)
    {
        await Swap.ClusterLock.Acquire(cpu, FreeLock);
        if (!K.BugOn(
            Swap.IsFree(slot), "_swap_info_get: Unused swap offset entry", "_swap_info_get", Swap.SlotWord(slot)))
        {
            Swap.PutCount(slot);
        }

        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>swapcache_prepare: sets SWAP_HAS_CACHE so that nobody else reads or reuses the slot. False if somebody
    /// has it, or it is free.</summary>
    public virtual async Flow<bool> PrepareCache(Cpu cpu, int slot)
    {
        await Swap.ClusterLock.Acquire(cpu, PrepareLock);
        bool taken = Swap.Count(slot) > 0 && !Swap.HasCache(slot);
        if (taken)
        {
            Swap.SetHasCache(slot, true);
        }

        Swap.ClusterLock.Release(cpu);
        return taken;
    }

    /// <summary>swapcache_clear: drops SWAP_HAS_CACHE; the slot is free if it has no owner.</summary>
    public virtual async Flow ClearCache(Cpu cpu, int slot)
    {
        await Swap.ClusterLock.Acquire(cpu, ClearLock);
        Swap.SetHasCache(slot, false);
        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>put_swap_folio: the swap cache gives its hold on the slot back, after the folio left the
    /// table.</summary>
    public virtual async Flow PutFolio(Cpu cpu, int slot)
    {
        await Swap.ClusterLock.Acquire(cpu, PutLock);
        Swap.SetHasCache(slot, false);
        Swap.ClusterLock.Release(cpu);
    }

    /// <summary>folio_free_swap: a locked folio whose slot has no owner leaves the swap cache. False when it may
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
        bool swapped = Swap.Count(slot) > 0;
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

    /// <summary>free_swap_and_cache_nr: zap drops an owner; if the cached copy is all that is left, that goes
    /// too.</summary>
    public virtual async Flow FreeSwapAndCache(Cpu cpu, int slot)
    {
        if (!await TryGetDevice(cpu))
        {
            return;
        }

        await Swap.ClusterLock.Acquire(cpu, ZapLock);
        Swap.PutCount(slot);
        bool onlyCache = Swap.Count(slot) == 0 && Swap.HasCache(slot);
        Swap.ClusterLock.Release(cpu);
        if (onlyCache)
        {
            await cpu.At(ZapReread, Swap.SlotWord(slot));
            if (Swap.Count(slot) == 0 && Swap.HasCache(slot))
            {
                await TryToReclaim(cpu, slot);
            }
        }

        await ReleaseDevice(cpu);
    }

    /// <summary>__try_to_reclaim_swap(TTRS_UNMAPPED | TTRS_FULL).</summary>
    protected virtual async Flow TryToReclaim(Cpu cpu, int slot)
    {
        while (true)
        {
            Folio? folio = await R.SwapCache.Lookup(cpu, slot);
            if (folio is null)
            {
                return;
            }

            if (!await R.Locking.TryLock(cpu, folio))
            {
                await R.Free.Put(cpu, folio, Holder.Lookup);
                return;
            }

            bool matches = folio.Has(PageFlag.Swapcache) && folio.SwapSlot == slot;
            if (matches)
            {
                await ReclaimLocked(cpu, folio, slot);
            }

            await R.Locking.Unlock(cpu, folio);
            await R.Free.Put(cpu, folio, Holder.Lookup);
            if (matches)
            {
                return;
            }
        }
    }

    protected virtual async Flow ReclaimLocked(Cpu cpu, Folio folio, int slot)
    {
        await cpu.At(ReclaimMapped, folio.MappedWord);
        if ((folio.Mapped && !Swap.IsFull()) || folio.Has(PageFlag.Writeback))
        {
            return;
        }

        await Swap.ClusterLock.Acquire(cpu, ReclaimLock);
        bool onlyCache = Swap.Count(slot) == 0 && Swap.HasCache(slot);
        Swap.ClusterLock.Release(cpu);
        if (onlyCache)
        {
            await R.SwapCache.Delete(cpu, folio);
            await cpu.At(DirtyFreed, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }
    }
}
