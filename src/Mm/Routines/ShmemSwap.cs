using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Pages of shmem on their way to swap and back (mm/shmem.c, v6.18).</summary>
/// <remarks>
/// The part of <see cref="Shmem"/> about swap. Left out: read errors and poisoned entries, zswap, large folios,
/// shmem_replace_folio.
/// </remarks>
public abstract class ShmemSwap : Routine
{
    protected static readonly Point FreeLock = Points.Define("ShmemFreeSwapLock", "shmem_free_swap", Access.Acquire);
    protected static readonly Point FreeEntry = Points.Define("ShmemFreeSwapEntry", "shmem_free_swap", Access.Write);
    protected static readonly Point Confirm = Points.Define("ShmemConfirmSwap", "shmem_confirm_swap", Access.Read);
    protected static readonly Point WaitPin = Points.Define("ShmemWaitPinned", "shmem_swap_alloc_folio", Access.Read);
    protected static readonly Point BypassRead = Points.Define("ShmemReadDevice", "swap_read_folio", Access.Read);
    protected static readonly Point BypassUptodate = Points.Define("ShmemSetUptodate", "folio_end_read", Access.Rmw);
    protected static readonly Point TestCache = Points.Define("ShmemTestSwapcache", "shmem_swapin_folio", Access.Read);
    protected static readonly Point SetDirty = Points.Define("ShmemSetDirty", "shmem_swapin_folio", Access.Rmw);
    protected static readonly Point OwnLock = Points.Define("ShmemOwnSlotLock", "swap_shmem_alloc", Access.Acquire);
    protected static readonly Point WriteLock =
        Points.Define("ShmemWriteoutLock", "shmem_delete_from_page_cache", Access.Acquire);
    protected static readonly Point WriteEntry =
        Points.Define("ShmemWriteoutEntry", "shmem_delete_from_page_cache", Access.Write);
    protected static readonly Point WriteMapping =
        Points.Define("ShmemWriteoutMapping", "shmem_delete_from_page_cache", Access.Write);
    protected static readonly Point UnuseLook = Points.Define("ShmemUnuseLook", "shmem_find_swap_entries", Access.Read);
    protected static readonly Point WillNeedLook =
        Points.Define("ShmemWillNeedLook", "shmem_swapin_range", Access.Read);

    private readonly PinOrEntry[] waits = new PinOrEntry[Kernel.CpusMax];

    /// <summary>shmem_writeout up to swap_writeout: the locked, unmapped folio moves from the page cache to the swap
    /// cache. False: there is no slot.</summary>
    public virtual async Flow<bool> MoveToSwap(Cpu cpu, Folio folio)
    {
        if (!await R.Slots.Allocate(cpu, folio))
        {
            return false;
        }

        Inode file = folio.File!;
        int slot = folio.SwapSlot;
        await K.Swap.ClusterLock.Acquire(cpu, OwnLock);
        K.Swap.GiveToShmem(slot);
        K.Swap.ClusterLock.Release(cpu);
        await file.XarrayLock.Acquire(cpu, WriteLock);
        await cpu.At(WriteEntry, file.EntryWord(folio.Index));
        bool there = file.Owns(folio);
        if (there)
        {
            file.SetEntry(folio.Index, null, slot);
            await cpu.At(WriteMapping, folio.MappingWord);
            folio.SetFile(null);
        }

        file.XarrayLock.Release(cpu);
        K.BugOn(!there, "BUG_ON(error)", "shmem_delete_from_page_cache", folio);
        await R.Free.Put(cpu, folio, Holder.PageCache);
        K.BugOn(folio.Mapped, "BUG_ON(folio_mapped(folio))", "shmem_writeout", folio);
        return true;
    }

