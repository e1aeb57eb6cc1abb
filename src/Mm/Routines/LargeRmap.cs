using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The counts of mappings of large folios: the large halves of __folio_add_rmap and __folio_remove_rmap
/// (mm/rmap.c, include/linux/rmap.h, v6.18 with CONFIG_PAGE_MAPCOUNT and CONFIG_MM_ID).</summary>
/// <remarks>
/// An add counts pages, or the whole, first and the folio last; a remove does it in reverse. So the sum of the former
/// is never less than the latter. Left out: the NR_ANON_THPS statistics.
/// </remarks>
public class LargeRmap : Routine
{
    protected static readonly Point AddPage = Points.Define("LargeAddPageMapcount", "__folio_add_rmap", Access.Rmw);
    protected static readonly Point AddMapped = Points.Define("LargeAddPagesMapped", "__folio_add_rmap", Access.Rmw);
    protected static readonly Point AddEntire = Points.Define("LargeAddEntire", "__folio_add_rmap", Access.Rmw);
    protected static readonly Point AddEntirely = Points.Define("LargeAddEntirely", "__folio_add_rmap", Access.Rmw);
    protected static readonly Point RemovePage =
        Points.Define("LargeRemovePageMapcount", "__folio_remove_rmap", Access.Rmw);
    protected static readonly Point RemoveMapped =
        Points.Define("LargeRemovePagesMapped", "__folio_remove_rmap", Access.Rmw);
    protected static readonly Point TestMapped =
        Points.Define("LargeTestPagesMapped", "__folio_remove_rmap", Access.Read);
    protected static readonly Point RemoveEntire =
        Points.Define("LargeRemoveEntire", "__folio_remove_rmap", Access.Rmw);
    protected static readonly Point RemoveEntirely =
        Points.Define("LargeRemoveEntirely", "__folio_remove_rmap", Access.Rmw);
    protected static readonly Point TestPartially =
        Points.Define("LargeTestPartially", "__folio_remove_rmap", Access.Read);
    protected static readonly Point AddLock =
        Points.Define("LargeAddMmIdLock", "folio_add_return_large_mapcount", Access.Acquire);
    protected static readonly Point AddMapcount =
        Points.Define("LargeAddMapcount", "folio_add_return_large_mapcount", Access.Write);
    protected static readonly Point AddShared =
        Points.Define("LargeSetShared", "folio_add_return_large_mapcount", Access.Write);
    protected static readonly Point SubLock =
        Points.Define("LargeSubMmIdLock", "folio_sub_return_large_mapcount", Access.Acquire);
    protected static readonly Point SubMapcount =
        Points.Define("LargeSubMapcount", "folio_sub_return_large_mapcount", Access.Write);
    protected static readonly Point SubShared =
        Points.Define("LargeClearShared", "folio_sub_return_large_mapcount", Access.Write);

    /// <summary>__folio_add_rmap for pages that PTEs map.</summary>
    public virtual async Flow AddPtes(Cpu cpu, Folio folio, Page first, int count, MmStruct mm)
    {
        int fresh = 0;
        int start = first.IndexInFolio;
        for (int number = start; number < start + count; number++)
        {
            Page page = folio.PageAt(number);
            await cpu.At(AddPage, page.MapcountWord);
            fresh += page.IncMapcount() == 0 ? 1 : 0;
        }

        if (fresh > 0)
        {
            await cpu.At(AddMapped, folio.Large.PagesMappedWord);
            if (folio.Large.AddPagesMapped(fresh) >= LargeCounts.EntirelyMapped)
            {
                fresh = 0;
            }
        }

        await Add(cpu, folio, count, mm);
        if (fresh > 0)
        {
            await R.MemcgStat.Mapped(cpu, folio, fresh);
        }
    }

    /// <summary>__folio_add_rmap for a PMD entry.</summary>
    public virtual async Flow AddPmd(Cpu cpu, Folio folio, MmStruct mm)
    {
        await cpu.At(AddEntire, folio.Large.EntireWord);
        int fresh = 0;
        if (folio.Large.AddEntire(1) == 0)
        {
            await cpu.At(AddEntirely, folio.Large.PagesMappedWord);
            int mapped = folio.Large.AddPagesMapped(LargeCounts.EntirelyMapped);
            if (mapped < 2 * LargeCounts.EntirelyMapped)
            {
                fresh = Clamp(folio, folio.PageCount - (mapped & LargeCounts.PagesMask), 1);
            }
        }

        await Add(cpu, folio, 1, mm);
        if (fresh > 0)
        {
            await R.MemcgStat.Mapped(cpu, folio, fresh);
        }
    }

