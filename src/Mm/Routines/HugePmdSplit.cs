using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>A PMD mapping becomes a page table, while the folio stays as large as it is (mm/huge_memory.c:
/// __split_huge_pmd, v6.18).</summary>
/// <remarks>
/// The deposited page table is the array of entries itself; it is filled while the PMD entry is invalid, where nobody
/// sees it. Left out: the huge zero page, files.
/// </remarks>
public class HugePmdSplit : Routine
{
    protected static readonly Point Lock = Points.Define("SplitPmdLock", "__split_huge_pmd", Access.Acquire);
    protected static readonly Point Invalidate =
        Points.Define("SplitPmdInvalidate", "__split_huge_pmd_locked", Access.Rmw);
    protected static readonly Point SetDirty = Points.Define("SplitPmdSetDirty", "__split_huge_pmd_locked", Access.Rmw);
    protected static readonly Point TestExclusive =
        Points.Define("SplitPmdTestExclusive", "__split_huge_pmd_locked", Access.Read);
    protected static readonly Point AddRefs = Points.Define("SplitPmdAddRefs", "__split_huge_pmd_locked", Access.Rmw);
    protected static readonly Point Populate =
        Points.Define("SplitPmdPopulate", "__split_huge_pmd_locked", Access.Write);

    /// <summary>__split_huge_pmd: nothing to do if the entry names no folio any more.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="vma">The VMA, which has the whole range.</param>
    /// <param name="address">A page of the range.</param>
    /// <param name="freeze">Whether to unmap the folio at once, by migration entries.</param>
    public virtual async Flow Split(Cpu cpu, Vma vma, int address, bool freeze)
    {
        PageTable table = vma.Mm.Table(address);
        await vma.Mm.PmdLock.Acquire(cpu, Lock);
        if (table.Pmd.IsLeaf)
        {
            await SplitLocked(cpu, vma, table, freeze);
        }

        vma.Mm.PmdLock.Release(cpu);
    }

    /// <summary>__split_huge_pmd_locked.</summary>
    public virtual async Flow SplitLocked(Cpu cpu, Vma vma, PageTable table, bool freeze)
    {
        K.BugOn(
            vma.Start > table.Start || vma.End < table.Start + (1 << K.PmdOrder),
            "VM_BUG_ON_VMA(vma->vm_end < haddr + HPAGE_PMD_SIZE)", "__split_huge_pmd_locked", vma);
        if (table.Pmd.IsMigration)
        {
            Fill(vma.Mm, table, table.Pmd, PteKind.Migration, table.Pmd.Flags);
        }
        else
        {
            await SplitPresent(cpu, vma, table, freeze);
        }

        await cpu.At(Populate, table.PmdWord);
        table.SetPmd(Pmd.Table);
    }

    /// <summary>A present mapping: its counts become those of PTEs, unless the folio is unmapped.</summary>
    protected virtual async Flow SplitPresent(Cpu cpu, Vma vma, PageTable table, bool freeze)
    {
        await cpu.At(Invalidate, table.PmdWord);
        Pmd old = table.Pmd;
        table.SetPmd(old with { Kind = PmdKind.Invalid });
        await R.Tlb.FlushRange(cpu, vma.Mm, table.Start, table.End);
        Folio folio = K.Folios[old.Target];
        if (old.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        K.BugOn(folio.Refcount == 0, "VM_WARN_ON_FOLIO(!folio_ref_count(folio))", "__split_huge_pmd_locked", folio);
        K.BugOn(!folio.Anon, "VM_WARN_ON_FOLIO(!folio_test_anon(folio))", "__split_huge_pmd_locked", folio);
        await cpu.At(TestExclusive, folio.FlagsWord);
        bool exclusive = folio.Has(PageFlag.AnonExclusive);
        if (freeze && exclusive && !await R.Rmap.TryShare(cpu, folio))
        {
            freeze = false;
        }

        if (freeze)
        {
            PteFlag kind = exclusive && !old.Writable ? PteFlag.Exclusive : PteFlag.None;
            Fill(vma.Mm, table, old, PteKind.Migration, old.Flags | kind);
        }
        else
        {
            await cpu.At(AddRefs, folio.RefcountWord);
            folio.Get(Holder.Mapping, folio.PageCount - 1);
            await R.Rmap.AddPtes(cpu, folio, folio.PageCount, vma, table.Start, exclusive);
            Fill(vma.Mm, table, old, PteKind.Present, old.Flags);
        }

        await R.Rmap.RemovePmd(cpu, folio, vma);
        if (freeze)
        {
            await R.Free.Put(cpu, folio, Holder.Mapping);
        }
    }

    private void Fill(MmStruct mm, PageTable table, Pmd pmd, PteKind kind, PteFlag flags)
    {
        for (int page = table.Start; page < table.End; page++)
        {
            K.BugOn(
                !mm[page].IsNone, "VM_WARN_ON(!pte_none(ptep_get(pte + i)))", "__split_huge_pmd_locked",
                mm.PteWord(page));
            mm.SetPte(page, new Pte(kind, (ushort)(pmd.Target + page - table.Start), flags));
        }
    }
}
