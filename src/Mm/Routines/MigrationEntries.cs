using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>
/// Migration entries: putting them in, taking them out, waiting for them (mm/rmap.c, mm/migrate.c, mm/filemap.c,
/// v6.18).
/// </summary>
/// <remarks>
/// The part of <see cref="Migrate"/> that walks page tables. Left out: batched TLB flushes, mlock, hwpoison, PVMW
/// walks over more than one entry, VMAs that exec moves.
/// </remarks>
public abstract class MigrationEntries : Routine
{
    protected static readonly Point TestExclusive =
        Points.Define("MigrateTestExclusive", "try_to_migrate_one", Access.Read);
    protected static readonly Point ClearPte = Points.Define("MigrateClearPte", "try_to_migrate_one", Access.Rmw);
    protected static readonly Point SetDirty = Points.Define("MigrateSetDirty", "try_to_migrate_one", Access.Rmw);
    protected static readonly Point UndoPte = Points.Define("MigrateUndoPte", "try_to_migrate_one", Access.Write);
    protected static readonly Point SetEntry = Points.Define("MigrateSetEntry", "try_to_migrate_one", Access.Write);
    protected static readonly Point WalkMapping =
        Points.Define("RestoreReadMapping", "rmap_walk_anon_lock", Access.Read);
    protected static readonly Point WalkLock =
        Points.Define("RestoreAnonVmaLock", "rmap_walk_anon_lock", Access.Acquire);
    protected static readonly Point RestorePtl = Points.Define("RestorePtl", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point RestoreGet = Points.Define("RestoreGetFolio", "remove_migration_pte", Access.Rmw);
    protected static readonly Point RestorePte = Points.Define("RestoreSetPte", "remove_migration_pte", Access.Write);
    protected static readonly Point WaitPtl = Points.Define("MigrationWaitPtl", "migration_entry_wait", Access.Acquire);

    /// <summary>
    /// migration_entry_wait: sleeps until the folio that a migration entry names is unlocked. Takes no reference.
    /// </summary>
    public virtual async Flow WaitOnMigrationEntry(Cpu cpu, MmStruct mm, int page)
    {
        await mm.Ptl.Acquire(cpu, WaitPtl);
        Pte pte = mm[page];
        if (!pte.IsMigration)
        {
            mm.Ptl.Release(cpu);
            return;
        }

        Folio folio = K.Folios[pte.Target];
        K.BugOn(
            !folio.Has(PageFlag.Locked), "BUG_ON(is_migration_entry(entry) && !folio_test_locked(folio))",
            "pfn_swap_entry_folio", folio);

        // The entry, which the ptl keeps in place, keeps the folio alive; once queued it must not be touched any more.
        IWaitable? sleep = await R.Locking.QueueFor(cpu, folio, PageFlag.Locked, exclusive: false);
        mm.Ptl.Release(cpu);
        if (sleep is not null)
        {
            await R.Locking.SleepFor(cpu, folio, sleep);
        }
    }

    /// <summary>
    /// try_to_migrate: the rmap walk; an entry that is being zapped is not seen, and leaves the folio mapped.
    /// </summary>
    protected virtual async Flow TryToMigrate(Cpu cpu, Folio folio)
    {
        AnonVma? anonVma = (await R.RmapWalk.LockRead(cpu, folio, tryOnly: false)).AnonVma;
        if (anonVma is null)
        {
            return;
        }

        for (int i = 0; i < anonVma.Tree.Count; i++)
        {
            Vma vma = anonVma.Tree[i].Vma;
            if (!vma.Covers(folio.Index) || !await R.Unmap.FindMapping(cpu, folio, vma.Mm))
            {
                continue;
            }

            bool more = await MigrateMapping(cpu, folio, vma.Mm, folio.Index);
            vma.Mm.Ptl.Release(cpu);
            if (!more || !folio.Mapped)
            {
                break;
            }
        }

        R.RmapWalk.Unlock(cpu, anonVma);
    }

    /// <summary>try_to_migrate_one with the ptl held. False stops the walk: the page may be pinned.</summary>
    protected virtual async Flow<bool> MigrateMapping(Cpu cpu, Folio folio, MmStruct mm, int page)
    {
        await cpu.At(TestExclusive, folio.FlagsWord);
        bool exclusive = folio.Has(PageFlag.AnonExclusive);
        await cpu.At(ClearPte, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        if (pte.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        K.BugOn(
            pte.Writable && !exclusive, "VM_WARN_ON_FOLIO(writable && folio_test_anon(folio) && !anon_exclusive)",
            "try_to_migrate_one", folio);
        if (exclusive && !await R.Rmap.TryShare(cpu, folio))
        {
            await cpu.At(UndoPte, mm.PteWord(page));
            mm.SetPte(page, pte);
            return false;
        }

        PteFlag flags = pte.Flags & (PteFlag.Write | PteFlag.Dirty | PteFlag.Young);
        if (exclusive && !pte.Writable)
        {
            flags |= PteFlag.Exclusive;
        }

        await cpu.At(SetEntry, mm.PteWord(page));
        mm.SetPte(page, new Pte(PteKind.Migration, folio.Pfn, flags));
        await R.Rmap.RemoveOne(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Mapping);
        return true;
    }

    /// <summary>
    /// remove_migration_ptes: the entries that name <paramref name="source"/> map <paramref name="target"/> from now
    /// on.
    /// </summary>
    protected virtual async Flow RemoveMigrationPtes(Cpu cpu, Folio source, Folio target)
    {
        // Nobody maps the folio, so nothing proves that the anon_vma lives but the reference taken before it was
        // unmapped.
        await cpu.At(WalkMapping, target.MappingWord);
        if (target.Mapping is not { } anonVma || K.BugOn(
            anonVma.IsForeign, "BUG: KASAN: slab-use-after-free in down_read", "rmap_walk_anon_lock", anonVma))
        {
            return;
        }

        Rwsem rwsem = anonVma.Root.Rwsem;
        await rwsem.AcquireRead(cpu, WalkLock);
        for (int i = 0; i < anonVma.Tree.Count; i++)
        {
            Vma vma = anonVma.Tree[i].Vma;
            if (vma.Covers(target.Index))
            {
                await RestoreMapping(cpu, source, target, vma);
            }
        }

        rwsem.ReleaseRead(cpu);
    }

    /// <summary>remove_migration_pte, with PVMW_SYNC: the ptl is taken whatever the entry looks like.</summary>
    protected virtual async Flow RestoreMapping(Cpu cpu, Folio source, Folio target, Vma vma)
    {
        MmStruct mm = vma.Mm;
        int page = target.Index;
        await mm.Ptl.Acquire(cpu, RestorePtl);
        Pte entry = mm[page];
        if (entry.IsMigration && entry.Target == source.Pfn)
        {
            await cpu.At(RestoreGet, target.RefcountWord);
            K.BugOn(
                target.Refcount <= 0, "VM_BUG_ON_FOLIO(folio_ref_zero_or_close_to_overflow(folio))",
                "folio_get", target);
            target.Get(Holder.Mapping);
            PteFlag flags = entry.Flags & (PteFlag.Write | PteFlag.Young);
            if (entry.Dirty && target.Has(PageFlag.Dirty))
            {
                flags |= PteFlag.Dirty;
            }

            await R.Rmap.Add(cpu, target, vma, page, exclusive: entry.Writable || entry.Exclusive);
            await cpu.At(RestorePte, mm.PteWord(page));
            mm.SetPte(page, new Pte(PteKind.Present, target.Pfn, flags));
        }

        mm.Ptl.Release(cpu);
    }
}
