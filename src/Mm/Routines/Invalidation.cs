using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Dropping clean page cache (mm/truncate.c: invalidate_inode_pages2_range, v6.18), as direct I/O
/// does.</summary>
/// <remarks>Files of shmem have no caller. Left out: launder_folio, private data of file systems.</remarks>
public class Invalidation : Routine
{
    protected static readonly Point TestMapped =
        Points.Define("InvalidateTestMapped", "invalidate_inode_pages2_range", Access.Read);
    protected static readonly Point TestLocked =
        Points.Define("InvalidateTestLockedMapped", "folio_unmap_invalidate", Access.Read);
    protected static readonly Point TestUnmapped =
        Points.Define("InvalidateTestUnmapped", "folio_unmap_invalidate", Access.Read);
    protected static readonly Point RemoveLock =
        Points.Define("InvalidateRemoveLock", "folio_unmap_invalidate", Access.Acquire);
    protected static readonly Point TestDirty =
        Points.Define("InvalidateTestDirty", "folio_unmap_invalidate", Access.Read);

    /// <summary>invalidate_inode_pages2_range of one page.</summary>
    /// <returns>Whether the page has left the page cache.</returns>
    public virtual async Flow<bool> Pages2(Cpu cpu, Inode file, int index)
    {
        if (file.IsShmem || (await R.PageCache.Lookup(cpu, file, index)).Folio is not { } folio)
        {
            return false;
        }

        await cpu.At(TestMapped, folio.MapcountWord);
        if (folio.Mapped)
        {
            await R.UnmapMapping.Range(cpu, file, index, index + 1, evenCows: false);
        }

        await R.Locking.Lock(cpu, folio);
        bool gone = false;
        if (await R.PageCache.IsStill(cpu, folio, file))
        {
            await R.Locking.WaitForWriteback(cpu, folio);
            gone = await UnmapInvalidate(cpu, file, folio);
        }

        await R.PageCache.UnlockAndPut(cpu, folio);
        return gone;
    }

    /// <summary>folio_unmap_invalidate: unmaps a locked folio for good, and drops it unless it is dirty: then it stays,
    /// unmapped.</summary>
    protected virtual async Flow<bool> UnmapInvalidate(Cpu cpu, Inode file, Folio folio)
    {
        await cpu.At(TestLocked, folio.MapcountWord);
        if (folio.Mapped)
        {
            await R.UnmapMapping.One(cpu, folio);
        }

        await cpu.At(TestUnmapped, folio.MapcountWord);
        K.BugOn(folio.Mapped, "BUG_ON(folio_mapped(folio))", "folio_unmap_invalidate", folio);
        await file.XarrayLock.Acquire(cpu, RemoveLock);
        await cpu.At(TestDirty, folio.FlagsWord);
        bool clean = !folio.Has(PageFlag.Dirty);
        if (clean)
        {
            await R.PageCache.Delete(cpu, file, folio, discard: false);
        }

        file.XarrayLock.Release(cpu);
        if (clean)
        {
            await R.Free.Put(cpu, folio, Holder.PageCache);
        }

        return clean;
    }
}