    /// <summary>shmem_unuse: swapoff brings back what files have in swap. False when memory ran out.</summary>
    public virtual async Flow<bool> Unuse(Cpu cpu)
    {
        for (int number = 0; number < K.Files.Count && K.Files.Used; number++)
        {
            Inode file = K.Files[number];
            for (int index = 0; index < K.Files.Pages && file.IsShmem; index++)
            {
                await cpu.At(UnuseLook, file.EntryWord(index));
                if (file.SlotAt(index) is var slot and >= 0)
                {
                    (Folio? folio, bool again) = await SwapIn(cpu, file, index, slot);
                    if (folio is not null)
                    {
                        await R.PageCache.UnlockAndPut(cpu, folio);
                    }
                    else if (!again)
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    /// <summary>shmem_swapin_range for one page: MADV_WILLNEED reads what is in swap into the swap cache.</summary>
    public virtual async Flow<bool> WillNeed(Cpu cpu, Inode file, int index)
    {
        bool read = false;
        await cpu.At(WillNeedLook, file.EntryWord(index));
        int slot = file.SlotAt(index);
        if (slot >= 0 && await R.Slots.TryGetDevice(cpu))
        {
            if (await R.SwapIn.ReadSwapCacheAsync(cpu, slot) is { } folio)
            {
                read = true;
                await R.Free.Put(cpu, folio, Holder.Lookup);
            }

            await R.Slots.ReleaseDevice(cpu);
        }

        await R.Lru.Drain(cpu);
        return read;
    }

    /// <summary>shmem_free_swap: the entry goes if it still is the same, then the slot.</summary>
    /// <returns>False when a folio has taken the entry's place.</returns>
    protected virtual async Flow<bool> FreeSwap(Cpu cpu, Inode file, int index, int slot)
    {
        await file.XarrayLock.Acquire(cpu, FreeLock);
        bool same = file.SlotAt(index) == slot;
        if (same)
        {
            await cpu.At(FreeEntry, file.EntryWord(index));
            file.SetEntry(index, null);
            file.TruthStore(index, 0);
        }

        file.XarrayLock.Release(cpu);
        if (same)
        {
            await R.Slots.FreeSwapAndCache(cpu, slot);
        }

        return same;
    }

    /// <summary>shmem_swapin_folio: the page's folio, locked and in the page cache again; or to look again
    /// (-EEXIST).</summary>
    protected virtual async Flow<(Folio? Folio, bool Again)> SwapIn(Cpu cpu, Inode file, int index, int slot)
    {
        bool live = await R.Slots.TryGetDevice(cpu);
        bool same = await IsStill(cpu, file, index, slot);
        if (!live || !same)
        {
            if (live)
            {
                await R.Slots.ReleaseDevice(cpu);
            }

            return (null, !same);
        }

        bool cached = true;
        bool busy = false;
        Folio? folio = await R.SwapCache.Lookup(cpu, slot);
        if (folio is null)
        {
            cached = !K.Swap.Synchronous;
            (folio, busy) = cached
                ? (await ReadAhead(cpu, slot), false)
                : await ReadPrivately(cpu, file, index, slot);
        }

        (Folio? Folio, bool Again) result = folio is null
            ? (null, busy || !await IsStill(cpu, file, index, slot))
            : await Insert(cpu, file, index, slot, folio, cached);
        await R.Slots.ReleaseDevice(cpu);
        return result;
    }

    /// <summary>The part of shmem_swapin_folio under the folio's lock: into the page cache first, then out of the swap
    /// cache, then the slot.</summary>
    protected virtual async Flow<(Folio? Folio, bool Again)> Insert(
        Cpu cpu, Inode file, int index, int slot, Folio folio, bool cached)
    {
        await R.Locking.Lock(cpu, folio);
        await cpu.At(TestCache, folio.FlagsWord);
        bool right = !cached || (folio.Has(PageFlag.Swapcache) && folio.SwapSlot == slot);
        if (right)
        {
            right = await IsStill(cpu, file, index, slot);
        }

        if (right)
        {
            await R.Locking.WaitForWriteback(cpu, folio);
            right = await R.PageCache.Add(cpu, file, index, folio, slot);
        }

        if (right && cached)
        {
            await R.SwapCache.Delete(cpu, folio);
        }

        if (!right)
        {
            await R.Locking.Unlock(cpu, folio);
        }

        if (!cached)
        {
            await R.Slots.ClearCache(cpu, slot);
        }

        if (!right)
        {
            await R.Free.Put(cpu, folio, Holder.Lookup);
            return (null, true);
        }

        await cpu.At(SetDirty, folio.FlagsWord);
        folio.Set(PageFlag.Dirty);
        await R.Slots.Free(cpu, slot);
        return (folio, false);
    }

    /// <summary>shmem_confirm_swap.</summary>
    protected virtual async Flow<bool> IsStill(Cpu cpu, Inode file, int index, int slot)
    {
        await cpu.At(Confirm, file.EntryWord(index));
        return file.SlotAt(index) == slot;
    }

    protected virtual async Flow<Folio?> ReadAhead(Cpu cpu, int slot)
    {
        Folio? folio = await R.SwapIn.ReadSwapCacheAsync(cpu, slot);
        await R.Lru.Drain(cpu);
        return folio;
    }

    /// <summary>shmem_swap_alloc_folio: past the swap cache, with the slot pinned; or null, because somebody else has
    /// pinned it, or memory is out.</summary>
    protected virtual async Flow<(Folio? Folio, bool Busy)> ReadPrivately(Cpu cpu, Inode file, int index, int slot)
    {
        if (await R.Free.Allocate(cpu) is not { } folio)
        {
            return (null, false);
        }

        await R.Memcg.ChargeSwapin(cpu, folio, null, slot);
        if (!await R.Slots.PrepareCache(cpu, slot))
        {
            await R.Free.Put(cpu, folio, Holder.Allocation);

            // The kernel looks again and again, until whoever has pinned the slot is done or the entry has changed.
            PinOrEntry wait = waits[cpu.Index] ??= new PinOrEntry(K.Swap);
            wait.File = file;
            wait.Index = index;
            wait.Slot = slot;
            await cpu.At(WaitPin, K.Swap.SlotWord(slot), wait);
            return (null, true);
        }

        FolioLocking.SetLockedPrivate(cpu, folio);
        folio.Set(PageFlag.Swapbacked);
        folio.HandOver(Holder.Allocation, Holder.Lookup);
        await R.Lru.Add(cpu, folio);
        await cpu.At(BypassRead, K.Swap.DataWord(slot));
        K.Swap.ReadInto(folio, slot);
        await cpu.At(BypassUptodate, folio.FlagsWord);
        folio.Set(PageFlag.Uptodate);
        await R.Locking.Unlock(cpu, folio);
        return (folio, false);
    }

    private sealed class PinOrEntry(SwapDevice swap) : IWaitable
    {
        public Inode File { get; set; } = null!;

        public int Index { get; set; }

        public int Slot { get; set; }

        public bool IsReady(Cpu cpu) => File.SlotAt(Index) != Slot || swap.Cached(Slot) is not null
            || (swap.Count(Slot) > 0 && !swap.HasCache(Slot));

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
