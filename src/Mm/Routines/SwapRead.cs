using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Reading into the swap cache: MADV_WILLNEED and __read_swap_cache_async (mm/madvise.c, mm/swap_state.c,
/// v6.18).</summary>
/// <remarks>The part of <see cref="SwapIn"/> that reads ahead of a mapping.</remarks>
public abstract class SwapRead : Routine
{
    protected static readonly Point AdviseLock = Points.Define("WillNeedMmapLock", "madvise_willneed", Access.Acquire);
    protected static readonly Point AdvisePtl = Points.Define("WillNeedPtl", "swapin_walk_pmd_entry", Access.Acquire);
    protected static readonly Point CacheCount =
        Points.Define("ReadCacheCount", "__read_swap_cache_async", Access.Read);
    protected static readonly Point CacheWait = Points.Define("ReadCacheWait", "__read_swap_cache_async", Access.Read);
    protected static readonly Point CacheRead = Points.Define("ReadCacheDevice", "swap_read_folio", Access.Read);
    protected static readonly Point CacheUptodate =
        Points.Define("ReadCacheSetUptodate", "__end_swap_bio_read", Access.Rmw);

    /// <summary>MADV_WILLNEED of one page: reads its swap entry, if it has one, into the swap cache.</summary>
    public virtual async Flow<bool> WillNeed(Cpu cpu, MmStruct mm, int page)
    {
        await mm.MmapLock.AcquireRead(cpu, AdviseLock);
        bool read = false;
        if (mm.FindVma(page) is { File: { IsShmem: true } file } vma)
        {
            read = await R.Shmem.WillNeed(cpu, file, vma.LinearIndex(page));
        }
        else if (mm.FindVma(page) is { File: null })
        {
            await mm.Ptl(page).Acquire(cpu, AdvisePtl);
            Pte pte = mm[page];
            mm.Ptl(page).Release(cpu);
            if (pte.IsSwap && await R.Slots.TryGetDevice(cpu))
            {
                if (await ReadSwapCacheAsync(cpu, pte.Target) is { } folio)
                {
                    read = true;
                    await R.Free.Put(cpu, folio, Holder.Lookup);
                }

                await R.Slots.ReleaseDevice(cpu);
            }

            await R.Lru.Drain(cpu);
        }

        mm.MmapLock.ReleaseRead(cpu);
        return read;
    }

    /// <summary>read_swap_cache_async: the slot's folio in the swap cache, read from the device if it was not
    /// there.</summary>
    /// <returns>With a <see cref="Holder.Lookup"/> reference, perhaps still locked by its reader; null if the slot has
    /// no owner.</returns>
    public virtual async Flow<Folio?> ReadSwapCacheAsync(Cpu cpu, int slot)
    {
        Folio? fresh = null;
        Folio? found;
        while (true)
        {
            found = await R.SwapCache.Lookup(cpu, slot);
            if (found is not null)
            {
                break;
            }

            await cpu.At(CacheCount, K.Swap.SlotWord(slot));
            if (K.Swap.Count(slot) == 0)
            {
                break;
            }

            fresh ??= await R.Free.Allocate(cpu);
            if (fresh is null)
            {
                return null;
            }

            if (await R.Slots.PrepareCache(cpu, slot))
            {
                await ReadIntoCache(cpu, fresh, slot);
                return fresh;
            }

            await cpu.At(CacheWait, K.Swap.SlotWord(slot), K.Swap.CacheSettled(slot));
        }

        if (fresh is not null)
        {
            await R.Free.Put(cpu, fresh, Holder.Allocation);
        }

        return found;
    }

    /// <summary>A fresh folio enters the swap cache, for the slot and those beside it that it has pages for, which are
    /// taken, and is read.</summary>
    protected virtual async Flow ReadIntoCache(Cpu cpu, Folio fresh, int slot)
    {
        int first = slot & -fresh.PageCount;
        FolioLocking.SetLockedPrivate(cpu, fresh);
        fresh.Set(PageFlag.Swapbacked);
        await R.Memcg.ChargeSwapin(cpu, fresh, null, slot);
        await R.SwapCache.Add(cpu, fresh, first);
        fresh.HandOver(Holder.Allocation, Holder.Lookup);
        await R.Lru.Add(cpu, fresh);
        for (int number = 0; number < fresh.PageCount; number++)
        {
            await cpu.At(CacheRead, K.Swap.DataWord(first + number));
            K.Swap.ReadInto(fresh.PageAt(number), first + number);
        }

        await cpu.At(CacheUptodate, fresh.FlagsWord);
        fresh.Set(PageFlag.Uptodate);
        await R.Locking.Unlock(cpu, fresh);
    }

    /// <summary>swapin_readahead, without the neighbours that it reads as well.</summary>
    protected virtual async Flow<Folio?> ReadAhead(Cpu cpu, int slot)
    {
        Folio? folio = await ReadSwapCacheAsync(cpu, slot);
        await R.Lru.Drain(cpu);
        return folio;
    }
}
