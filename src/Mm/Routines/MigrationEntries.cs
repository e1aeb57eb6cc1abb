using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>
/// Migration entries: putting them in, taking them out, waiting for them (mm/rmap.c, mm/migrate.c, mm/filemap.c,
/// v6.18).
/// </summary>
/// <remarks>
/// The part of <see cref="Migrate"/> that walks page tables. Left out: hwpoison, PVMW
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
    protected static readonly Point SetPoison = Points.Define("MigrateSetPoison", "try_to_migrate_one", Access.Write);
    protected static readonly Point RestorePtl = Points.Define("RestorePtl", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point RestoreGet = Points.Define("RestoreGetFolio", "remove_migration_pte", Access.Rmw);
    protected static readonly Point RestoreSet = Points.Define("RestoreSetPte", "remove_migration_pte", Access.Write);
    protected static readonly Point WaitPmdLock =
        Points.Define("MigrationWaitPmdLock", "pmd_migration_entry_wait", Access.Acquire);
    protected static readonly Point WaitPtl = Points.Define("MigrationWaitPtl", "migration_entry_wait", Access.Acquire);

    private readonly bool[] batches = new bool[Kernel.CpusMax];
    private readonly MigrateWalk?[] migrateWalks = new MigrateWalk?[Kernel.CpusMax];
    private readonly RestoreWalk?[] restoreWalks = new RestoreWalk?[Kernel.CpusMax];

    /// <summary>
    /// migration_entry_wait: sleeps until the folio that a migration entry names is unlocked. Takes no reference.
    /// </summary>
    public virtual async Flow WaitOnMigrationEntry(Cpu cpu, MmStruct mm, int page)
    {
        await mm.Ptl(page).Acquire(cpu, WaitPtl);
        Pte pte = mm[page];
        if (!pte.IsMigration)
        {
            mm.Ptl(page).Release(cpu);
            return;
        }

        Folio folio = K.FolioOf(pte);
        K.BugOn(
            !folio.Has(PageFlag.Locked), "BUG_ON(is_migration_entry(entry) && !folio_test_locked(folio))",
            "pfn_swap_entry_folio", folio);

        // The entry, which the ptl keeps in place, keeps the folio alive; once queued it must not be touched any more.
        IWaitable? sleep = await R.Locking.QueueFor(cpu, folio, PageFlag.Locked, exclusive: false);
        mm.Ptl(page).Release(cpu);
        if (sleep is not null)
        {
            await R.Locking.SleepFor(cpu, folio, sleep);
        }
    }

    /// <summary>pmd_migration_entry_wait.</summary>
    public virtual async Flow WaitOnPmdMigrationEntry(Cpu cpu, MmStruct mm, PageTable table)
    {
        await mm.PmdLock.Acquire(cpu, WaitPmdLock);
        if (!table.Pmd.IsMigration)
        {
            mm.PmdLock.Release(cpu);
            return;
        }

        Folio folio = K.Folios[table.Pmd.Target];
        K.BugOn(
            !folio.Has(PageFlag.Locked), "BUG_ON(is_migration_entry(entry) && !folio_test_locked(folio))",
            "pfn_swap_entry_folio", folio);
        IWaitable? sleep = await R.Locking.QueueFor(cpu, folio, PageFlag.Locked, exclusive: false);
        mm.PmdLock.Release(cpu);
        if (sleep is not null)
        {
            await R.Locking.SleepFor(cpu, folio, sleep);
        }
    }

    /// <summary>
    /// try_to_migrate: the rmap walk; an entry that is being zapped is not seen, and leaves the folio mapped.
    /// </summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio, locked.</param>
    /// <param name="batched">TTU_BATCH_FLUSH: the caller flushes before it copies.</param>
    protected virtual async Flow TryToMigrate(Cpu cpu, Folio folio, bool batched)
    {
        batches[cpu.Index] = batched;
        if (folio.IsLarge)
        {
            await R.LargeMigration.TryToMigrate(cpu, folio, split: false);
            return;
        }

        MigrateWalk walk = migrateWalks[cpu.Index] ??= new MigrateWalk(this);
        await R.RmapWalk.Walk(cpu, folio, walk);
    }

    /// <summary>unmap_folio: for a split, with the root of the anon_vma locked; one flush at the end.</summary>
    public virtual async Flow UnmapForSplit(Cpu cpu, Folio folio)
    {
        batches[cpu.Index] = true;
        await R.LargeMigration.TryToMigrate(cpu, folio, split: true);
        await R.Tlb.FlushBatch(cpu);
    }

    /// <summary>try_to_migrate_one: the mapping in one VMA. False stops the walk.</summary>
    protected virtual async Flow<bool> MigrateIn(Cpu cpu, Folio folio, Vma vma, int page)
    {
        if (!await R.Unmap.FindMapping(cpu, folio, vma.Mm, page))
        {
            return true;
        }

        bool more = await MigrateMapping(cpu, folio, vma, page);
        vma.Mm.Ptl(page).Release(cpu);
        return more;
    }

    /// <summary>One entry of try_to_migrate_one with the ptl held. False stops the walk: the page may be
    /// pinned.</summary>
    public virtual async Flow<bool> MigrateMapping(Cpu cpu, Page mapped, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        Folio folio = mapped.Head;
        await cpu.At(TestExclusive, mapped.FlagsWord);
        bool exclusive = mapped.Has(PageFlag.AnonExclusive);
        await cpu.At(ClearPte, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        await FlushMigrated(cpu, mm, page, pte);
        if (pte.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        K.BugOn(
            pte.Writable && folio.Anon && !exclusive,
            "VM_WARN_ON_FOLIO(writable && folio_test_anon(folio) && !anon_exclusive)",
            "try_to_migrate_one", folio);
        if (folio.Has(PageFlag.HwPoison))
        {
            await ReplaceByPoison(cpu, folio, vma, page);
            return true;
        }

        if (exclusive && !await R.Rmap.TryShare(cpu, mapped))
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
        mm.SetPte(page, new Pte(PteKind.Migration, mapped.Pfn, flags));
        await R.Unmap.RemoveRmap(cpu, mapped, vma);
        await R.Free.Put(cpu, folio, Holder.Mapping);
        return true;
    }

    /// <summary>The flush of try_to_migrate_one: put off if the caller makes it, and the process may be running
    /// elsewhere.</summary>
    protected virtual Flow FlushMigrated(Cpu cpu, MmStruct mm, int page, Pte cleared) =>
        batches[cpu.Index] && R.Tlb.ShouldDefer(cpu, mm)
            ? R.Tlb.Defer(cpu, mm, cleared)
            : R.Tlb.FlushPage(cpu, mm, page);

    /// <summary>A poisoned page is not found again when migration ends: its entries become poison entries.</summary>
    protected virtual async Flow ReplaceByPoison(Cpu cpu, Folio folio, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        mm.AddRss(-1, 0);
        await cpu.At(SetPoison, mm.PteWord(page));
        mm.SetPte(page, new Pte(PteKind.HwPoison, folio.Pfn, PteFlag.None));
        mm.TruthDiscard(page);
        await R.Unmap.RemoveRmap(cpu, folio, vma);
        await R.Free.Put(cpu, folio, Holder.Mapping);
    }

    /// <summary>
    /// remove_migration_ptes: the entries that name <paramref name="source"/> map <paramref name="target"/> from now
    /// on.
    /// </summary>
    protected virtual async Flow RemoveMigrationPtes(Cpu cpu, Folio source, Folio target)
    {
        if (source.IsLarge)
        {
            await R.LargeMigration.RemoveMigrationPtes(cpu, source, target, locked: false, zeroPage: false);
            return;
        }

        RestoreWalk walk = restoreWalks[cpu.Index] ??= new RestoreWalk(this);
        walk.Source = source;
        await R.RmapWalk.Walk(cpu, target, walk);
    }

    /// <summary>remove_migration_pte, with PVMW_SYNC: the ptl is taken whatever the entry looks like.</summary>
    protected virtual async Flow RestoreMapping(Cpu cpu, Folio source, Folio target, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        await mm.Ptl(page).Acquire(cpu, RestorePtl);
        Pte entry = mm[page];
        if (entry.IsMigration && entry.Target == source.Pfn)
        {
            await RestorePte(cpu, target, vma, page);
        }

        mm.Ptl(page).Release(cpu);
    }

    /// <summary>One page table entry of remove_migration_pte, with the ptl held.</summary>
    public virtual async Flow RestorePte(Cpu cpu, Page mapped, Vma vma, int page)
    {
        Folio target = mapped.Head;
        Pte entry = vma.Mm[page];
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

        if (target.Anon)
        {
            await R.Rmap.Add(cpu, mapped, vma, page, exclusive: entry.Writable || entry.Exclusive);
        }
        else
        {
            flags |= vma.MapsWritable ? PteFlag.Write : PteFlag.None;
            await R.FileRmap.Add(cpu, target, vma);
        }

        await cpu.At(RestoreSet, vma.Mm.PteWord(page));
        vma.Mm.SetPte(page, new Pte(PteKind.Present, mapped.Pfn, flags));
        if (vma.IsLocked)
        {
            await R.Mlock.DrainLocal(cpu);
        }
    }

    private sealed class MigrateWalk(MigrationEntries migrate) : RmapWalkControl
    {
        public override Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page) =>
            migrate.MigrateIn(cpu, folio, vma, page);

        public override bool Done(Folio folio) => !folio.Mapped;
    }

    private sealed class RestoreWalk(MigrationEntries migrate) : RmapWalkControl
    {
        public Folio Source { get; set; } = null!;

        public override bool FindsMapped => false;

        public override async Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page)
        {
            await migrate.RestoreMapping(cpu, Source, folio, vma, page);
            return true;
        }
    }
}
