using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>folio_add_new_anon_rmap (mm/rmap.c, v6.18): the first mapping of a folio that nobody has mapped
/// yet.</summary>
/// <remarks>
/// The mapcount is stored, not incremented: only right while nobody else can map or unmap the folio, which is so for a
/// fresh folio, and for one from the swap cache whose lock is held. Left out: VM_DROPPABLE.
/// </remarks>
public class AnonRmapNew : Routine
{
    /// <summary>The first half of the non-atomic __folio_set_swapbacked.</summary>
    protected static readonly Point ReadFlags =
        Points.Define("RmapNewReadFlags", "folio_add_new_anon_rmap", Access.Read);

    /// <summary>The second half of the non-atomic __folio_set_swapbacked.</summary>
    protected static readonly Point WriteFlags =
        Points.Define("RmapNewWriteFlags", "folio_add_new_anon_rmap", Access.Write);

    protected static readonly Point SetMapping =
        Points.Define("RmapNewSetMapping", "folio_add_new_anon_rmap", Access.Write);
    protected static readonly Point SetIndex =
        Points.Define("RmapNewSetIndex", "folio_add_new_anon_rmap", Access.Write);
    protected static readonly Point Store =
        Points.Define("RmapNewStoreMapcount", "folio_add_new_anon_rmap", Access.Write);
    protected static readonly Point SetExclusive =
        Points.Define("RmapNewSetExclusive", "folio_add_new_anon_rmap", Access.Rmw);
    protected static readonly Point StorePages =
        Points.Define("RmapNewStorePages", "folio_add_new_anon_rmap", Access.Write);
    protected static readonly Point StoreLarge =
        Points.Define("RmapNewStoreLarge", "folio_add_new_anon_rmap", Access.Write);

    /// <summary>Makes the folio anonymous and mapped once: a large one of PMD order by a PMD entry, any other one by a
    /// PTE for each page. The lock of the table is held; the caller sets the entries afterwards.</summary>
    public virtual async Flow Add(Cpu cpu, Folio folio, Vma vma, int page, bool exclusive)
    {
        bool locked = folio.Has(PageFlag.Locked);
        K.BugOn(
            !exclusive && !locked, "VM_WARN_ON_FOLIO(!exclusive && !folio_test_locked(folio))",
            "folio_add_new_anon_rmap", folio);
        await SetSwapbacked(cpu, folio);
        await cpu.At(SetMapping, folio.MappingWord);
        folio.SetMapping(exclusive ? vma.AnonVma! : vma.AnonVma!.Root);
        await cpu.At(SetIndex, folio.MappingWord);
        folio.SetIndex(vma.LinearIndex(page));
        await cpu.At(Store, folio.MappedWord);
        if (folio.Mapcount != 0)
        {
            folio.TruthFirstMap = $"{folio} is first-mapped although its mapcount is {folio.Mapcount}";
        }
        else if (folio.Has(PageFlag.Swapcache) && folio.LockOwner != cpu)
        {
            folio.TruthFirstMap = $"{folio} is first-mapped from the swap cache without its lock";
        }

        if (folio.IsLarge)
        {
            await StoreCounts(cpu, folio, vma, page, exclusive);
            await R.MemcgStat.Mapped(cpu, folio, folio.PageCount);
            return;
        }

        folio.StoreMapcount(0);
        if (exclusive)
        {
            await cpu.At(SetExclusive, folio.FlagsWord);
            folio.Set(PageFlag.AnonExclusive);
        }

        await R.MemcgStat.Mapped(cpu, folio, 1);
    }

    /// <summary>The counts of a large folio. Nobody but a scanner of the LRU can see it, and none looks at
    /// these.</summary>
    protected virtual async Flow StoreCounts(Cpu cpu, Folio folio, Vma vma, int page, bool exclusive)
    {
        bool entirely = folio.Order >= K.PmdOrder;
        K.BugOn(
            page < vma.Start || page + folio.PageCount > vma.End,
            "VM_WARN_ON_ONCE(address < vma->vm_start || address + (nr << PAGE_SHIFT) > vma->vm_end)",
            "folio_add_new_anon_rmap", folio);
        if (entirely)
        {
            folio.Large.SetEntire(0);
        }

        await cpu.At(StorePages, folio.FlagsWord);
        for (int number = 0; number < (entirely ? 1 : folio.PageCount); number++)
        {
            Page each = folio.PageAt(number);
            if (!entirely)
            {
                each.StoreMapcount(0);
            }

            if (exclusive)
            {
                each.Set(PageFlag.AnonExclusive);
            }
        }

        await cpu.At(StoreLarge, folio.Large.MapcountWord);
        R.LargeRmap.Set(folio, entirely ? 1 : folio.PageCount, vma.Mm);
        folio.Large.SetPagesMapped(entirely ? LargeCounts.EntirelyMapped : folio.PageCount);
    }

    /// <summary>Sets PG_swapbacked unless it is set: then the folio is fresh, and a non-atomic store harms
    /// nobody.</summary>
    protected virtual async Flow SetSwapbacked(Cpu cpu, Folio folio)
    {
        await cpu.At(ReadFlags, folio.FlagsWord);
        if (!folio.Has(PageFlag.Swapbacked))
        {
            await StoreSwapbacked(cpu, folio);
        }
    }

    /// <summary>__folio_set_swapbacked after its load: the whole word is written back.</summary>
    protected static async Flow StoreSwapbacked(Cpu cpu, Folio folio)
    {
        PageFlag word = folio.Flags;
        await cpu.At(WriteFlags, folio.FlagsWord);
        folio.StoreFlags(word | PageFlag.Swapbacked, PageFlag.Swapbacked);
    }
}
