using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>ftruncate, hole punching and the end of a file, as far as page cache and page tables go (mm/truncate.c,
/// mm/shmem.c, v6.18).</summary>
/// <remarks>
/// The file system of the disk file is one like ext2: i_size, page cache, then blocks, all under the invalidate_lock.
/// Left out: pages that are cut in the middle, dax, private data of file systems.
/// </remarks>
public class Truncate : Routine
{
    protected static readonly Point SizeLock = Points.Define("TruncateInodeLock", "do_truncate", Access.Acquire);
    protected static readonly Point PunchLock = Points.Define("PunchInodeLock", "vfs_fallocate", Access.Acquire);
    protected static readonly Point Invalidate =
        Points.Define("TruncateInvalidateLock", "filemap_invalidate_lock", Access.Acquire);
    protected static readonly Point SetSize = Points.Define("TruncateSetSize", "i_size_write", Access.Write);
    protected static readonly Point TestEmpty =
        Points.Define("TruncateTestEmpty", "truncate_inode_pages_range", Access.Read);
    protected static readonly Point TestMapped =
        Points.Define("TruncateTestMapped", "truncate_cleanup_folio", Access.Read);
    protected static readonly Point CancelDirty = Points.Define("CancelDirty", "__folio_cancel_dirty", Access.Rmw);
    protected static readonly Point BatchLock =
        Points.Define("TruncateBatchLock", "delete_from_page_cache_batch", Access.Acquire);
    protected static readonly Point FreeBlock =
        Points.Define("TruncateFreeBlock", "ext2_truncate_blocks", Access.Write);

    private readonly List<Folio>[] batches = ListForEachCpu();

    /// <summary>ftruncate, down or up.</summary>
    public virtual async Flow<bool> Resize(Cpu cpu, Inode file, int size)
    {
        await file.Rwsem.AcquireWrite(cpu, SizeLock);
        int old = file.Size;
        if (file.IsShmem)
        {
            await R.Shmem.Resize(cpu, file, size);
        }
        else
        {
            await file.InvalidateLock.AcquireWrite(cpu, Invalidate);
            await ResizeDisk(cpu, file, size);
            file.InvalidateLock.ReleaseWrite(cpu);
        }

        TruthEmptied(file, size);
        file.Rwsem.ReleaseWrite(cpu);
        return size != old;
    }

    /// <summary>FALLOC_FL_PUNCH_HOLE over [start, end): private copies stay.</summary>
    public virtual async Flow<bool> Punch(Cpu cpu, Inode file, int start, int end)
    {
        await file.Rwsem.AcquireWrite(cpu, PunchLock);
        if (file.IsShmem)
        {
            await R.Shmem.Punch(cpu, file, start, end);
        }
        else
        {
            await file.InvalidateLock.AcquireWrite(cpu, Invalidate);
            await PunchDisk(cpu, file, start, end);
            file.InvalidateLock.ReleaseWrite(cpu);
        }

        file.Rwsem.ReleaseWrite(cpu);
        return true;
    }

    /// <summary>evict: the last user of an unlinked file is gone.</summary>
    public virtual async Flow Evict(Cpu cpu, Inode file)
    {
        if (file.IsShmem)
        {
            await R.Shmem.Undo(cpu, file, 0, Inode.PagesMax, isPunch: false);
        }
        else
        {
            await TruncatePages(cpu, file, 0, Inode.PagesMax, isPunch: false);
            await FreeBlocks(cpu, file, 0, Inode.PagesMax);
        }

        K.BugOn(file.FolioCount != 0, "BUG_ON(inode->i_data.nrpages)", "clear_inode", file);
    }

    /// <summary>truncate_inode_folio: unmaps a locked folio for good and takes it out of the page cache; not if it has
    /// left that already.</summary>
    public virtual async Flow RemoveFolio(Cpu cpu, Folio folio, Inode file)
    {
        if (await R.PageCache.IsStill(cpu, folio, file))
        {
            await Cleanup(cpu, folio);
            await R.PageCache.Remove(cpu, folio, discard: true);
        }
    }

    /// <summary>The second unmap pass of a truncation: for private copies that were made since the first.</summary>
    public virtual Flow UnmapAgain(Cpu cpu, Inode file, int start) =>
        R.UnmapMapping.Range(cpu, file, start, Inode.PagesMax, evenCows: true);

    /// <summary>truncate_setsize, and the file system's own part after it.</summary>
    protected virtual async Flow ResizeDisk(Cpu cpu, Inode file, int size)
    {
        await cpu.At(SetSize, file.Word);
        file.SetSize(size);
        await R.UnmapMapping.Range(cpu, file, size, Inode.PagesMax, evenCows: true);
        await TruncatePages(cpu, file, size, Inode.PagesMax, isPunch: false);
        await UnmapAgain(cpu, file, size);
        await FreeBlocks(cpu, file, size, Inode.PagesMax);
    }

    /// <summary>truncate_pagecache_range, and the file system's own part after it.</summary>
    protected virtual async Flow PunchDisk(Cpu cpu, Inode file, int start, int end)
    {
        await R.UnmapMapping.Range(cpu, file, start, end, evenCows: false);
        await TruncatePages(cpu, file, start, end, isPunch: true);
        await FreeBlocks(cpu, file, start, end);
    }

    /// <summary>truncate_inode_pages_range: first all that can be had without waiting, then the rest.</summary>
    protected virtual async Flow TruncatePages(Cpu cpu, Inode file, int start, int end, bool isPunch)
    {
        await cpu.At(TestEmpty, file.XarrayLock);
        if (file.FolioCount == 0)
        {
            return;
        }

        await TruncateBatch(cpu, file, start, end);
        await TruncateLocked(cpu, file, start, end);
        if (isPunch && end - 1 != start)
        {
            await TruncateLocked(cpu, file, end - 1, end);
        }

        bool any = true;
        while (any)
        {
            any = false;
            for (int index = start; index < end; index++)
            {
                CacheEntry entry = await R.PageCache.Lookup(cpu, file, index);
                if (entry.Folio is { } folio)
                {
                    any = true;
                    await R.Locking.Lock(cpu, folio);
                    await R.Locking.WaitForWriteback(cpu, folio);
                    await RemoveFolio(cpu, folio, file);
                    await R.PageCache.UnlockAndPut(cpu, folio);
                }
            }
        }
    }

    /// <summary>find_lock_entries and delete_from_page_cache_batch: the pass that does not wait.</summary>
    protected virtual async Flow TruncateBatch(Cpu cpu, Inode file, int start, int end)
    {
        List<Folio> batch = batches[cpu.Index];
        batch.Clear();
        for (int index = start; index < end; index++)
        {
            CacheEntry entry = await R.PageCache.LookupTrylocked(cpu, file, index);
            if (entry.Folio is { } folio)
            {
                batch.Add(folio);
            }
        }

        if (batch.Count == 0)
        {
            return;
        }

        foreach (Folio folio in batch)
        {
            await Cleanup(cpu, folio);
        }

        await file.XarrayLock.Acquire(cpu, BatchLock);
        foreach (Folio folio in batch)
        {
            await R.PageCache.Delete(cpu, file, folio, discard: true);
        }

        file.XarrayLock.Release(cpu);
        foreach (Folio folio in batch)
        {
            await R.Free.Put(cpu, folio, Holder.PageCache);
        }

        foreach (Folio folio in batch)
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
        }
    }

    /// <summary>truncate_inode_partial_folio of the first or last page, which the range covers as a whole.</summary>
    protected virtual async Flow TruncateLocked(Cpu cpu, Inode file, int index, int end)
    {
        if (index < end && await R.PageCache.LookupLocked(cpu, file, index) is { } folio)
        {
            await R.Locking.WaitForWriteback(cpu, folio);
            await RemoveFolio(cpu, folio, file);
            await R.PageCache.UnlockAndPut(cpu, folio);
        }
    }

    /// <summary>truncate_cleanup_folio: the redo of the unmap under the folio's lock, then it is clean.</summary>
    protected virtual async Flow Cleanup(Cpu cpu, Folio folio)
    {
        await cpu.At(TestMapped, folio.MapcountWord);
        if (folio.Mapped)
        {
            await R.UnmapMapping.One(cpu, folio);
        }

        await cpu.At(CancelDirty, folio.FlagsWord);
        if (folio.Has(PageFlag.Dirty))
        {
            folio.Clear(PageFlag.Dirty);
        }
    }

    /// <summary>The file system frees the blocks: they read zero from now on.</summary>
    protected virtual async Flow FreeBlocks(Cpu cpu, Inode file, int start, int end)
    {
        // One step for all: the invalidate_lock keeps everybody from reading them meanwhile.
        await cpu.At(FreeBlock, file.DiskWord(Math.Min(start, Inode.PagesMax - 1)));
        for (int index = start; index < end; index++)
        {
            file.WriteDisk(index, 0);
            file.TruthStore(index, 0);
        }
    }

    /// <summary>Ground truth at the end of a truncation: nobody maps anything behind the end of the file.</summary>
    private void TruthEmptied(Inode file, int size)
    {
        foreach (Vma vma in file.Mmap)
        {
            for (int page = Math.Max(vma.AddressOf(size), vma.Start); page < vma.End; page++)
            {
                if (!vma.Mm[page].IsNone)
                {
                    K.TruthBroken.Add(
                        $"truncate: {vma.Mm[page].Kind}: {vma.Mm} p{page} is {vma.Mm[page]} behind the end of {file}");
                    vma.Mm.TruthDiscard(page);
                }
            }
        }
    }
}
