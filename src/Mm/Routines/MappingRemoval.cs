using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>How reclaim takes the last references of a clean folio that nobody maps: __remove_mapping, and its like for
/// lazyfree folios (mm/vmscan.c, v6.18).</summary>
/// <remarks>The part of <see cref="Shrink"/> that removes. Left out: shadow entries.</remarks>
public abstract class MappingRemoval : Routine
{
    protected static readonly Point RemoveFileLock =
        Points.Define("RemoveMappingFileLock", "__remove_mapping", Access.Acquire);
    protected static readonly Point RemoveLock = Points.Define("RemoveMappingLock", "__remove_mapping", Access.Acquire);
    protected static readonly Point RemoveFreeze = Points.Define("RemoveMappingFreeze", "__remove_mapping", Access.Rmw);
    protected static readonly Point RemoveDirty =
        Points.Define("RemoveMappingTestDirty", "__remove_mapping", Access.Read);
    protected static readonly Point RemoveUnfreeze =
        Points.Define("RemoveMappingUnfreeze", "__remove_mapping", Access.Rmw);
    protected static readonly Point FreezeLazyfree =
        Points.Define("ShrinkFreezeLazyfree", "shrink_folio_list", Access.Rmw);

    /// <summary>The end of a lazyfree folio that nobody maps any more: nobody else may have a reference.</summary>
    protected virtual async Flow<bool> RemoveLazyfree(Cpu cpu, Folio folio)
    {
        await cpu.At(FreezeLazyfree, folio.RefcountWord);
        if (!folio.Freeze(1))
        {
            return false;
        }

        folio.KeepFrozen(Holder.SwapCache, Holder.Isolation);
        return true;
    }

    /// <summary>__remove_mapping: the last look: nobody but the swap cache and us holds it, and it is clean.</summary>
    protected virtual async Flow<bool> RemoveMapping(Cpu cpu, Folio folio)
    {
        if (!folio.Has(PageFlag.Swapcache))
        {
            return folio.File is { } file && await RemoveFromFile(cpu, file, folio);
        }

        int slot = folio.SwapSlot;
        await K.Swap.ClusterLock.Acquire(cpu, RemoveLock);
        await cpu.At(RemoveFreeze, folio.RefcountWord);
        if (!folio.Freeze(1 + folio.PageCount))
        {
            K.Swap.ClusterLock.Release(cpu);
            return false;
        }

        await cpu.At(RemoveDirty, folio.FlagsWord);
        if (folio.Has(PageFlag.Dirty))
        {
            await cpu.At(RemoveUnfreeze, folio.RefcountWord);
            folio.Unfreeze(1 + folio.PageCount);
            K.Swap.ClusterLock.Release(cpu);
            return false;
        }

        await R.SwapCache.DeleteLocked(cpu, folio);
        K.Swap.ClusterLock.Release(cpu);
        await R.Slots.PutFolio(cpu, slot, folio.PageCount);
        folio.KeepFrozen(Holder.SwapCache, Holder.Isolation);
        return true;
    }

    /// <summary>__remove_mapping of a clean page cache folio.</summary>
    protected virtual async Flow<bool> RemoveFromFile(Cpu cpu, Inode file, Folio folio)
    {
        await file.XarrayLock.Acquire(cpu, RemoveFileLock);
        await cpu.At(RemoveFreeze, folio.RefcountWord);
        if (!folio.Freeze(2))
        {
            file.XarrayLock.Release(cpu);
            return false;
        }

        await cpu.At(RemoveDirty, folio.FlagsWord);
        bool clean = !folio.Has(PageFlag.Dirty);
        if (clean)
        {
            await R.PageCache.Delete(cpu, file, folio, discard: false);
            folio.KeepFrozen(Holder.PageCache, Holder.Isolation);
        }
        else
        {
            await cpu.At(RemoveUnfreeze, folio.RefcountWord);
            folio.Unfreeze(2);
        }

        file.XarrayLock.Release(cpu);
        return clean;
    }
}
