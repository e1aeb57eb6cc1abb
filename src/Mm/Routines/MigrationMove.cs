using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>
/// The move itself: content, identity, place in the swap cache or the page cache, flags (mm/migrate.c:
/// move_to_new_folio, v6.18).
/// </summary>
/// <remarks>
/// The part of <see cref="Migrate"/> that runs with both folios locked and nobody mapping them. Stores to the new
/// folio have no steps of their own while nobody can find it, except where they could wipe out somebody else's bit.
/// </remarks>
public abstract class MigrationMove : MigrationEntries
{
    protected static readonly Point CopyData = Points.Define("MigrateCopyData", "folio_mc_copy", Access.Read);
    protected static readonly Point TestWriteback =
        Points.Define("MigrateTestWriteback", "migrate_folio_unmap", Access.Read);
    protected static readonly Point CompareRefs = Points.Define("MigrateCompareRefs", "__migrate_folio", Access.Read);
    protected static readonly Point ReadFlags =
        Points.Define("MigrateReadFlags", "__folio_migrate_mapping", Access.Read);
    protected static readonly Point WriteFlags =
        Points.Define("MigrateWriteFlags", "__folio_migrate_mapping", Access.Write);
    protected static readonly Point CacheLock =
        Points.Define("MigrateClusterLock", "__folio_migrate_mapping", Access.Acquire);
    protected static readonly Point Freeze = Points.Define("MigrateFreeze", "__folio_migrate_mapping", Access.Rmw);
    protected static readonly Point MoveDirty =
        Points.Define("MigrateMoveDirty", "__folio_migrate_mapping", Access.Rmw);
    protected static readonly Point FileLock =
        Points.Define("MigrateXarrayLock", "__folio_migrate_mapping", Access.Acquire);
    protected static readonly Point ReplaceEntry =
        Points.Define("MigrateReplaceEntry", "__folio_migrate_mapping", Access.Write);
    protected static readonly Point ClearMapping =
        Points.Define("MigrateClearMapping", "move_to_new_folio", Access.Write);
    protected static readonly Point Unfreeze = Points.Define("MigrateUnfreeze", "__folio_migrate_mapping", Access.Rmw);
    protected static readonly Point TakeFlags = Points.Define("MigrateTakeFlags", "folio_migrate_flags", Access.Rmw);
    protected static readonly Point GiveFlags = Points.Define("MigrateGiveFlags", "folio_migrate_flags", Access.Rmw);
    protected static readonly Point ClearCache =
        Points.Define("MigrateClearSwapcache", "folio_migrate_flags", Access.Rmw);

    /// <summary>Waits for writeback, or says that it is not over.</summary>
    protected virtual async Flow<bool> WritebackOver(Cpu cpu, Folio source, bool sync)
    {
        if (sync)
        {
            await R.Locking.WaitForWriteback(cpu, source);
            return true;
        }

        await cpu.At(TestWriteback, source.FlagsWord);
        return !source.Has(PageFlag.Writeback);
    }

    /// <summary>
    /// move_to_new_folio and __migrate_folio: the content first, then the identity. False: somebody else has a
    /// reference.
    /// </summary>
    protected virtual async Flow<bool> MoveToNewFolio(Cpu cpu, Folio target, Folio source)
    {
        K.BugOn(!source.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(src))", "move_to_new_folio", source);
        K.BugOn(!target.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(dst))", "move_to_new_folio", target);
        K.BugOn(source.Has(PageFlag.Writeback), "BUG_ON(folio_test_writeback(src))", "migrate_folio", source);
        await cpu.At(CompareRefs, source.RefcountWord);
        Inode? file = source.File;
        int cached = source.Has(PageFlag.Swapcache) ? source.PageCount : 0;
        int expected = 1 + source.Mapcount + cached + (file is null ? 0 : 1);
        if (source.Refcount != expected)
        {
            return false;
        }

        await CopyPages(cpu, target, source);
        if (file is not null)
        {
            if (!await MoveInPageCache(cpu, target, source, file, expected))
            {
                return false;
            }
        }
        else if (!source.Has(PageFlag.Swapcache))
        {
            // No second look at the references of a small folio: without an entry nobody can take one. But a scanner of
            // the deferred split queue can.
            if (source.IsLarge && !await UnqueueFrozen(cpu, source, expected))
            {
                return false;
            }

            await MoveIdentity(cpu, target, source);
        }
        else if (!await MoveInSwapCache(cpu, target, source, expected))
        {
            return false;
        }

        await MigrateFlags(cpu, target, source);
        if (file is not null)
        {
            await cpu.At(ClearMapping, source.MappingWord);
            source.SetFile(null);
        }

        return true;
    }

