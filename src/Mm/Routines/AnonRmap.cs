using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Adding, removing, duplicating and sharing anonymous mappings (mm/rmap.c, include/linux/rmap.h,
/// v6.18).</summary>
/// <remarks>
/// The counts of large folios are those of <see cref="LargeRmap"/>. A folio that is mapped whole by one call in a VMA
/// that is locked is mlocked; whatever is unmapped there is munlocked.
/// </remarks>
public class AnonRmap : Routine
{
    protected static readonly Point AddMapcount =
        Points.Define("RmapAddMapcount", "folio_add_anon_rmap_ptes", Access.Rmw);
    protected static readonly Point AddExclusive =
        Points.Define("RmapAddSetExclusive", "folio_add_anon_rmap_ptes", Access.Rmw);
    protected static readonly Point AddExclusivePmd =
        Points.Define("RmapAddSetExclusivePmd", "folio_add_anon_rmap_pmd", Access.Rmw);
    protected static readonly Point Remove = Points.Define("RmapRemoveMapcount", "folio_remove_rmap_ptes", Access.Rmw);
    protected static readonly Point DupPinned =
        Points.Define("RmapDupTestPinned", "folio_try_dup_anon_rmap_ptes", Access.Read);
    protected static readonly Point DupShare =
        Points.Define("RmapDupClearExclusive", "folio_try_dup_anon_rmap_ptes", Access.Rmw);
    protected static readonly Point DupMapcount =
        Points.Define("RmapDupMapcount", "folio_try_dup_anon_rmap_ptes", Access.Rmw);
    protected static readonly Point SharePinned =
        Points.Define("RmapShareTestPinned", "folio_try_share_anon_rmap_pte", Access.Read);
    protected static readonly Point ShareClear =
        Points.Define("RmapShareClearExclusive", "folio_try_share_anon_rmap_pte", Access.Rmw);
    protected static readonly Point Move = Points.Define("RmapMove", "folio_move_anon_rmap", Access.Write);

    /// <summary>folio_add_anon_rmap_pte: one more mapping of a page whose folio is anonymous already.</summary>
    public Flow Add(Cpu cpu, Page page, Vma vma, int address, bool exclusive) =>
        AddPtes(cpu, page, 1, vma, address, exclusive);

    /// <summary>folio_add_anon_rmap_ptes: one more mapping of each of some pages of one folio.</summary>
    public virtual async Flow AddPtes(Cpu cpu, Page first, int count, Vma vma, int address, bool exclusive)
    {
        Folio folio = first.Head;
        CheckFolio(folio, "__folio_add_anon_rmap");
        if (folio.IsLarge)
        {
            await R.LargeRmap.AddPtes(cpu, folio, first, count, vma.Mm);
        }
        else
        {
            await cpu.At(AddMapcount, folio.MapcountWord);
            if (folio.IncMapcount() == 0)
            {
                await R.MemcgStat.Mapped(cpu, folio, 1);
            }
        }

        if (!folio.Ksm)
        {
            CheckPlace(first, vma, address);
        }

        int start = first.IndexInFolio;
        for (int number = start; number < start + count && exclusive; number++)
        {
            Page page = folio.PageAt(number);
            await cpu.At(AddExclusive, page.FlagsWord);
            page.Set(PageFlag.AnonExclusive);
        }

        CheckExclusive(folio, start, count);
        if (vma.CountsMlock && folio.PageCount == count)
        {
            await R.Mlock.MlockFolio(cpu, folio);
        }
    }

    /// <summary>folio_add_anon_rmap_pmd: one more mapping of a whole large folio.</summary>
    public virtual async Flow AddPmd(Cpu cpu, Folio folio, Vma vma, int address, bool exclusive)
    {
        CheckFolio(folio, "__folio_add_anon_rmap");
        await R.LargeRmap.AddPmd(cpu, folio, vma.Mm);
        CheckPlace(folio, vma, address);
        if (exclusive)
        {
            await cpu.At(AddExclusivePmd, folio.FlagsWord);
            folio.Set(PageFlag.AnonExclusive);
        }

        CheckExclusive(folio, 0, folio.PageCount);
        if (vma.CountsMlock)
        {
            await R.Mlock.MlockFolio(cpu, folio);
        }
    }

    /// <summary>folio_remove_rmap_pte: one mapping of the page less.</summary>
    public Flow RemoveOne(Cpu cpu, Page page, Vma vma) => RemovePtes(cpu, page, 1, vma);

    /// <summary>The removal by a zap: no other than any.</summary>
    public virtual Flow ZapPtes(Cpu cpu, Page first, int count, Vma vma) => RemovePtes(cpu, first, count, vma);

    /// <summary>folio_remove_rmap_ptes. The kernel itself does not look for an underflow here.</summary>
    public virtual async Flow RemovePtes(Cpu cpu, Page first, int count, Vma vma)
    {
        Folio folio = first.Head;
        CheckAnonVma(folio);
        await R.MemcgStat.BeginRemove(cpu, folio);
        if (folio.IsLarge)
        {
            await R.LargeRmap.RemovePtes(cpu, folio, first, count, vma.Mm);
        }
        else
        {
            await cpu.At(Remove, folio.MapcountWord);
            if (folio.DecMapcount() == -1)
            {
                await R.MemcgStat.Unmapped(cpu, folio, 1);
            }
        }

        await R.MemcgStat.EndRemove(cpu, folio);
        if (vma.IsLocked)
        {
            await R.Mlock.Munlock(cpu, folio);
        }
    }

    /// <summary>folio_remove_rmap_pmd.</summary>
    public virtual async Flow RemovePmd(Cpu cpu, Folio folio, Vma vma)
    {
        CheckAnonVma(folio);
        await R.MemcgStat.BeginRemove(cpu, folio);
        await R.LargeRmap.RemovePmd(cpu, folio, vma.Mm);
        await R.MemcgStat.EndRemove(cpu, folio);
        if (vma.IsLocked)
        {
            await R.Mlock.Munlock(cpu, folio);
        }
    }

    /// <summary>folio_try_dup_anon_rmap_ptes for fork: false, and nothing changed, when a page may be pinned and must
    /// be copied at once.</summary>
    public virtual async Flow<bool> TryDup(Cpu cpu, Page first, int count, MmStruct child, MmStruct parent)
    {
        Folio folio = first.Head;
        if (await IsMaybePinned(cpu, folio, parent))
        {
            int start = first.IndexInFolio;
            for (int number = start; number < start + count; number++)
            {
                if (folio.PageAt(number).Has(PageFlag.AnonExclusive))
                {
                    return false;
                }
            }
        }

        if (folio.IsLarge)
        {
            await R.LargeRmap.DupPtes(cpu, folio, first, count, child);
            return true;
        }

        await DupExclusive(cpu, folio);
        await cpu.At(DupMapcount, folio.MapcountWord);
        folio.IncMapcount();
        return true;
    }

    /// <summary>folio_try_dup_anon_rmap_pmd for fork.</summary>
    public virtual async Flow<bool> TryDupPmd(Cpu cpu, Folio folio, MmStruct child, MmStruct parent)
    {
        if (await IsMaybePinned(cpu, folio, parent) && folio.Has(PageFlag.AnonExclusive))
        {
            return false;
        }

        await R.LargeRmap.DupPmd(cpu, folio, child);
        return true;
    }

    /// <summary>The page is exclusive no more: the part of dup that clears the mark.</summary>
    public virtual async Flow DupExclusive(Cpu cpu, Page page)
    {
        if (page.Has(PageFlag.AnonExclusive))
        {
            await cpu.At(DupShare, page.FlagsWord);
            page.Clear(PageFlag.AnonExclusive);
        }
    }

    /// <summary>folio_try_share_anon_rmap_pte, or _pmd for the first page of a folio: gives up exclusivity after the
    /// entry was cleared; false when the page may be pinned.</summary>
    public virtual async Flow<bool> TryShare(Cpu cpu, Page page)
    {
        Folio folio = page.Head;
        K.BugOn(
            !folio.Anon || !page.Has(PageFlag.AnonExclusive), "VM_WARN_ON_FOLIO(!PageAnonExclusive)",
            "folio_try_share_anon_rmap_pte", page);
        CheckAnonVma(folio);
        await cpu.At(SharePinned, folio.PinnedWord);
        if (folio.MaybePinned)
        {
            return false;
        }

        await cpu.At(ShareClear, page.FlagsWord);
        page.Clear(PageFlag.AnonExclusive);
        return true;
    }

    /// <summary>folio_move_anon_rmap: the folio now belongs to this VMA's own anon_vma.</summary>
    public virtual async Flow MoveTo(Cpu cpu, Folio folio, Vma vma)
    {
        K.BugOn(
            !folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "folio_move_anon_rmap", folio);
        await cpu.At(Move, folio.MappingWord);
        folio.SetMapping(vma.AnonVma!);
    }

    /// <summary>folio_needs_cow_for_dma.</summary>
    private async Flow<bool> IsMaybePinned(Cpu cpu, Folio folio, MmStruct parent)
    {
        CheckAnonVma(folio);
        K.BugOn(
            (parent.WriteProtectSeq & 1) == 0, "VM_BUG_ON(!(raw_read_seqcount(&mm->write_protect_seq) & 1))",
            "folio_needs_cow_for_dma", parent);
        await cpu.At(DupPinned, folio.PinnedWord);
        return parent.HasPinned && folio.MaybePinned;
    }

    private void CheckFolio(Folio folio, string function)
    {
        K.BugOn(!folio.Anon, "VM_WARN_ON_FOLIO(!folio_test_anon(folio))", function, folio);
        CheckAnonVma(folio);
    }

    /// <summary>__page_check_anon_rmap.</summary>
    private void CheckPlace(Page page, Vma vma, int address)
    {
        K.BugOn(
            page.Head.Mapping?.Root != vma.AnonVma?.Root,
            "VM_BUG_ON_FOLIO(folio_anon_vma(folio)->root != vma->anon_vma->root)",
            "__page_check_anon_rmap", page.Head);
        K.BugOn(
            page.PageIndex != vma.LinearIndex(address),
            "VM_BUG_ON_PAGE(page_pgoff(folio, page) != linear_page_index(vma, address))",
            "__page_check_anon_rmap", page);
    }

    /// <summary>The warnings at the end of __folio_add_anon_rmap. While a PMD mapping is being replaced by PTEs, both
    /// count.</summary>
    private void CheckExclusive(Folio folio, int start, int count)
    {
        for (int number = start; number < start + count; number++)
        {
            Page page = folio.PageAt(number);
            K.BugOn(
                page.Has(PageFlag.AnonExclusive)
                && (page.MapcountField > 0 || (folio.IsLarge && folio.Large.Entire > 0)),
                "VM_WARN_ON_FOLIO(mapcount > 0 && PageAnonExclusive)", "__folio_add_anon_rmap", page);
        }
    }

    private void CheckAnonVma(Folio folio) => K.BugOn(
        folio.Mapping is { } anonVma && (anonVma.Freed || anonVma.Refcount == 0),
        "VM_WARN_ON_FOLIO(atomic_read(&anon_vma->refcount) == 0)", "__folio_rmap_sanity_checks", folio);
}
