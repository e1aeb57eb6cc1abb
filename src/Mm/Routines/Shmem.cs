using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Why a folio of shmem is wanted (enum sgp_type).</summary>
public enum ShmemWant
{
    /// <summary>SGP_READ: not behind the end, and nothing for a hole.</summary>
    Read,

    /// <summary>SGP_CACHE: not behind the end, a fresh folio for a hole.</summary>
    Cache,

    /// <summary>SGP_WRITE: a fresh folio for a hole; the end may be moved.</summary>
    Write,
}

/// <summary>Files of shmem: finding their pages wherever they are, truncation, hole punching (mm/shmem.c,
/// v6.18).</summary>
/// <remarks>
/// Left out: fallocate and folios that are not up to date, quotas and block accounting (info->lock), seals, large
/// folios, mounts, the list of inodes with swapped pages (all are looked at). What goes to and comes from swap is in
/// <see cref="ShmemSwap"/>.
/// </remarks>
public class Shmem : ShmemSwap
{
    protected static readonly Point TestSize = Points.Define("ShmemTestSize", "shmem_get_folio_gfp", Access.Read);
    protected static readonly Point TestSizeAgain =
        Points.Define("ShmemTestSizeAgain", "shmem_get_folio_gfp", Access.Read);
    protected static readonly Point TestPunch = Points.Define("ShmemTestPunch", "shmem_fault", Access.Read);
    protected static readonly Point QueuePunch = Points.Define("ShmemQueueForPunch", "shmem_falloc_wait", Access.Rmw);
    protected static readonly Point WaitPunch = Points.Define("ShmemWaitPunch", "shmem_falloc_wait", Access.Acquire);
    protected static readonly Point SetSize = Points.Define("ShmemSetSize", "shmem_setattr", Access.Write);
    protected static readonly Point BeginPunch = Points.Define("ShmemBeginPunch", "shmem_fallocate", Access.Write);
    protected static readonly Point EndPunch = Points.Define("ShmemEndPunch", "shmem_fallocate", Access.Write);
    protected static readonly Point MarkPartial = Points.Define("ShmemMarkPartial", "shmem_undo_range", Access.Rmw);
    protected static readonly Point TestSwapped = Points.Define("ShmemTestSwapped", "shmem_undo_range", Access.Read);

    /// <summary>shmem_fault: the page's folio, locked, in <see cref="FaultContext.Folio"/>.</summary>
    public virtual async Flow<FaultResult> Fault(Cpu cpu, FaultContext fault)
    {
        Inode file = fault.Vma.File!;
        await cpu.At(TestPunch, file.Word);
        if (file.IsPunched(fault.Index))
        {
            await cpu.At(QueuePunch, file.Word);
            if (file.IsPunched(fault.Index))
            {
                return await WaitForPunch(cpu, fault, file);
            }
        }

        fault.Folio = await Get(cpu, file, fault.Index, ShmemWant.Cache);
        return fault.Folio is null ? FaultResult.Failed : FaultResult.Done;
    }

    /// <summary>shmem_get_folio_gfp: the page's folio, locked, with a <see cref="Holder.Lookup"/> reference, or
    /// null.</summary>
    public virtual async Flow<Folio?> Get(Cpu cpu, Inode file, int index, ShmemWant want)
    {
        while (true)
        {
            if (want != ShmemWant.Write)
            {
                await cpu.At(TestSize, file.Word);
                if (index >= file.Size)
                {
                    return null;
                }
            }

            CacheEntry entry = await R.PageCache.Lookup(cpu, file, index);
            if (entry.Folio is { } folio)
            {
                await R.Locking.Lock(cpu, folio);
                if (await R.PageCache.IsStill(cpu, folio, file))
                {
                    return folio;
                }

                await R.PageCache.UnlockAndPut(cpu, folio);
                continue;
            }

            if (entry.IsHole && want == ShmemWant.Read)
            {
                return null;
            }

            (Folio? found, bool again) = entry.IsHole
                ? await Fill(cpu, file, index, want)
                : await SwapIn(cpu, file, index, entry.Slot);
            if (!again)
            {
                return found;
            }
        }
    }

    /// <summary>shmem_setattr with ATTR_SIZE; i_rwsem is held.</summary>
    public virtual async Flow Resize(Cpu cpu, Inode file, int size)
    {
        int old = file.Size;
        if (size != old)
        {
            await cpu.At(SetSize, file.Word);
            file.SetSize(size);
        }

        if (size > old)
        {
            return;
        }

        if (size < old)
        {
            await R.UnmapMapping.Range(cpu, file, size, Inode.PagesMax, evenCows: true);
        }

        await Undo(cpu, file, size, Inode.PagesMax, isPunch: false);
        if (size < old)
        {
            await R.Truncate.UnmapAgain(cpu, file, size);
        }
    }

    /// <summary>shmem_fallocate with FALLOC_FL_PUNCH_HOLE; i_rwsem is held.</summary>
    public virtual async Flow Punch(Cpu cpu, Inode file, int start, int end)
    {
        await cpu.At(BeginPunch, file.Word);
        file.SetPunch(start, end);
        await R.UnmapMapping.Range(cpu, file, start, end, evenCows: false);
        await Undo(cpu, file, start, end, isPunch: true);
        await cpu.At(EndPunch, file.Word);
        file.SetPunch(0, 0);
    }

