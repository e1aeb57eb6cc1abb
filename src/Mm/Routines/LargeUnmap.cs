using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>try_to_unmap and folio_referenced of large folios in one VMA (mm/rmap.c; mm/page_vma_mapped.c,
/// v6.18).</summary>
/// <remarks>
/// The walk takes the lock of a page table at the first entry that looks right, or at once with TTU_SYNC, and keeps it
/// to the end of that table. Left out: lazyfree, batches of entries (v6.18 has them for lazyfree only).
/// </remarks>
public class LargeUnmap : Routine
{
    protected static readonly Point PeekPmd = Points.Define("LargeWalkPeekPmd", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point PmdLock = Points.Define("LargeWalkPmdLock", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point SyncLock =
        Points.Define("LargeWalkPmdSync", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point PeekPte = Points.Define("LargeWalkPeekPte", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point PteLock = Points.Define("LargeWalkPtl", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point TestYoung =
        Points.Define("LargeReferencedTestYoung", "folio_referenced_one", Access.Rmw);
    protected static readonly Point TestYoungPmd =
        Points.Define("LargeReferencedTestPmd", "folio_referenced_one", Access.Rmw);

    /// <summary>folio_referenced_one: clears the accessed bits, and says whether any was set.</summary>
    public virtual async Flow<bool> ClearYoung(Cpu cpu, Folio folio, Vma vma)
    {
        bool young = false;
        int page = Math.Max(vma.AddressOf(folio.Index), vma.Start);
        int end = Math.Min(vma.AddressOf(folio.Index) + folio.PageCount, vma.End);
        while (page < end)
        {
            PageTable table = vma.Mm.Table(page);
            await cpu.At(PeekPmd, table.PmdWord);
            if (table.Pmd.IsLeaf)
            {
                await vma.Mm.PmdLock.Acquire(cpu, PmdLock);
                bool leaf = table.Pmd.IsLeaf;
                young |= Maps(table, folio) && await ClearYoungPmd(cpu, vma.Mm, table);
                vma.Mm.PmdLock.Release(cpu);
                if (leaf)
                {
                    break;
                }
            }
            else
            {
                int next = Math.Min(end, table.End);
                young |= table.IsTable && await ClearYoungPtes(cpu, folio, vma.Mm, page, next);
                page = next;
            }
        }

        return young;
    }

    /// <summary>try_to_unmap_one with TTU_SYNC and TTU_SPLIT_HUGE_PMD: a PMD mapping is split in place first. False
    /// stops the walk.</summary>
    public virtual async Flow<bool> Unmap(Cpu cpu, Folio folio, Vma vma)
    {
        MmStruct mm = vma.Mm;
        int page = Math.Max(vma.AddressOf(folio.Index), vma.Start);
        int end = Math.Min(vma.AddressOf(folio.Index) + folio.PageCount, vma.End);
        while (page < end)
        {
            PageTable table = mm.Table(page);
            await cpu.At(PeekPmd, table.PmdWord);
            if (table.Pmd.IsLeaf)
            {
                await mm.PmdLock.Acquire(cpu, PmdLock);
                bool foreign = table.Pmd.IsLeaf && !Maps(table, folio);
                if (Maps(table, folio) && R.Unmap.Spares(vma))
                {
                    mm.PmdLock.Release(cpu);
                    return await R.LargeMlock.Restore(cpu, folio, vma) == Remlocked.None;
                }

                if (Maps(table, folio))
                {
                    await R.HugeSplit.SplitLocked(cpu, vma, table, freeze: false);
                }

                mm.PmdLock.Release(cpu);
                if (foreign)
                {
                    return true;
                }

                continue;
            }

            int next = Math.Min(end, table.End);
            if (!table.IsTable)
            {
                await WaitForZap(cpu, folio, mm);
            }
            else if (!await UnmapPtes(cpu, folio, vma, page, next))
            {
                return false;
            }

            page = next;
        }

        return true;
    }

    /// <summary>PVMW_SYNC at an empty PMD entry: whoever has cleared it holds the lock until the mapcount has
    /// fallen.</summary>
    protected virtual async Flow WaitForZap(Cpu cpu, Folio folio, MmStruct mm)
    {
        if (folio.Order >= K.PmdOrder)
        {
            await mm.PmdLock.Acquire(cpu, SyncLock);
            mm.PmdLock.Release(cpu);
        }
    }

    /// <summary>The entries of one table, with its lock held from the first on.</summary>
    protected virtual async Flow<bool> UnmapPtes(Cpu cpu, Folio folio, Vma vma, int start, int end)
    {
        MmStruct mm = vma.Mm;
        await mm.Ptl(start).Acquire(cpu, PteLock);
        if (R.Unmap.Spares(vma))
        {
            mm.Ptl(start).Release(cpu);
            return await R.LargeMlock.Restore(cpu, folio, vma) == Remlocked.None;
        }

        bool more = true;
        for (int page = start; page < end && more; page++)
        {
            if (Maps(mm[page], folio))
            {
                more = await R.Unmap.UnmapOne(cpu, K.PageOf(mm[page]), vma, page);
            }
        }

        mm.Ptl(start).Release(cpu);
        return more;
    }

    /// <summary>The accessed bits of the entries of one table.</summary>
    protected virtual async Flow<bool> ClearYoungPtes(Cpu cpu, Folio folio, MmStruct mm, int start, int end)
    {
        bool young = false;
        bool held = false;
        for (int page = start; page < end; page++)
        {
            if (!held)
            {
                await cpu.At(PeekPte, mm.PteWord(page));
                if (!mm[page].IsPresent)
                {
                    continue;
                }

                await mm.Ptl(start).Acquire(cpu, PteLock);
                held = true;
            }

            if (!Maps(mm[page], folio))
            {
                continue;
            }

            await cpu.At(TestYoung, mm.PteWord(page));
            if (mm[page].Young)
            {
                mm.SetPte(page, mm[page].Without(PteFlag.Young));
                young = true;
            }
        }

        if (held)
        {
            mm.Ptl(start).Release(cpu);
        }

        return young;
    }

    /// <summary>pmdp_clear_flush_young.</summary>
    protected virtual async Flow<bool> ClearYoungPmd(Cpu cpu, MmStruct mm, PageTable table)
    {
        await cpu.At(TestYoungPmd, table.PmdWord);
        if (!table.Pmd.Young)
        {
            return false;
        }

        table.SetPmd(table.Pmd.Without(PteFlag.Young));
        await R.Tlb.FlushRange(cpu, mm, table.Start, table.End);
        return true;
    }

    private bool Maps(Pte pte, Folio folio) => pte.IsPresent && K.FolioOf(pte) == folio;

    private static bool Maps(PageTable table, Folio folio) =>
        table.Pmd.Kind == PmdKind.Huge && table.Pmd.Target == folio.Pfn;
}
