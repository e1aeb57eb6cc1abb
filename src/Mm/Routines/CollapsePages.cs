using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The pages of a collapse: taken from the unlinked page table, copied, let go (mm/khugepaged.c:
/// __collapse_huge_page_isolate, __collapse_huge_page_copy, v6.18).</summary>
/// <remarks>
/// Nobody else reaches the entries while the table is unlinked: loads of them are no steps. Left out: NR_ISOLATED, and
/// the limits and the accessed bits that khugepaged looks at.
/// </remarks>
public class CollapsePages : Routine
{
    protected static readonly Point CountMapped =
        Points.Define("CollapseReadMapcount", "__collapse_huge_page_isolate", Access.Read);
    protected static readonly Point CountRefs =
        Points.Define("CollapseReadRefs", "__collapse_huge_page_isolate", Access.Read);
    protected static readonly Point CopyData =
        Points.Define("CollapseCopyData", "copy_mc_user_highpage", Access.Read);
    protected static readonly Point ClearPtl =
        Points.Define("CollapseClearPtl", "__collapse_huge_page_copy_succeeded", Access.Acquire);
    protected static readonly Point ClearPte =
        Points.Define("CollapseClearPte", "__collapse_huge_page_copy_succeeded", Access.Write);

    private readonly List<Folio>[] large = new List<Folio>[Kernel.CpusMax];

    /// <summary>folio_expected_ref_count of an anonymous folio: of its mappings and of the swap cache.</summary>
    public static int ExpectedRefs(Folio folio) =>
        folio.Mapcount + (folio.Has(PageFlag.Swapcache) ? folio.PageCount : 0);

    /// <summary>__collapse_huge_page_isolate: locks every folio and takes it off the LRU, or none. The ptl is
    /// held.</summary>
    public virtual async Flow<bool> Isolate(Cpu cpu, MmStruct mm, PageTable table)
    {
        List<Folio> taken = large[cpu.Index] ??= [];
        taken.Clear();
        for (int page = table.Start; page < table.End; page++)
        {
            Pte pte = mm[page];
            if (pte.Kind is PteKind.None or PteKind.Zero)
            {
                continue;
            }

            if (!pte.IsPresent || !await Take(cpu, K.FolioOf(pte), taken))
            {
                await Release(cpu, mm, table, page);
                return false;
            }
        }

        return true;
    }

    /// <summary>One folio; a large one only once.</summary>
    protected virtual async Flow<bool> Take(Cpu cpu, Folio folio, List<Folio> taken)
    {
        const string Function = "__collapse_huge_page_isolate";
        K.BugOn(!folio.Anon, "VM_BUG_ON_FOLIO(!folio_test_anon(folio))", Function, folio);
        if (folio.IsLarge && taken.Contains(folio))
        {
            return true;
        }

        if (!await R.Locking.TryLock(cpu, folio))
        {
            return false;
        }

        if (await IsPinned(cpu, folio) || !await R.Lru.Isolate(cpu, folio))
        {
            await R.Locking.Unlock(cpu, folio);
            return false;
        }

        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", Function, folio);
        K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", Function, folio);
        if (folio.IsLarge)
        {
            taken.Add(folio);
        }

        return true;
    }

    /// <summary>Whether somebody has a reference who is neither a page table nor the swap cache.</summary>
    protected virtual async Flow<bool> IsPinned(Cpu cpu, Folio folio)
    {
        await cpu.At(CountMapped, folio.MapcountWord);
        int expected = ExpectedRefs(folio);
        await cpu.At(CountRefs, folio.RefcountWord);
        return folio.Refcount != expected;
    }

    /// <summary>release_pte_pages: what the entries below <paramref name="end"/> map goes back to the LRU, the small
    /// folios from the last to the first, then the large ones.</summary>
    public virtual async Flow Release(Cpu cpu, MmStruct mm, PageTable table, int end)
    {
        for (int page = end - 1; page >= table.Start; page--)
        {
            if (mm[page].IsPresent && !K.FolioOf(mm[page]).IsLarge)
            {
                await Return(cpu, K.FolioOf(mm[page]));
            }
        }

        foreach (Folio folio in large[cpu.Index])
        {
            await Return(cpu, folio);
        }
    }

    /// <summary>__collapse_huge_page_copy: false when a page's memory is broken.</summary>
    public virtual async Flow<bool> Copy(Cpu cpu, MmStruct mm, PageTable table, Folio huge)
    {
        for (int page = table.Start; page < table.End; page++)
        {
            Page target = huge.PageAt(page - table.Start);
            if (!mm[page].IsPresent)
            {
                target.SetData(0);
                continue;
            }

            Page source = K.PageOf(mm[page]);
            await cpu.At(CopyData, source.DataWord);
            if (source.Has(PageFlag.HwPoison))
            {
                return false;
            }

            target.SetData(source.Data);
        }

        return true;
    }

    /// <summary>__collapse_huge_page_copy_succeeded: the entries go, and the folios with them. A small folio is
    /// unlocked and back on its way to the LRU before its entry is gone.</summary>
    public virtual async Flow Clear(Cpu cpu, Vma vma, PageTable table)
    {
        MmStruct mm = vma.Mm;
        int step;
        for (int page = table.Start; page < table.End; page += step)
        {
            step = 1;
            if (mm[page].IsPresent)
            {
                step = await ClearMapped(cpu, vma, table, page);
                continue;
            }

            mm.AddRss(1, 0);
            if (mm[page].Kind == PteKind.Zero)
            {
                await table.Lock.Acquire(cpu, ClearPtl);
                await cpu.At(ClearPte, mm.PteWord(page));
                mm.SetPte(page, Pte.None);
                table.Lock.Release(cpu);
            }
        }

        foreach (Folio folio in large[cpu.Index])
        {
            await R.Locking.Unlock(cpu, folio);
            await R.Slots.FreeSwapCache(cpu, folio);
            await R.Lru.Putback(cpu, folio);
        }
    }

    /// <summary>The mappings of one folio that follow each other.</summary>
    /// <returns>Their number.</returns>
    protected virtual async Flow<int> ClearMapped(Cpu cpu, Vma vma, PageTable table, int page)
    {
        MmStruct mm = vma.Mm;
        Page first = K.PageOf(mm[page]);
        Folio folio = first.Head;
        int count = 1;
        if (folio.IsLarge)
        {
            while (page + count < table.End && mm[page + count].IsPresent
                && mm[page + count].Target == first.Pfn + count && K.FolioOf(mm[page + count]) == folio)
            {
                count++;
            }
        }
        else
        {
            await Return(cpu, folio);
        }

        await table.Lock.Acquire(cpu, ClearPtl);
        for (int number = 0; number < count; number++)
        {
            await cpu.At(ClearPte, mm.PteWord(page + number));
            mm.SetPte(page + number, Pte.None);
        }

        await R.Rmap.RemovePtes(cpu, first, count, vma);
        table.Lock.Release(cpu);
        await R.Slots.FreeSwapCache(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Mapping, count);
        return count;
    }

    /// <summary>release_pte_folio.</summary>
    private async Flow Return(Cpu cpu, Folio folio)
    {
        await R.Locking.Unlock(cpu, folio);
        await R.Lru.Putback(cpu, folio);
    }
}
