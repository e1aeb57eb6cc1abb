using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Migration of one folio (mm/migrate.c; mm/compaction.c; mm/rmap.c: try_to_migrate; v6.18).</summary>
/// <remarks>
/// Left out: several folios in one batch; hugetlb, movable_operations; nodes and zones (the new frame is any free
/// frame). lru_cache_disable only drains the batch of its own cpu, and does not make later additions drain at once: a
/// folio in a batch cannot be isolated, as when the call comes a little earlier. Fewer passes than the kernel, see
/// <see cref="AsyncPasses"/>.
/// </remarks>
public class Migrate : CompactionScan
{
    /// <summary>Tries without sleeping; 10 in the kernel for compaction, 3 for move_pages.</summary>
    protected const int AsyncPasses = 2;

    /// <summary>Tries of move_pages that may sleep; 7 in the kernel.</summary>
    protected const int SyncPasses = 3;

    protected static readonly Point MoveMmapLock =
        Points.Define("MovePagesMmapLock", "add_folio_for_migration", Access.Acquire);
    protected static readonly Point TestFreed = Points.Define("MigrateTestFreed", "migrate_pages_batch", Access.Read);
    protected static readonly Point TestMapped = Points.Define("MigrateTestMapped", "migrate_folio_unmap", Access.Read);
    protected static readonly Point TestUnmapped =
        Points.Define("MigrateTestUnmapped", "migrate_folio_unmap", Access.Read);

    private readonly Migration?[] migrations = new Migration?[Kernel.CpusMax];

    /// <summary>move_pages(MPOL_MF_MOVE_ALL) for one address: shared pages move too, and the call may sleep.</summary>
    /// <returns>Whether a folio was isolated, moved or not.</returns>
    public virtual async Flow<bool> MovePage(Cpu cpu, MmStruct mm, int page)
    {
        await R.Lru.Drain(cpu);
        Migration migration = Begin(cpu);
        await mm.MmapLock.AcquireRead(cpu, MoveMmapLock);
        bool isolated = mm.FindVma(page) is not null && await IsolateMapped(cpu, mm, page, migration.From);
        mm.MmapLock.ReleaseRead(cpu);
        if (isolated)
        {
            await MigrateOne(cpu, migration, sync: true);
        }

        return isolated;
    }

    /// <summary>Migration of a folio that the caller has isolated and will not give back to the allocator: on success
    /// the isolation's reference is left.</summary>
    /// <returns>Whether it was moved, or had no other user left.</returns>
    public virtual Flow<bool> MoveOffline(Cpu cpu, Folio folio)
    {
        Migration migration = Begin(cpu);
        migration.KeepsSource = true;
        migration.From.AddTail(folio);
        return MigrateOne(cpu, migration, sync: true);
    }

    /// <summary>Compaction of one folio: found by frame number, moved without sleeping.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="nth">Which of the folios with PG_lru, 1 for the one with the lowest frame number; counts
    /// round.</param>
    /// <returns>Whether a folio was isolated, moved or not.</returns>
    public virtual async Flow<bool> Compact(Cpu cpu, int nth)
    {
        Migration migration = Begin(cpu);
        if (!await IsolateByFrame(cpu, migration.From, nth))
        {
            return false;
        }

        await MigrateOne(cpu, migration, sync: false);
        return true;
    }

    /// <summary>
    /// migrate_folio_unmap: allocates the new folio, locks both, puts migration entries in place of all mappings.
    /// </summary>
    protected virtual async Flow<MigrateResult> UnmapFolio(Cpu cpu, Migration migration, bool sync)
    {
        Folio source = migration.Source;
        if (await R.Free.Allocate(cpu, source.Order) is not { } target)
        {
            return MigrateResult.NoMemory;
        }

        migration.Target = target;
        migration.Sync = sync;
        migration.AnonVma = null;
        migration.WasMapped = false;
        if (!await R.Locking.TryLock(cpu, source))
        {
            if (!sync)
            {
                await UndoTarget(cpu, target, locked: false);
                return MigrateResult.Again;
            }

            await R.Locking.Lock(cpu, source);
        }

        migration.WasMlocked = source.Has(PageFlag.Mlocked);
        if (!await WritebackOver(cpu, source, sync))
        {
            await UndoSource(cpu, migration);
            await UndoTarget(cpu, target, locked: false);
            return MigrateResult.Busy;
        }

        if (source.Anon && !source.Ksm)
        {
            migration.AnonVma = await R.RmapWalk.GetAnonVma(cpu, source);
        }

        // Somebody may still be after the folio that this frame was before: a real trylock.
        bool locked = await R.Locking.TryLock(cpu, target);
        if (locked && await ReplaceMappings(cpu, migration))
        {
            return MigrateResult.Done;
        }

        await UndoSource(cpu, migration);
        await UndoTarget(cpu, target, locked);
        return MigrateResult.Again;
    }

    /// <summary>
    /// What migrate_folio_move does once the new folio is the folio: LRU, mappings, and the old one's end.
    /// </summary>
    protected virtual async Flow FinishMove(Cpu cpu, Migration migration)
    {
        Folio source = migration.Source;
        Folio target = migration.Target;
        await R.Lru.Add(cpu, target);
        if (migration.WasMlocked)
        {
            await R.Lru.Drain(cpu);
        }

        if (migration.WasMapped)
        {
            await MapTarget(cpu, migration);
        }

        await R.Locking.Unlock(cpu, target);
        await R.Free.Put(cpu, target, Holder.Allocation);
        FolioList.Remove(K, source);
        await PutAnonVma(cpu, migration);
        await R.Locking.Unlock(cpu, source);
        await PutSource(cpu, migration);
    }

