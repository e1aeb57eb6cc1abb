using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Faults on and system calls for files with blocks (mm/filemap.c: filemap_fault, filemap_page_mkwrite,
/// v6.18).</summary>
/// <remarks>
/// Left out: readahead and fault-around (fault_around_bytes is one page), read errors, VM_LOCKED. I/O of a lane
/// completes in that lane, as the interrupt would: at points of its own.
/// </remarks>
public class Filemap : Routine
{
    protected static readonly Point TestSize = Points.Define("FileTestSize", "filemap_fault", Access.Read);
    protected static readonly Point TestUptodate = Points.Define("FileTestUptodate", "filemap_fault", Access.Read);
    protected static readonly Point TestLocked = Points.Define("FileTestLockedUptodate", "filemap_fault", Access.Read);
    protected static readonly Point SharedLock =
        Points.Define("FileInvalidateLock", "filemap_invalidate_lock_shared", Access.Acquire);
    protected static readonly Point TestSizeAgain = Points.Define("FileTestSizeAgain", "filemap_fault", Access.Read);
    protected static readonly Point ReadDevice = Points.Define("FileReadDevice", "filemap_read_folio", Access.Read);
    protected static readonly Point SetUptodate = Points.Define("FileSetUptodate", "folio_end_read", Access.Rmw);

    /// <summary>What one look at the page cache led to.</summary>
    protected enum Found
    {
        /// <summary>The folio is locked and up to date.</summary>
        Ready,

        /// <summary>retry_find.</summary>
        Again,

        /// <summary>The fault's lock was dropped: VM_FAULT_RETRY.</summary>
        Dropped,
    }

    /// <summary>filemap_fault: the page's folio, locked, in <see cref="FaultContext.Folio"/>.</summary>
    public virtual async Flow<FaultResult> Fault(Cpu cpu, FaultContext fault)
    {
        Inode file = fault.Vma.File!;
        int index = fault.Index;
        fault.Folio = null;
        await cpu.At(TestSize, file.Word);
        if (index >= file.Size)
        {
            return FaultResult.Failed;
        }

        Folio? folio = (await R.PageCache.Lookup(cpu, file, index)).Folio;
        bool locked = folio is null || !await IsUptodate(cpu, folio);
        if (locked)
        {
            await file.InvalidateLock.AcquireRead(cpu, SharedLock);
        }

        Found found = Found.Again;
        while (found == Found.Again)
        {
            if (folio is null && !locked)
            {
                locked = true;
                await file.InvalidateLock.AcquireRead(cpu, SharedLock);
            }

            folio ??= await Create(cpu, file, index);
            if (folio is null)
            {
                file.InvalidateLock.ReleaseRead(cpu);
                return FaultResult.Failed;
            }

            found = await Prepare(cpu, fault, file, folio, locked);
            if (found != Found.Ready)
            {
                await R.Free.Put(cpu, folio, Holder.Lookup);
                folio = null;
            }
        }

        if (locked)
        {
            file.InvalidateLock.ReleaseRead(cpu);
        }

        return found == Found.Dropped ? FaultResult.Retry : await CheckSize(cpu, fault, file, folio!);
    }

    /// <summary>filemap_page_mkwrite: false when the folio has left the file; else it is locked and dirty.</summary>
    public virtual async Flow<bool> PageMkwrite(Cpu cpu, Inode file, Folio folio)
    {
        await R.Locking.Lock(cpu, folio);
        if (!await R.PageCache.IsStill(cpu, folio, file))
        {
            await R.Locking.Unlock(cpu, folio);
            return false;
        }

        await R.Writeback.MarkDirty(cpu, folio);
        return true;
    }

    /// <summary>__filemap_get_folio with FGP_CREAT | FGP_FOR_MMAP: the page's folio, unlocked; null when memory is
    /// out.</summary>
    public virtual async Flow<Folio?> Create(Cpu cpu, Inode file, int index)
    {
        while (true)
        {
            CacheEntry entry = await R.PageCache.Lookup(cpu, file, index);
            if (entry.Folio is not null || await R.Free.Allocate(cpu) is not { } fresh)
            {
                return entry.Folio;
            }

            await R.Memcg.Charge(cpu, fresh, null);
            FolioLocking.SetLockedPrivate(cpu, fresh);
            fresh.HandOver(Holder.Allocation, Holder.Lookup);
            bool added = await R.PageCache.Add(cpu, file, index, fresh, expectedSlot: -1);
            if (added)
            {
                await R.Lru.Add(cpu, fresh);
            }

            await R.Locking.Unlock(cpu, fresh);
            if (added)
            {
                return fresh;
            }

            await R.Free.Put(cpu, fresh, Holder.Lookup);
        }
    }

    /// <summary>filemap_read_folio: the folio is locked; the end of the read marks it up to date and unlocks
    /// it.</summary>
    public virtual async Flow ReadFolio(Cpu cpu, Inode file, Folio folio)
    {
        int index = folio.Index;
        await cpu.At(ReadDevice, file.DiskWord(index));
        folio.SetData(file.Disk[index]);
        await cpu.At(SetUptodate, folio.FlagsWord);
        folio.Set(PageFlag.Uptodate);
        await R.Locking.Unlock(cpu, folio);
    }

    /// <summary>From the lock to the folio being up to date: what comes after retry_find.</summary>
    protected virtual async Flow<Found> Prepare(Cpu cpu, FaultContext fault, Inode file, Folio folio, bool locked)
    {
        bool dropped = false;
        if (!await R.Locking.TryLock(cpu, folio))
        {
            dropped = fault.TryDropLock(cpu);
            await R.Locking.Lock(cpu, folio);
        }

        if (!await R.PageCache.IsStill(cpu, folio, file))
        {
            await R.Locking.Unlock(cpu, folio);
            return dropped ? Found.Dropped : Found.Again;
        }

        await cpu.At(TestLocked, folio.FlagsWord);
        if (!folio.Has(PageFlag.Uptodate))
        {
            if (!locked)
            {
                await R.Locking.Unlock(cpu, folio);
                return dropped ? Found.Dropped : Found.Again;
            }

            dropped = dropped || fault.TryDropLock(cpu);
            await ReadFolio(cpu, file, folio);
            return dropped ? Found.Dropped : Found.Again;
        }

        if (dropped)
        {
            await R.Locking.Unlock(cpu, folio);
            return Found.Dropped;
        }

        return Found.Ready;
    }

    protected virtual async Flow<bool> IsUptodate(Cpu cpu, Folio folio)
    {
        await cpu.At(TestUptodate, folio.FlagsWord);
        return folio.Has(PageFlag.Uptodate);
    }

    /// <summary>The second look at i_size, under the folio's lock: what a truncation has begun must not be
    /// mapped.</summary>
    protected virtual async Flow<FaultResult> CheckSize(Cpu cpu, FaultContext fault, Inode file, Folio folio)
    {
        await cpu.At(TestSizeAgain, file.Word);
        if (fault.Index >= file.Size)
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
            return FaultResult.Failed;
        }

        fault.Folio = folio;
        return FaultResult.Done;
    }
}
