using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Migration entries of large folios, and of what splits them: try_to_migrate with TTU_SYNC and
/// TTU_SPLIT_HUGE_PMD, set_pmd_migration_entry, remove_migration_pmd, remap_page (mm/rmap.c, mm/migrate.c,
/// mm/huge_memory.c, v6.18).</summary>
/// <remarks>
/// The large halves of <see cref="MigrationEntries"/>. Left out: batched TLB flushes, hwpoison, VMAs that exec
/// moves, soft-dirty and userfaultfd bits.
/// </remarks>
public class LargeMigration : Routine
{
    protected static readonly Point PeekPmd = Points.Define("MigratePeekPmd", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point LockPmd = Points.Define("MigratePmdLock", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point PeekPte = Points.Define("MigratePeekPte", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point LockPte = Points.Define("MigratePtl", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point InvalidatePmd =
        Points.Define("MigrateInvalidatePmd", "set_pmd_migration_entry", Access.Rmw);
    protected static readonly Point UndoPmd = Points.Define("MigrateUndoPmd", "set_pmd_migration_entry", Access.Write);
    protected static readonly Point SetDirty =
        Points.Define("MigratePmdSetDirty", "set_pmd_migration_entry", Access.Rmw);
    protected static readonly Point SetPmd = Points.Define("MigrateSetPmd", "set_pmd_migration_entry", Access.Write);
    protected static readonly Point RestoreGet =
        Points.Define("RestorePmdGetFolio", "remove_migration_pmd", Access.Rmw);
    protected static readonly Point RestoreSetPmd =
        Points.Define("RestoreSetPmd", "remove_migration_pmd", Access.Write);

    protected static readonly Point CompareZero =
        Points.Define("RestoreCompareZero", "try_to_map_unused_to_zeropage", Access.Read);
    protected static readonly Point SetZero =
        Points.Define("RestoreSetZeroPte", "try_to_map_unused_to_zeropage", Access.Write);

    private readonly MigrateWalk?[] migrateWalks = new MigrateWalk?[Kernel.CpusMax];
    private readonly RestoreWalk?[] restoreWalks = new RestoreWalk?[Kernel.CpusMax];

    /// <summary>try_to_migrate of a large folio.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio, locked.</param>
    /// <param name="split">Whether to unmap it for a split: with the anon_vma's root locked by the caller
    /// (RMAP_LOCKED), every page table lock taken (TTU_SYNC), and PMD mappings split (TTU_SPLIT_HUGE_PMD).</param>
    public virtual async Flow TryToMigrate(Cpu cpu, Folio folio, bool split)
    {
        MigrateWalk walk = migrateWalks[cpu.Index] ??= new MigrateWalk(this);
        walk.Split = split;
        await R.RmapWalk.Walk(cpu, folio, walk);
    }

    /// <summary>remove_migration_ptes where one of the two folios is large, or was just now.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="source">What the entries name.</param>
    /// <param name="target">What is mapped instead.</param>
    /// <param name="locked">RMP_LOCKED: the caller has locked the anon_vma's root.</param>
    /// <param name="zeroPage">RMP_USE_SHARED_ZEROPAGE: a page of zeroes is not mapped again.</param>
    public virtual async Flow RemoveMigrationPtes(
        Cpu cpu, Folio source, Folio target, bool locked, bool zeroPage)
    {
        RestoreWalk walk = restoreWalks[cpu.Index] ??= new RestoreWalk(this);
        walk.Source = source;
        walk.IsLocked = locked;
        walk.ZeroPage = zeroPage;
        await R.RmapWalk.Walk(cpu, target, walk);
    }

    /// <summary>try_to_migrate_one: the mappings in one VMA. False stops the walk.</summary>
    protected virtual async Flow<bool> MigrateIn(Cpu cpu, Folio folio, Vma vma, bool split)
    {
        int page = Math.Max(vma.AddressOf(folio.Index), vma.Start);
        int end = Math.Min(vma.AddressOf(folio.Index) + folio.PageCount, vma.End);
        while (page < end)
        {
            PageTable table = vma.Mm.Table(page);
            int next = Math.Min(end, table.End);
            await cpu.At(PeekPmd, table.PmdWord);
            if (table.Pmd.IsLeaf)
            {
                await vma.Mm.PmdLock.Acquire(cpu, LockPmd);
                bool more = !table.Pmd.IsHuge || table.Pmd.Target != folio.Pfn
                    || await MigratePmd(cpu, folio, vma, table, split);
                bool leaf = table.Pmd.IsLeaf;
                vma.Mm.PmdLock.Release(cpu);
                if (!more)
                {
                    return false;
                }

                // It may have become a page table before the lock was ours, or is one now: its entries are looked at.
                page = leaf ? next : page;
            }
            else if (!table.IsTable)
            {
                await WaitForZap(cpu, folio, vma.Mm, split);
                page = next;
            }
            else if (await MigratePtes(cpu, folio, vma, page, next, split))
            {
                page = next;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The entries [start, end) of one page table. False stops the walk: a page may be pinned.</summary>
    protected virtual async Flow<bool> MigratePtes(
        Cpu cpu, Folio folio, Vma vma, int start, int end, bool split)
    {
        MmStruct mm = vma.Mm;
        bool held = false;
        bool more = true;
        for (int page = start; page < end && more; page++)
        {
            if (!held && !split)
            {
                await cpu.At(PeekPte, mm.PteWord(page));
                if (!mm[page].IsPresent)
                {
                    continue;
                }
            }

            if (!held)
            {
                await mm.Ptl(page).Acquire(cpu, LockPte);
                held = true;
            }

            if (mm[page].IsPresent && K.FolioOf(mm[page]) == folio)
            {
                more = await R.Migrate.MigrateMapping(cpu, K.PageOf(mm[page]), vma, page);
            }
        }

        if (held)
        {
            mm.Ptl(start).Release(cpu);
        }

        return more;
    }

    /// <summary>A PMD mapping of the folio, with the PMD lock held. False stops the walk.</summary>
    protected virtual async Flow<bool> MigratePmd(Cpu cpu, Folio folio, Vma vma, PageTable table, bool split)
    {
        if (split)
        {
            // "ret = false" stands there in v6.18: other VMAs that map the folio are not visited.
            await R.HugeSplit.SplitLocked(cpu, vma, table, freeze: true);
            return false;
        }

        await cpu.At(InvalidatePmd, table.PmdWord);
        Pmd old = table.Pmd;
        table.SetPmd(old with { Kind = PmdKind.Invalid });
        await R.Tlb.FlushRange(cpu, vma.Mm, table.Start, table.End);
        bool exclusive = folio.Has(PageFlag.AnonExclusive);
        if (exclusive && !await R.Rmap.TryShare(cpu, folio))
        {
            await cpu.At(UndoPmd, table.PmdWord);
            table.SetPmd(old);
            return false;
        }

        if (old.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        PteFlag flags = old.Flags & (PteFlag.Write | PteFlag.Dirty | PteFlag.Young);
        await cpu.At(SetPmd, table.PmdWord);
        table.SetPmd(new Pmd(
            PmdKind.Migration, folio.Pfn, exclusive && !old.Writable ? flags | PteFlag.Exclusive : flags));
        await R.Rmap.RemovePmd(cpu, folio, vma);
        await R.Free.Put(cpu, folio, Holder.Mapping);
        return true;
    }

    /// <summary>remove_migration_pte in one VMA: PMD entry, or page table entries.</summary>
    protected virtual async Flow RestoreIn(Cpu cpu, Folio source, Folio target, Vma vma, bool zeroPage)
    {
        int page = Math.Max(vma.AddressOf(target.Index), vma.Start);
        int end = Math.Min(vma.AddressOf(target.Index) + target.PageCount, vma.End);
        while (page < end)
        {
            PageTable table = vma.Mm.Table(page);
            int next = Math.Min(end, table.End);
            await cpu.At(PeekPmd, table.PmdWord);
            if (table.Pmd.IsLeaf)
            {
                await vma.Mm.PmdLock.Acquire(cpu, LockPmd);
                bool leaf = table.Pmd.IsLeaf;
                if (table.Pmd.IsMigration && table.Pmd.Target == source.Pfn)
                {
                    await RestorePmd(cpu, target, vma, table);
                }

                vma.Mm.PmdLock.Release(cpu);
                page = leaf ? next : page;
                continue;
            }

            if (table.IsTable)
            {
                await vma.Mm.Ptl(page).Acquire(cpu, LockPte);
                await RestorePtes(cpu, source, target, vma, page, next, zeroPage);
                vma.Mm.Ptl(page).Release(cpu);
            }
            else
            {
                await WaitForZap(cpu, target, vma.Mm, sync: true);
            }

            page = next;
        }
    }

    /// <summary>The entries [start, end) of one page table, whose lock is held.</summary>
    protected virtual async Flow RestorePtes(
        Cpu cpu, Folio source, Folio target, Vma vma, int start, int end, bool zeroPage)
    {
        for (int page = start; page < end; page++)
        {
            Pte entry = vma.Mm[page];
            if (entry.IsMigration && entry.Target >= source.Pfn && entry.Target < source.Pfn + source.PageCount)
            {
                Page mapped = target.PageAt(entry.Target - source.Pfn);
                if (!zeroPage || target.IsLarge || !await MapZeroPage(cpu, target, vma, page))
                {
                    await R.Migrate.RestorePte(cpu, mapped, vma, page);
                }
            }
        }
    }

    /// <summary>try_to_map_unused_to_zeropage: a page of zeroes stays unmapped, without a reference; its folio is freed
    /// when the split is done.</summary>
    protected virtual async Flow<bool> MapZeroPage(Cpu cpu, Folio folio, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        const string Function = "try_to_map_unused_to_zeropage";
        K.BugOn(!folio.Anon, "VM_BUG_ON_PAGE(!PageAnon(page))", Function, folio);
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_PAGE(!PageLocked(page))", Function, folio);
        if (vma.IsLocked || folio.Has(PageFlag.Mlocked))
        {
            return false;
        }

        await cpu.At(CompareZero, folio.DataWord);
        if (folio.Data != 0)
        {
            return false;
        }

        await cpu.At(SetZero, mm.PteWord(page));
        mm.SetPte(page, Pte.ZeroPage.Without(PteFlag.Young));
        mm.AddRss(-1, 0);
        return true;
    }

    /// <summary>remove_migration_pmd, with the PMD lock held.</summary>
    protected virtual async Flow RestorePmd(Cpu cpu, Folio target, Vma vma, PageTable table)
    {
        Pmd entry = table.Pmd;
        await cpu.At(RestoreGet, target.RefcountWord);
        target.Get(Holder.Mapping);
        PteFlag flags = entry.Flags & (PteFlag.Write | PteFlag.Young);
        if (entry.Dirty && target.Has(PageFlag.Dirty))
        {
            flags |= PteFlag.Dirty;
        }

        await R.Rmap.AddPmd(cpu, target, vma, table.Start, exclusive: entry.Writable || entry.Exclusive);
        K.BugOn(
            entry.Writable && !target.Has(PageFlag.AnonExclusive),
            "VM_BUG_ON(pmd_write(pmde) && folio_test_anon(folio) && !PageAnonExclusive(new))", "remove_migration_pmd",
            target);
        await cpu.At(RestoreSetPmd, table.PmdWord);
        table.SetPmd(new Pmd(PmdKind.Huge, target.Pfn, flags));
        if (vma.IsLocked)
        {
            await R.Mlock.DrainLocal(cpu);
        }
    }

    /// <summary>PVMW_SYNC on an empty PMD entry: somebody who has cleared it holds the lock until the mapcount
    /// follows.</summary>
    private async Flow WaitForZap(Cpu cpu, Folio folio, MmStruct mm, bool sync)
    {
        if (sync && folio.Order >= K.PmdOrder)
        {
            await mm.PmdLock.Acquire(cpu, LockPmd);
            mm.PmdLock.Release(cpu);
        }
    }

    private sealed class MigrateWalk(LargeMigration migration) : RmapWalkControl
    {
        public bool Split { get; set; }

        public override bool Locked => Split;

        public override Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int address) =>
            migration.MigrateIn(cpu, folio, vma, Split);

        public override bool Done(Folio folio) => !folio.Mapped;
    }

    private sealed class RestoreWalk(LargeMigration migration) : RmapWalkControl
    {
        public Folio Source { get; set; } = null!;

        public bool ZeroPage { get; set; }

        public bool IsLocked { get; set; }

        public override bool Locked => IsLocked;

        public override bool FindsMapped => false;

        public override async Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int address)
        {
            await migration.RestoreIn(cpu, Source, folio, vma, ZeroPage);
            return true;
        }
    }
}