    /// <summary>__folio_try_dup_anon_rmap for pages that PTEs map: the parent maps them already, so nothing else
    /// changes.</summary>
    public virtual async Flow DupPtes(Cpu cpu, Folio folio, Page first, int count, MmStruct child)
    {
        int start = first.IndexInFolio;
        for (int number = start; number < start + count; number++)
        {
            Page page = folio.PageAt(number);
            await R.Rmap.DupExclusive(cpu, page);
            await cpu.At(AddPage, page.MapcountWord);
            page.IncMapcount();
        }

        await Add(cpu, folio, count, child);
    }

    /// <summary>__folio_try_dup_anon_rmap for a PMD entry.</summary>
    public virtual async Flow DupPmd(Cpu cpu, Folio folio, MmStruct child)
    {
        await R.Rmap.DupExclusive(cpu, folio);
        await cpu.At(AddEntire, folio.Large.EntireWord);
        folio.Large.AddEntire(1);
        await Add(cpu, folio, 1, child);
    }

    /// <summary>__folio_remove_rmap for pages that PTEs mapped.</summary>
    public virtual async Flow RemovePtes(Cpu cpu, Folio folio, Page first, int count, MmStruct mm)
    {
        await Sub(cpu, folio, count, mm);
        await RemoveFromPages(cpu, folio, first, count);
    }

    /// <summary>What __folio_remove_rmap does once the folio's own mapcount has fallen.</summary>
    public virtual async Flow RemoveFromPages(Cpu cpu, Folio folio, Page first, int count)
    {
        int last = await RemovePages(cpu, folio, first, count);
        if (last == 0)
        {
            return;
        }

        await cpu.At(RemoveMapped, folio.Large.PagesMappedWord);
        if (folio.Large.AddPagesMapped(-last) >= LargeCounts.EntirelyMapped)
        {
            return;
        }

        await cpu.At(TestMapped, folio.Large.PagesMappedWord);
        if (folio.Large.PagesMapped != 0)
        {
            await NotePartiallyMapped(cpu, folio);
        }

        await R.MemcgStat.Unmapped(cpu, folio, last);
    }

    /// <summary>__folio_remove_rmap for a PMD entry.</summary>
    public virtual async Flow RemovePmd(Cpu cpu, Folio folio, MmStruct mm)
    {
        await Sub(cpu, folio, 1, mm);
        await cpu.At(RemoveEntire, folio.Large.EntireWord);
        if (folio.Large.AddEntire(-1) >= 0)
        {
            return;
        }

        await cpu.At(RemoveEntirely, folio.Large.PagesMappedWord);
        int mapped = folio.Large.AddPagesMapped(-LargeCounts.EntirelyMapped);

        // Pages that no PTE maps either are unmapped now: all of them, or only some.
        int unmapped = mapped < LargeCounts.EntirelyMapped ? Clamp(folio, folio.PageCount - mapped, -1) : 0;
        if (unmapped == 0)
        {
            return;
        }

        if (unmapped < folio.PageCount)
        {
            await NotePartiallyMapped(cpu, folio);
        }

        await R.MemcgStat.Unmapped(cpu, folio, unmapped);
    }

    /// <summary>folio_set_large_mapcount: of a folio that nobody else can map; the caller has parked.</summary>
    public virtual void Set(Folio folio, int mappings, MmStruct mm)
    {
        LargeCounts large = folio.Large;
        K.BugOn(
            large.MmId(0) != LargeCounts.NoMm || large.MmId(1) != LargeCounts.NoMm,
            "VM_WARN_ON_ONCE(folio_mm_id(folio, 0) != MM_ID_DUMMY)", "folio_set_large_mapcount", folio);
        large.SetMapcount(mappings - 1);
        large.SetSlot(0, LargeCounts.IdOf(mm), mappings - 1);
    }

    /// <summary>The per-page part of a remove: how many pages no PTE maps any more.</summary>
    protected virtual async Flow<int> RemovePages(Cpu cpu, Folio folio, Page first, int count)
    {
        int last = 0;
        int start = first.IndexInFolio;
        for (int number = start; number < start + count; number++)
        {
            Page page = folio.PageAt(number);
            await cpu.At(RemovePage, page.MapcountWord);
            last += page.DecMapcount() == -1 ? 1 : 0;
        }

        return last;
    }