    /// <summary>
    /// __folio_migrate_mapping for a folio in the page cache: with its references frozen and the xarray locked.
    /// </summary>
    protected virtual async Flow<bool> MoveInPageCache(Cpu cpu, Folio target, Folio source, Inode file, int expected)
    {
        await file.XarrayLock.Acquire(cpu, FileLock);
        await cpu.At(Freeze, source.RefcountWord);
        if (!source.Freeze(expected))
        {
            file.XarrayLock.Release(cpu);
            return false;
        }

        target.SetFile(file);
        target.Get(Holder.PageCache);
        await MoveIdentity(cpu, target, source);
        if (source.Has(PageFlag.Dirty))
        {
            await cpu.At(MoveDirty, source.FlagsWord);
            source.Clear(PageFlag.Dirty);
            target.Set(PageFlag.Dirty);
        }

        await cpu.At(ReplaceEntry, file.EntryWord(source.Index));
        file.SetEntry(source.Index, target);
        await cpu.At(Unfreeze, source.RefcountWord);
        source.ForgetHolder(Holder.PageCache);
        source.Unfreeze(expected - 1);
        file.XarrayLock.Release(cpu);
        return true;
    }

    /// <summary>mem_cgroup_migrate: from here on the old folio is nobody's.</summary>
    protected virtual Flow MoveCharge(Cpu cpu, Folio target, Folio source) => R.Memcg.Migrate(cpu, source, target);

    /// <summary>folio_mc_copy.</summary>
    protected abstract Flow CopyPages(Cpu cpu, Folio target, Folio source);

    /// <summary>The part of __folio_migrate_mapping for a large folio without swap cache.</summary>
    protected abstract Flow<bool> UnqueueFrozen(Cpu cpu, Folio source, int expected);

    /// <summary>
    /// __folio_migrate_mapping for a folio in the swap cache: with its references frozen and the cluster locked.
    /// </summary>
    protected virtual async Flow<bool> MoveInSwapCache(Cpu cpu, Folio target, Folio source, int expected)
    {
        int slot = source.SwapSlot;
        await K.Swap.ClusterLock.Acquire(cpu, CacheLock);
        await cpu.At(Freeze, source.RefcountWord);
        if (!source.Freeze(expected))
        {
            K.Swap.ClusterLock.Release(cpu);
            return false;
        }

        await R.DeferredSplit.Unqueue(cpu, source);
        target.Get(Holder.SwapCache, source.PageCount);
        await MoveIdentity(cpu, target, source);
        target.SwapSlot = slot;
        target.Set(PageFlag.Swapcache);
        if (source.Has(PageFlag.Dirty))
        {
            await cpu.At(MoveDirty, source.FlagsWord);
            source.Clear(PageFlag.Dirty);
            target.Set(PageFlag.Dirty);
        }

        await R.SwapCache.Replace(cpu, source, target);
        await cpu.At(Unfreeze, source.RefcountWord);
        source.ForgetHolder(Holder.SwapCache, source.PageCount);
        source.Unfreeze(expected - source.PageCount);
        K.Swap.ClusterLock.Release(cpu);
        return true;
    }

    /// <summary>
    /// Index, mapping and PG_swapbacked: nobody can find the new folio yet, but somebody may be after the frame's
    /// last one.
    /// </summary>
    protected virtual async Flow MoveIdentity(Cpu cpu, Folio target, Folio source)
    {
        target.SetIndex(source.Index);
        if (source.Mapping is { } anonVma)
        {
            target.SetMapping(anonVma);
        }
        else if (source.Ksm)
        {
            target.SetStableNode(source.StableNode);
        }

        if (source.Has(PageFlag.Swapbacked))
        {
            await cpu.At(ReadFlags, target.FlagsWord);
            PageFlag word = target.Flags;
            await cpu.At(WriteFlags, target.FlagsWord);
            target.StoreFlags(word | PageFlag.Swapbacked, PageFlag.Swapbacked);
        }
    }

    /// <summary>
    /// folio_migrate_flags. Until its end the old folio says it is in the swap cache; only its lock hides that.
    /// </summary>
    protected virtual async Flow MigrateFlags(Cpu cpu, Folio target, Folio source)
    {
        const PageFlag Moved = PageFlag.Referenced | PageFlag.Uptodate | PageFlag.Active | PageFlag.Dirty
            | PageFlag.AnonExclusive | PageFlag.Reclaim | PageFlag.Unevictable;
        await cpu.At(TakeFlags, source.FlagsWord);
        PageFlag flags = source.Flags & Moved;
        K.BugOn(
            source.Has(PageFlag.Active | PageFlag.Unevictable), "VM_BUG_ON_FOLIO(folio_test_unevictable(folio))",
            "folio_migrate_flags", source);
        source.Clear(PageFlag.Active | PageFlag.Unevictable);
        await cpu.At(GiveFlags, target.FlagsWord);
        target.Set(flags);
        if (source.Ksm)
        {
            await R.KsmRmap.MigrateNode(cpu, target, source);
        }

        if (source.Has(PageFlag.Swapcache))
        {
            await cpu.At(ClearCache, source.FlagsWord);
            source.Clear(PageFlag.Swapcache);
            source.SwapSlot = -1;
        }

        await MoveCharge(cpu, target, source);
    }
}
