using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Adding, removing, duplicating and sharing anonymous mappings of small folios (mm/rmap.c,
/// include/linux/rmap.h, v6.18).</summary>
/// <remarks>Left out: large folios, mlock.</remarks>
public class AnonRmap : Routine
{
    protected static readonly Point AddMapcount =
        Points.Define("RmapAddMapcount", "folio_add_anon_rmap_ptes", Access.Rmw);
    protected static readonly Point AddExclusive =
        Points.Define("RmapAddSetExclusive", "folio_add_anon_rmap_ptes", Access.Rmw);
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

    /// <summary>folio_add_anon_rmap_ptes: one more mapping of a folio that is anonymous already.</summary>
    public virtual async Flow Add(Cpu cpu, Folio folio, Vma vma, int page, bool exclusive)
    {
        K.BugOn(!folio.Anon, "VM_WARN_ON_FOLIO(!folio_test_anon(folio))", "__folio_add_anon_rmap", folio);
        CheckAnonVma(folio);
        await cpu.At(AddMapcount, folio.MapcountWord);
        int field = folio.IncMapcount();
        if (field == 0)
        {
            await R.MemcgStat.Mapped(cpu, folio, 1);
        }

        if (!folio.Ksm)
        {
            CheckPlace(folio, vma, page);
        }

        if (exclusive)
        {
            await cpu.At(AddExclusive, folio.FlagsWord);
            folio.Set(PageFlag.AnonExclusive);
        }

        K.BugOn(
            field > 0 && folio.Has(PageFlag.AnonExclusive), "VM_WARN_ON_FOLIO(mapcount > 0 && PageAnonExclusive)",
            "__folio_add_anon_rmap", folio);
    }

    /// <summary>folio_remove_rmap_ptes: one mapping less. The kernel itself does not look for an underflow
    /// here.</summary>
    public virtual async Flow RemoveOne(Cpu cpu, Folio folio)
    {
        CheckAnonVma(folio);
        await R.MemcgStat.BeginRemove(cpu, folio);
        await cpu.At(Remove, folio.MapcountWord);
        if (folio.DecMapcount() == -1)
        {
            await R.MemcgStat.Unmapped(cpu, folio, 1);
        }

        await R.MemcgStat.EndRemove(cpu, folio);
    }

    /// <summary>folio_try_dup_anon_rmap_ptes for fork: false when the page may be pinned and must be copied at
    /// once.</summary>
    public virtual async Flow<bool> TryDup(Cpu cpu, Folio folio, MmStruct source)
    {
        K.BugOn(
            (source.WriteProtectSeq & 1) == 0, "VM_BUG_ON(!(raw_read_seqcount(&mm->write_protect_seq) & 1))",
            "folio_needs_cow_for_dma", source);
        await cpu.At(DupPinned, folio.RefcountWord);
        bool maybePinned = source.HasPinned && folio.Refcount >= Folio.PinBias;
        if (folio.Has(PageFlag.AnonExclusive))
        {
            if (maybePinned)
            {
                return false;
            }

            await cpu.At(DupShare, folio.FlagsWord);
            folio.Clear(PageFlag.AnonExclusive);
        }

        await cpu.At(DupMapcount, folio.MapcountWord);
        folio.IncMapcount();
        return true;
    }

    /// <summary>folio_try_share_anon_rmap_pte: gives up exclusivity after the entry was cleared; false when the page
    /// may be pinned.</summary>
    public virtual async Flow<bool> TryShare(Cpu cpu, Folio folio)
    {
        K.BugOn(
            !folio.Anon || !folio.Has(PageFlag.AnonExclusive), "VM_WARN_ON_FOLIO(!PageAnonExclusive)",
            "folio_try_share_anon_rmap_pte", folio);
        await cpu.At(SharePinned, folio.RefcountWord);
        if (folio.Refcount >= Folio.PinBias)
        {
            return false;
        }

        await cpu.At(ShareClear, folio.FlagsWord);
        folio.Clear(PageFlag.AnonExclusive);
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

    /// <summary>__page_check_anon_rmap.</summary>
    private void CheckPlace(Folio folio, Vma vma, int page)
    {
        K.BugOn(
            folio.Mapping?.Root != vma.AnonVma?.Root,
            "VM_BUG_ON_FOLIO(folio_anon_vma(folio)->root != vma->anon_vma->root)",
            "__page_check_anon_rmap", folio);
        K.BugOn(
            folio.Index != vma.LinearIndex(page),
            "VM_BUG_ON_PAGE(page_pgoff(folio, page) != linear_page_index(vma, address))",
            "__page_check_anon_rmap", folio);
    }

    private void CheckAnonVma(Folio folio) => K.BugOn(
        folio.Mapping is { } anonVma && (anonVma.Freed || anonVma.Refcount == 0),
        "VM_WARN_ON_FOLIO(atomic_read(&anon_vma->refcount) == 0)", "__folio_rmap_sanity_checks", folio);
}