    /// <summary>folio_add_return_large_mapcount: the mapcount, the process' slot and the shared bit, under the bit
    /// spinlock.</summary>
    protected virtual async Flow Add(Cpu cpu, Folio folio, int count, MmStruct mm)
    {
        LargeCounts large = folio.Large;
        int id = LargeCounts.IdOf(mm);
        await large.MmIdLock.Acquire(cpu, AddLock);
        CheckSlots(folio, count);
        await cpu.At(AddMapcount, large.MapcountWord);
        large.SetMapcount(large.Mapcount + count);
        if (large.MmId(0) == id)
        {
            large.SetSlot(0, id, large.MmMapcount(0) + count);
        }
        else if (large.MmId(1) == id)
        {
            large.SetSlot(1, id, large.MmMapcount(1) + count);
        }
        else if (large.MmId(0) == LargeCounts.NoMm)
        {
            large.SetSlot(0, id, count - 1);
            if (large.Mapcount != count - 1)
            {
                await SetShared(cpu, large);
            }
        }
        else if (large.MmId(1) == LargeCounts.NoMm)
        {
            large.SetSlot(1, id, count - 1);
            await SetShared(cpu, large);
        }

        large.MmIdLock.Release(cpu);
    }

    /// <summary>folio_sub_return_large_mapcount. A slot may know less than there is, and is emptied then.</summary>
    protected virtual async Flow Sub(Cpu cpu, Folio folio, int count, MmStruct mm)
    {
        LargeCounts large = folio.Large;
        int id = LargeCounts.IdOf(mm);
        await large.MmIdLock.Acquire(cpu, SubLock);
        CheckSlots(folio, count);
        await cpu.At(SubMapcount, large.MapcountWord);
        large.SetMapcount(large.Mapcount - count);
        int slot = large.MmId(0) == id ? 0 : large.MmId(1) == id ? 1 : -1;
        bool left = slot >= 0 && large.MmMapcount(slot) - count >= 0;
        if (slot >= 0)
        {
            large.SetSlot(
                slot, left ? id : LargeCounts.NoMm, left ? large.MmMapcount(slot) - count : -1);
        }

        if (!left && large.Shared
            && (large.MmMapcount(0) == large.Mapcount || large.MmMapcount(1) == large.Mapcount))
        {
            await cpu.At(SubShared, large.MmIdLock);
            large.SetShared(false);
        }

        large.MmIdLock.Release(cpu);
    }

    /// <summary>"Raced ahead of a remove and another add": a page that is being unmapped here and mapped there counts
    /// twice in nr_pages_mapped for a moment. The kernel takes less than nothing for nothing.</summary>
    protected virtual int Clamp(Folio folio, int pages, int sign)
    {
        if (pages < 0)
        {
            folio.Memcg?.TruthClamp(folio, -sign * pages);
        }

        return Math.Max(pages, 0);
    }

    /// <summary>Queues the folio for a deferred split, unless it was noted before.</summary>
    protected virtual async Flow NotePartiallyMapped(Cpu cpu, Folio folio)
    {
        await cpu.At(TestPartially, folio.PageAt(1).FlagsWord);
        if (folio.Anon && !folio.PartiallyMapped)
        {
            await R.DeferredSplit.DeferredSplitFolio(cpu, folio, partiallyMapped: true);
        }
    }

    private static async Flow SetShared(Cpu cpu, LargeCounts large)
    {
        if (!large.Shared)
        {
            await cpu.At(AddShared, large.MmIdLock);
            large.SetShared(true);
        }
    }

    /// <summary>__folio_large_mapcount_sanity_checks.</summary>
    private void CheckSlots(Folio folio, int count)
    {
        const string Function = "__folio_large_mapcount_sanity_checks";
        LargeCounts large = folio.Large;
        K.BugOn(count <= 0, "VM_WARN_ON_ONCE(diff <= 0)", Function, folio);
        K.BugOn(count > folio.PageCount, "VM_WARN_ON_ONCE(diff > folio_large_nr_pages(folio))", Function, folio);
        for (int slot = 0; slot < 2; slot++)
        {
            bool taken = large.MmId(slot) != LargeCounts.NoMm;
            K.BugOn(
                !taken && large.MmMapcount(slot) != -1, "VM_WARN_ON_ONCE(id == MM_ID_DUMMY && mapcount != -1)",
                Function, folio);
            K.BugOn(
                taken && large.MmMapcount(slot) < 0, "VM_WARN_ON_ONCE(id != MM_ID_DUMMY && mapcount < 0)", Function,
                folio);
        }

        K.BugOn(
            large.Mapcount < 0 && large.Shared,
            "VM_WARN_ON_ONCE(!folio_mapped(folio) && test_bit(FOLIO_MM_IDS_SHARED_BITNUM))", Function, folio);
    }
}
