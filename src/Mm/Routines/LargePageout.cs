using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>What MADV_PAGEOUT and MADV_COLD do with large folios (mm/madvise.c: madvise_cold_or_pageout_pte_range,
/// v6.18).</summary>
public class LargePageout : Routine
{
    protected static readonly Point PeekPmd =
        Points.Define("PageoutPeekPmd", "madvise_cold_or_pageout_pte_range", Access.Read);
    protected static readonly Point PmdLock =
        Points.Define("PageoutPmdLock", "madvise_cold_or_pageout_pte_range", Access.Acquire);
    protected static readonly Point TestShared =
        Points.Define("PageoutTestShared", "madvise_cold_or_pageout_pte_range", Access.Read);
    protected static readonly Point Get =
        Points.Define("PageoutGetLarge", "madvise_cold_or_pageout_pte_range", Access.Rmw);
    protected static readonly Point PteLock =
        Points.Define("PageoutPtlAgain", "madvise_cold_or_pageout_pte_range", Access.Acquire);

    /// <summary>A PMD mapping in the way: takes the folio if the range covers it, or cools it where there is no list
    /// for it, else splits the folio.</summary>
    /// <returns>Whether there is a page table to go through now.</returns>
    public virtual async Flow<bool> FindTable(
        Cpu cpu, MmStruct mm, int start, int end, FolioList? list, Gather? gather = null)
    {
        PageTable table = mm.Table(start);
        await cpu.At(PeekPmd, table.PmdWord);
        if (table.Pmd.Kind != PmdKind.Huge)
        {
            return table.IsTable;
        }

        await mm.PmdLock.Acquire(cpu, PmdLock);
        if (table.Pmd.Kind != PmdKind.Huge || await IsShared(cpu, K.Folios[table.Pmd.Target]))
        {
            mm.PmdLock.Release(cpu);
            return false;
        }

        Folio folio = K.Folios[table.Pmd.Target];
        if (end - start == folio.PageCount)
        {
            await (list is null ? R.MadviseCold.CoolHuge(cpu, gather!, table) : R.Reclaim.Isolate(cpu, folio, list));
            mm.PmdLock.Release(cpu);
            return false;
        }

        await cpu.At(Get, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        mm.PmdLock.Release(cpu);
        await R.Locking.Lock(cpu, folio);
        bool split = await R.Split.SplitFolio(cpu, folio, null);
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
        return split;
    }

    /// <summary>Entries of a large folio, with the page table locked: takes or cools the folio if all of it is mapped
    /// here, else splits it, for which the lock is dropped.</summary>
    /// <returns>How many entries are done with.</returns>
    public virtual async Flow<int> Take(
        Cpu cpu, MmStruct mm, int page, int end, FolioList? list, Gather? gather = null)
    {
        Folio folio = K.FolioOf(mm[page]);
        int count = CountBatch(mm, page, end);
        if (count == folio.PageCount)
        {
            if (list is null)
            {
                await R.MadviseCold.CoolPresent(cpu, gather!, mm, page, count);
            }
            else
            {
                await R.Reclaim.IsolateForPageout(cpu, folio, list);
            }

            return count;
        }

        if (await IsShared(cpu, folio) || !await R.Locking.TryLock(cpu, folio))
        {
            return count;
        }

        await cpu.At(Get, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        mm.Ptl(page).Release(cpu);
        bool split = await R.Split.SplitFolio(cpu, folio, null);
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
        await mm.Ptl(page).Acquire(cpu, PteLock);
        return split ? 0 : count;
    }

    /// <summary>folio_maybe_mapped_shared of a large folio.</summary>
    protected virtual async Flow<bool> IsShared(Cpu cpu, Folio folio)
    {
        await cpu.At(TestShared, folio.Large.MmIdLock);
        return folio.Large.Shared;
    }

    /// <summary>folio_pte_batch.</summary>
    private int CountBatch(MmStruct mm, int page, int end)
    {
        Pte first = mm[page];
        int count = 1;
        while (page + count < end && mm[page + count].IsPresent && mm[page + count].Target == first.Target + count
            && K.FolioOf(mm[page + count]) == K.FolioOf(first))
        {
            count++;
        }

        return count;
    }
}
