using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>PMD mappings as a whole: zap and fork (mm/huge_memory.c: zap_huge_pmd, copy_huge_pmd, v6.18).</summary>
/// <remarks>Left out: the huge zero page, files.</remarks>
public class HugePmd : Routine
{
    protected static readonly Point ZapLock = Points.Define("ZapHugePmdLock", "zap_huge_pmd", Access.Acquire);
    protected static readonly Point ZapClear = Points.Define("ZapHugeClearPmd", "zap_huge_pmd", Access.Rmw);
    protected static readonly Point ZapCounters = Points.Define("ZapHugeAddRss", "zap_huge_pmd", Access.Rmw);
    protected static readonly Point ChildLock = Points.Define("ForkHugeChildPmdLock", "copy_huge_pmd", Access.Acquire);
    protected static readonly Point ParentLock =
        Points.Define("ForkHugeParentPmdLock", "copy_huge_pmd", Access.Acquire);
    protected static readonly Point ForkGet = Points.Define("ForkHugeGetFolio", "copy_huge_pmd", Access.Rmw);
    protected static readonly Point ForkUnget = Points.Define("ForkHugeUngetFolio", "copy_huge_pmd", Access.Rmw);
    protected static readonly Point Protect = Points.Define("ForkHugeWriteProtect", "copy_huge_pmd", Access.Rmw);
    protected static readonly Point SetChild = Points.Define("ForkHugeSetChildPmd", "copy_huge_pmd", Access.Write);
    protected static readonly Point ShareMigration =
        Points.Define("ForkHugeShareMigration", "copy_huge_pmd", Access.Write);

    /// <summary>zap_huge_pmd: false when the entry names no folio.</summary>
    public virtual async Flow<bool> Zap(Cpu cpu, Gather gather, Vma vma, PageTable table)
    {
        MmStruct mm = vma.Mm;
        await mm.PmdLock.Acquire(cpu, ZapLock);
        if (!table.Pmd.IsLeaf)
        {
            mm.PmdLock.Release(cpu);
            return false;
        }

        await cpu.At(ZapClear, table.PmdWord);
        Pmd pmd = table.Pmd;
        for (int page = table.Start; page < table.End; page++)
        {
            gather.Visit(page, mm.Entry(page));
            mm.TruthDiscard(page);
        }

        table.SetPmd(default);

        Folio folio = K.Folios[pmd.Target];
        if (pmd.IsMigration)
        {
            K.BugOn(
                !folio.Has(PageFlag.Locked), "BUG_ON(is_migration_entry && !folio_test_locked(folio))",
                "pfn_swap_entry_folio", folio);
        }
        else
        {
            await R.Rmap.RemovePmd(cpu, folio, vma);
            K.BugOn(folio.Mapcount < 0, "WARN_ON_ONCE(folio_mapcount(folio) < 0)", "zap_huge_pmd", folio);
            K.BugOn(folio.IsTail, "VM_BUG_ON_PAGE(!PageHead(page))", "zap_huge_pmd", folio);
        }

        await cpu.At(ZapCounters, mm.Word);
        mm.AddRss(-(1 << K.PmdOrder), 0);
        mm.PmdLock.Release(cpu);
        if (!pmd.IsMigration)
        {
            gather.Add(folio, 1);
        }

        if (gather.IsFull)
        {
            await R.Zap.FlushMmu(cpu, gather);
        }

        return true;
    }

    /// <summary>copy_huge_pmd: false when the parent's entry points to a page table, perhaps only since now.</summary>
    public virtual async Flow<bool> Copy(Cpu cpu, Vma parentVma, Vma childVma, PageTable parent, PageTable child)
    {
        MmStruct childMm = childVma.Mm;
        MmStruct parentMm = parentVma.Mm;
        await childMm.PmdLock.Acquire(cpu, ChildLock);
        await parentMm.PmdLock.Acquire(cpu, ParentLock);
        Pmd pmd = parent.Pmd;
        bool copied = false;
        bool pinned = false;
        if (pmd.IsMigration)
        {
            await CopyMigration(cpu, parent, child, pmd);
            copied = true;
        }
        else if (pmd.IsHuge)
        {
            pinned = !await CopyPresent(cpu, parentMm, childMm, parent, child);
            copied = !pinned;
        }

        if (copied)
        {
            childMm.AddRss(1 << K.PmdOrder, 0);
        }

        parentMm.PmdLock.Release(cpu);
        childMm.PmdLock.Release(cpu);
        if (pinned)
        {
            await R.HugeSplit.Split(cpu, parentVma, parent.Start, freeze: false);
        }

        return copied;
    }

    /// <summary>Both map the folio read-only from now on; false when a device may have pinned it.</summary>
    protected virtual async Flow<bool> CopyPresent(
        Cpu cpu, MmStruct parentMm, MmStruct childMm, PageTable parent, PageTable child)
    {
        // The child's entry is made of this one, whatever the hardware adds to the parent's meanwhile.
        Pmd pmd = parent.Pmd;
        Folio folio = K.Folios[pmd.Target];
        K.BugOn(folio.IsTail, "VM_BUG_ON_PAGE(!PageHead(src_page))", "copy_huge_pmd", folio);
        await cpu.At(ForkGet, folio.RefcountWord);
        folio.Get(Holder.Mapping);
        if (!await R.Rmap.TryDupPmd(cpu, folio, childMm, parentMm))
        {
            await cpu.At(ForkUnget, folio.RefcountWord);
            folio.PutTestZero(Holder.Mapping);
            return false;
        }

        await cpu.At(Protect, parent.PmdWord);
        parent.SetPmd(parent.Pmd.Without(PteFlag.Write));
        await cpu.At(SetChild, child.PmdWord);
        child.InheritPmd(parent, pmd.Without(PteFlag.Write | PteFlag.Young));
        return true;
    }

    protected virtual async Flow CopyMigration(Cpu cpu, PageTable parent, PageTable child, Pmd pmd)
    {
        Pmd shared = pmd.Without(PteFlag.Write | PteFlag.Exclusive);
        if (shared != pmd)
        {
            await cpu.At(ShareMigration, parent.PmdWord);
            parent.SetPmd(shared);
        }

        await cpu.At(SetChild, child.PmdWord);
        child.InheritPmd(parent, shared);
    }
}
