using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Faults at the level of PMD entries (mm/memory.c: __handle_mm_fault; mm/huge_memory.c: the first mapping and
/// the reuse of a large folio; v6.18).</summary>
/// <remarks>
/// Runs only where large folios are enabled. Left out: the huge zero page (use_zero_page is 0: a load allocates, too),
/// NUMA hints, userfaultfd.
/// </remarks>
public class HugePmdFault : Routine
{
    protected static readonly Point ReadPmd = Points.Define("FaultReadPmd", "__handle_mm_fault", Access.Read);
    protected static readonly Point ReadAgain = Points.Define("FaultReadPmdAgain", "__handle_mm_fault", Access.Read);
    protected static readonly Point TestNone = Points.Define("PteAllocTestPmd", "pte_alloc", Access.Read);
    protected static readonly Point InstallLock = Points.Define("PmdInstallLock", "pmd_install", Access.Acquire);
    protected static readonly Point Install = Points.Define("PmdInstall", "pmd_install", Access.Write);
    protected static readonly Point AnonLock =
        Points.Define("HugeAnonPmdLock", "__do_huge_pmd_anonymous_page", Access.Acquire);
    protected static readonly Point AnonSet = Points.Define("HugeAnonSetPmd", "map_anon_folio_pmd", Access.Write);
    protected static readonly Point WpLock = Points.Define("HugeWpPmdLock", "do_huge_pmd_wp_page", Access.Acquire);
    protected static readonly Point WpTestExclusive =
        Points.Define("HugeWpTestExclusive", "do_huge_pmd_wp_page", Access.Read);
    protected static readonly Point WpGet = Points.Define("HugeWpGet", "do_huge_pmd_wp_page", Access.Rmw);
    protected static readonly Point WpRelock = Points.Define("HugeWpPmdRelock", "do_huge_pmd_wp_page", Access.Acquire);
    protected static readonly Point WpTestAgain =
        Points.Define("HugeWpTestExclusiveAgain", "do_huge_pmd_wp_page", Access.Read);
    protected static readonly Point WpCountRefs = Points.Define("HugeWpCountRefs", "do_huge_pmd_wp_page", Access.Read);
    protected static readonly Point WpCountAgain =
        Points.Define("HugeWpCountAgain", "do_huge_pmd_wp_page", Access.Read);
    protected static readonly Point WpSetExclusive =
        Points.Define("HugeWpSetExclusive", "do_huge_pmd_wp_page", Access.Rmw);
    protected static readonly Point WpReuse = Points.Define("HugeWpReuseSetPmd", "do_huge_pmd_wp_page", Access.Write);
    protected static readonly Point AccessLock =
        Points.Define("HugeAccessPmdLock", "huge_pmd_set_accessed", Access.Acquire);
    protected static readonly Point AccessSet = Points.Define("HugeAccessSetPmd", "touch_pmd", Access.Write);

    /// <summary>__handle_mm_fault, from the PMD entry on.</summary>
    public virtual async Flow<FaultResult> Handle(Cpu cpu, FaultContext fault)
    {
        PageTable table = fault.Mm.Table(fault.Page);
        await cpu.At(ReadPmd, table.PmdWord);
        FaultResult result = FaultResult.Fallback;
        if (table.Pmd.IsNone && IsSuitable(fault.Vma, table))
        {
            result = await Anonymous(cpu, fault, table);
        }
        else
        {
            await cpu.At(ReadAgain, table.PmdWord);
            fault.OriginalPmd = table.Pmd;
            if (fault.OriginalPmd.IsLeaf)
            {
                result = await HandleHuge(cpu, fault, table);
            }
        }

        return result == FaultResult.Fallback ? await R.Fault.HandlePteFault(cpu, fault) : result;
    }

    /// <summary>pte_alloc: sees to it that the PMD entry is not empty. Another thread may have mapped a whole PMD
    /// meanwhile.</summary>
    public virtual async Flow AllocateTable(Cpu cpu, MmStruct mm, int page)
    {
        PageTable table = mm.Table(page);
        await cpu.At(TestNone, table.PmdWord);
        if (!table.Pmd.IsNone)
        {
            return;
        }

        await mm.PmdLock.Acquire(cpu, InstallLock);
        if (table.Pmd.IsNone)
        {
            await cpu.At(Install, table.PmdWord);
            table.SetPmd(Pmd.Table);
        }

        mm.PmdLock.Release(cpu);
    }

    /// <summary>thp_vma_suitable_order: the VMA has the whole range of the PMD entry.</summary>
    protected virtual bool IsSuitable(Vma vma, PageTable table) =>
        vma.File is null && vma.Start <= table.Start && vma.End >= table.Start + (1 << K.PmdOrder);

    /// <summary>do_huge_pmd_anonymous_page. Fallback: there is no large folio to be had.</summary>
    protected virtual async Flow<FaultResult> Anonymous(Cpu cpu, FaultContext fault, PageTable table)
    {
        MmStruct mm = fault.Mm;
        if (!await R.Fault.PrepareAnon(cpu, fault))
        {
            return FaultResult.Retry;
        }

        Folio? folio = await R.Free.Allocate(cpu, K.PmdOrder);
        if (folio is null)
        {
            return FaultResult.Fallback;
        }

        await R.Memcg.Charge(cpu, folio, mm);
        folio.Set(PageFlag.Uptodate);
        await mm.PmdLock.Acquire(cpu, AnonLock);
        if (!table.Pmd.IsNone)
        {
            mm.PmdLock.Release(cpu);
            await R.Free.Put(cpu, folio, Holder.Allocation);
            return FaultResult.Done;
        }

        await R.RmapNew.Add(cpu, folio, fault.Vma, table.Start, exclusive: true);
        await R.Lru.AddFor(cpu, folio, fault.Vma);
        await cpu.At(AnonSet, table.PmdWord);
        folio.HandOver(Holder.Allocation, Holder.Mapping);
        PteFlag write = fault.Vma.Writable ? PteFlag.Write : PteFlag.None;
        table.SetPmd(new Pmd(PmdKind.Huge, folio.Pfn, write | PteFlag.Dirty | PteFlag.Young));
        mm.AddRss(folio.PageCount, 0);
        await R.DeferredSplit.DeferredSplitFolio(cpu, folio, partiallyMapped: false);
        mm.PmdLock.Release(cpu);
        return FaultResult.Done;
    }

    /// <summary>The PMD entry names a folio. Fallback: it points to a page table now.</summary>
    protected virtual async Flow<FaultResult> HandleHuge(Cpu cpu, FaultContext fault, PageTable table)
    {
        if (fault.OriginalPmd.IsMigration)
        {
            await R.Migrate.WaitOnPmdMigrationEntry(cpu, fault.Mm, table);
            return FaultResult.Done;
        }

        if ((fault.Write || fault.Unshare) && !fault.OriginalPmd.Writable)
        {
            return await WpPage(cpu, fault, table);
        }

        await SetAccessed(cpu, fault, table);
        return FaultResult.Done;
    }

    /// <summary>huge_pmd_set_accessed: stores only when the dirty bit is wanted.</summary>
    protected virtual async Flow SetAccessed(Cpu cpu, FaultContext fault, PageTable table)
    {
        await fault.Mm.PmdLock.Acquire(cpu, AccessLock);
        if (table.Pmd == fault.OriginalPmd && fault.Write)
        {
            await cpu.At(AccessSet, table.PmdWord);
            table.SetPmd(fault.OriginalPmd.With(PteFlag.Young | PteFlag.Dirty));
        }

        fault.Mm.PmdLock.Release(cpu);
    }

    /// <summary>do_huge_pmd_wp_page: the folio is reused as a whole, or the PMD mapping is split. Nothing is copied
    /// here.</summary>
    protected virtual async Flow<FaultResult> WpPage(Cpu cpu, FaultContext fault, PageTable table)
    {
        MmStruct mm = fault.Mm;
        K.BugOn(fault.Vma.AnonVma is null, "VM_BUG_ON_VMA(!vma->anon_vma)", "do_huge_pmd_wp_page", fault.Vma);
        await mm.PmdLock.Acquire(cpu, WpLock);
        if (table.Pmd != fault.OriginalPmd)
        {
            mm.PmdLock.Release(cpu);
            return FaultResult.Done;
        }

        Folio folio = K.Folios[fault.OriginalPmd.Target];
        K.BugOn(folio.IsTail, "VM_BUG_ON_PAGE(!PageHead(page))", "do_huge_pmd_wp_page", folio);
        await cpu.At(WpTestExclusive, folio.FlagsWord);
        if (!folio.Has(PageFlag.AnonExclusive))
        {
            if (!await LockFolio(cpu, fault, table, folio))
            {
                return FaultResult.Done;
            }

            bool reuse = await CanReuse(cpu, fault, folio);
            await R.Locking.Unlock(cpu, folio);
            if (!reuse)
            {
                mm.PmdLock.Release(cpu);
                await R.HugeSplit.Split(cpu, fault.Vma, fault.Page, freeze: false);
                return FaultResult.Fallback;
            }
        }

        if (!fault.Unshare)
        {
            await cpu.At(WpReuse, table.PmdWord);
            table.SetPmd(fault.OriginalPmd.With(PteFlag.Young | PteFlag.Dirty | PteFlag.Write));
        }

        mm.PmdLock.Release(cpu);
        return FaultResult.Done;
    }

    /// <summary>The folio lock, for which the PMD lock may have to be dropped. False: the entry has changed, and
    /// neither is held.</summary>
    protected virtual async Flow<bool> LockFolio(Cpu cpu, FaultContext fault, PageTable table, Folio folio)
    {
        if (await R.Locking.TryLock(cpu, folio))
        {
            return true;
        }

        MmStruct mm = fault.Mm;
        await cpu.At(WpGet, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        mm.PmdLock.Release(cpu);
        await R.Locking.Lock(cpu, folio);
        await mm.PmdLock.Acquire(cpu, WpRelock);
        bool same = table.Pmd == fault.OriginalPmd;
        if (!same)
        {
            mm.PmdLock.Release(cpu);
            await R.Locking.Unlock(cpu, folio);
        }

        await R.Free.Put(cpu, folio, Holder.Lookup);
        return same;
    }

    /// <summary>Whether the locked folio is exclusive by now, or nobody else has a reference, so that it
    /// becomes so.</summary>
    protected virtual async Flow<bool> CanReuse(Cpu cpu, FaultContext fault, Folio folio)
    {
        await cpu.At(WpTestAgain, folio.FlagsWord);
        if (folio.Has(PageFlag.AnonExclusive))
        {
            return true;
        }

        await cpu.At(WpCountRefs, folio.RefcountWord);
        if (folio.Refcount > 1 + (folio.Has(PageFlag.Swapcache) ? folio.PageCount : 0))
        {
            return false;
        }

        if (folio.Has(PageFlag.Swapcache))
        {
            await R.Slots.FreeSwap(cpu, folio);
        }

        await cpu.At(WpCountAgain, folio.RefcountWord);
        if (folio.Refcount != 1)
        {
            return false;
        }

        await R.Rmap.MoveTo(cpu, folio, fault.Vma);
        await cpu.At(WpSetExclusive, folio.FlagsWord);
        folio.Set(PageFlag.AnonExclusive);
        return true;
    }
}