    /// <summary>The new folio takes the place of the old one in all page tables.</summary>
    protected virtual Flow MapTarget(Cpu cpu, Migration migration) =>
        RemoveMigrationPtes(cpu, migration.Source, migration.Target);

    /// <summary>Both folios are locked. False: the old one still is mapped.</summary>
    protected virtual async Flow<bool> ReplaceMappings(Cpu cpu, Migration migration)
    {
        Folio source = migration.Source;
        if (source.HasMapping)
        {
            await cpu.At(TestMapped, source.MappedWord);
            if (source.Mapped)
            {
                K.BugOn(
                    source.Anon && !source.Ksm && migration.AnonVma is null,
                    "VM_BUG_ON_FOLIO(folio_test_anon(src) && !folio_test_ksm(src) && !anon_vma)",
                    "migrate_folio_unmap", source);
                await TryToMigrate(cpu, source, batched: !migration.Sync);
                migration.WasMapped = true;
            }
        }

        await cpu.At(TestUnmapped, source.MappedWord);
        return !source.Mapped;
    }

    /// <summary>migrate_pages for a list of one folio, and putback_movable_pages if it could not be moved. If it was
    /// split, its pages are tried once each, without sleeping.</summary>
    protected virtual async Flow<bool> MigrateOne(Cpu cpu, Migration migration, bool sync)
    {
        migration.Source = migration.From.First!;
        MigrateResult result = await Batch(cpu, migration, sync: false, AsyncPasses);
        if (sync && result is MigrateResult.Again or MigrateResult.Busy)
        {
            result = await Batch(cpu, migration, sync: true, SyncPasses);
        }

        for (int parts = migration.From.Count; result == MigrateResult.Split && parts > 0; parts--)
        {
            migration.Source = migration.From.First!;
            if (await Batch(cpu, migration, sync: false, passes: 1) != MigrateResult.Done)
            {
                FolioList.Remove(K, migration.Source);
                migration.From.AddTail(migration.Source);
            }
        }

        while (migration.From.First is { } left)
        {
            FolioList.Remove(K, left);
            await R.Lru.Putback(cpu, left);
        }

        return result == MigrateResult.Done;
    }

    /// <summary>migrate_folio_done.</summary>
    protected virtual Flow PutSource(Cpu cpu, Migration migration) =>
        migration.KeepsSource ? Flow.Done : R.Free.Put(cpu, migration.Source, Holder.Isolation);

    /// <summary>
    /// migrate_pages_batch for one folio: passes that unmap, then passes that move with both folios still locked.
    /// </summary>
    protected virtual async Flow<MigrateResult> Batch(Cpu cpu, Migration migration, bool sync, int passes)
    {
        Folio source = migration.Source;
        MigrateResult result = MigrateResult.Again;
        for (int pass = 0; pass < passes && result == MigrateResult.Again; pass++)
        {
            if (await IsPartiallyMapped(cpu, source) && await TrySplit(cpu, migration, sync))
            {
                return MigrateResult.Split;
            }

            await cpu.At(TestFreed, source.RefcountWord);
            if (source.Refcount == 1)
            {
                // Freed from under us: the isolation's reference is the last.
                source.Clear(PageFlag.Active | PageFlag.Unevictable);
                FolioList.Remove(K, source);
                await PutSource(cpu, migration);
                return MigrateResult.Done;
            }

            result = await UnmapFolio(cpu, migration, sync);
        }

        if (result == MigrateResult.NoMemory && source.IsLarge && await TrySplit(cpu, migration, sync))
        {
            return MigrateResult.Split;
        }

        // Before the copy: nobody stores to the old page any more.
        await FlushUnmapped(cpu);
        if (result != MigrateResult.Done)
        {
            return result;
        }

        for (int pass = 0; pass < passes; pass++)
        {
            if (await MoveToNewFolio(cpu, migration.Target, source))
            {
                await FinishMove(cpu, migration);
                return MigrateResult.Done;
            }
        }

        await UndoSource(cpu, migration);
        await UndoTarget(cpu, migration.Target, locked: true);
        return MigrateResult.Again;
    }

    /// <summary>The flush between the passes that unmap and those that move.</summary>
    protected virtual Flow FlushUnmapped(Cpu cpu) => R.Tlb.FlushBatch(cpu);

    /// <summary>migrate_folio_undo_src; the old folio is locked.</summary>
    protected virtual async Flow UndoSource(Cpu cpu, Migration migration)
    {
        if (migration.WasMapped)
        {
            await RemoveMigrationPtes(cpu, migration.Source, migration.Source);
        }

        await PutAnonVma(cpu, migration);
        await R.Locking.Unlock(cpu, migration.Source);
    }

    /// <summary>migrate_folio_undo_dst.</summary>
    protected virtual async Flow UndoTarget(Cpu cpu, Folio target, bool locked)
    {
        if (locked)
        {
            await R.Locking.Unlock(cpu, target);
        }

        await R.Free.Put(cpu, target, Holder.Allocation);
    }

    protected virtual async Flow PutAnonVma(Cpu cpu, Migration migration)
    {
        if (migration.AnonVma is { } anonVma)
        {
            await R.AnonVmas.Put(cpu, anonVma);
        }
    }

    private Migration Begin(Cpu cpu)
    {
        Migration migration = migrations[cpu.Index] ??= new Migration(K, $"migrated by cpu{cpu.Index}");
        migration.From.Reset();
        migration.KeepsSource = false;
        return migration;
    }
}