    /// <summary>shmem_undo_range: pages and swap entries of [start, end) go.</summary>
    public virtual async Flow Undo(Cpu cpu, Inode file, int start, int end, bool isPunch)
    {
        for (int index = start; index < end; index++)
        {
            CacheEntry entry = await R.PageCache.LookupTrylocked(cpu, file, index);
            if (entry.Folio is { } folio)
            {
                await R.Truncate.RemoveFolio(cpu, folio, file);
                await R.PageCache.UnlockAndPut(cpu, folio);
            }
            else if (!entry.IsHole)
            {
                await FreeSwap(cpu, file, index, entry.Slot);
            }
        }

        await UndoPartial(cpu, file, start, end);
        if (isPunch && end - 1 != start)
        {
            await UndoPartial(cpu, file, end - 1, end);
        }

        // A page goes to swap and back by one store each way, so a sweep never sees a hole that is none; a truncation
        // sweeps until nothing is left, a punch once.
        bool any = true;
        while (any)
        {
            any = false;
            for (int index = start; index < end; index++)
            {
                any |= await UndoOne(cpu, file, index);
            }

            any &= !isPunch;
        }
    }

    /// <summary>One page of shmem_undo_range's second pass: false for a hole.</summary>
    protected virtual async Flow<bool> UndoOne(Cpu cpu, Inode file, int index)
    {
        bool any = false;
        while (true)
        {
            CacheEntry entry = await R.PageCache.Lookup(cpu, file, index);
            if (entry.IsHole)
            {
                return any;
            }

            any = true;
            if (entry.Folio is not { } folio)
            {
                if (await FreeSwap(cpu, file, index, entry.Slot))
                {
                    return true;
                }

                continue;
            }

            await R.Locking.Lock(cpu, folio);
            await cpu.At(TestSwapped, folio.MappingWord);
            bool still = folio.File == file && !folio.Has(PageFlag.Swapcache);
            if (still)
            {
                K.BugOn(
                    folio.Has(PageFlag.Writeback), "VM_BUG_ON_FOLIO(folio_test_writeback(folio))", "shmem_undo_range",
                    folio);
                await R.Truncate.RemoveFolio(cpu, folio, file);
            }

            await R.PageCache.UnlockAndPut(cpu, folio);
            if (still)
            {
                return true;
            }
        }
    }

    /// <summary>shmem_get_partial_folio and truncate_inode_partial_folio of a page that is covered as a
    /// whole.</summary>
    protected virtual async Flow UndoPartial(Cpu cpu, Inode file, int index, int end)
    {
        if (index >= end)
        {
            return;
        }

        CacheEntry entry = await R.PageCache.Lookup(cpu, file, index);
        if (entry.IsHole)
        {
            return;
        }

        Folio? folio = entry.Folio;
        if (folio is not null)
        {
            await R.Locking.Lock(cpu, folio);
            if (!await R.PageCache.IsStill(cpu, folio, file))
            {
                await R.PageCache.UnlockAndPut(cpu, folio);
                folio = null;
            }
        }

        folio ??= await Get(cpu, file, index, ShmemWant.Read);
        if (folio is not null)
        {
            await cpu.At(MarkPartial, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
            await R.Locking.WaitForWriteback(cpu, folio);
            await R.Truncate.RemoveFolio(cpu, folio, file);
            await R.PageCache.UnlockAndPut(cpu, folio);
        }
    }

    /// <summary>shmem_alloc_and_add_folio, clearing, and the last look at the size.</summary>
    protected virtual async Flow<(Folio? Folio, bool Again)> Fill(Cpu cpu, Inode file, int index, ShmemWant want)
    {
        if (await R.Free.Allocate(cpu) is not { } folio)
        {
            return (null, false);
        }

        FolioLocking.SetLockedPrivate(cpu, folio);
        folio.Set(PageFlag.Swapbacked);
        folio.HandOver(Holder.Allocation, Holder.Lookup);
        await R.Memcg.Charge(cpu, folio, null);
        if (!await R.PageCache.Add(cpu, file, index, folio, expectedSlot: -1))
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
            return (null, true);
        }

        await R.Lru.Add(cpu, folio);
        folio.Set(PageFlag.Uptodate);
        await cpu.At(TestSizeAgain, file.Word);
        if (want != ShmemWant.Write && index >= file.Size)
        {
            await R.PageCache.Remove(cpu, folio, discard: false);
            await R.PageCache.UnlockAndPut(cpu, folio);
            return (null, false);
        }

        return (folio, false);
    }

    /// <summary>shmem_falloc_wait: a fault on what is being punched waits, so that the sweep does not meet it for
    /// ever.</summary>
    protected virtual async Flow<FaultResult> WaitForPunch(Cpu cpu, FaultContext fault, Inode file)
    {
        bool dropped = fault.TryDropLock(cpu);
        await cpu.At(WaitPunch, file.Word, file.PunchOver);
        return dropped ? FaultResult.Retry : FaultResult.Done;
    }
}
