using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>MADV_FREE (mm/madvise.c: madvise_free_pte_range, v6.18), and what reclaim does with a folio that it marked
/// (mm/rmap.c: the lazyfree branch of try_to_unmap_one).</summary>
/// <remarks>
/// The page keeps its content until reclaim wants the memory; a store in between keeps it for good. Left out: large
/// folios (left alone, as when they are locked), poison entries.
/// </remarks>
public class MadviseFree : Routine
{
    protected static readonly Point FindVma = Points.Define("FreeFindVma", "lock_vma_under_rcu", Access.Read);
    protected static readonly Point VmaLock = Points.Define("FreeVmaLock", "lock_vma_under_rcu", Access.Acquire);
    protected static readonly Point MmapLock = Points.Define("FreeMmapLock", "madvise_lock", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("FreePtl", "madvise_free_pte_range", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("FreeReadPte", "madvise_free_pte_range", Access.Read);
    protected static readonly Point ClearSwap =
        Points.Define("FreeClearSwapPte", "madvise_free_pte_range", Access.Write);
    protected static readonly Point AddCounters = Points.Define("FreeAddRss", "madvise_free_pte_range", Access.Rmw);
    protected static readonly Point TestFlags = Points.Define("FreeTestFlags", "madvise_free_pte_range", Access.Read);
    protected static readonly Point CountMaps = Points.Define("FreeCountMaps", "madvise_free_pte_range", Access.Read);
    protected static readonly Point TestCache = Points.Define("FreeTestCache", "madvise_free_pte_range", Access.Read);
    protected static readonly Point ClearDirty = Points.Define("FreeClearDirty", "madvise_free_pte_range", Access.Rmw);
    protected static readonly Point CleanPte = Points.Define("FreeCleanPte", "clear_young_dirty_ptes", Access.Rmw);
    protected static readonly Point DiscardRefs =
        Points.Define("UnmapLazyfreeCountRefs", "try_to_unmap_one", Access.Read);
    protected static readonly Point DiscardMaps =
        Points.Define("UnmapLazyfreeCountMaps", "try_to_unmap_one", Access.Read);
    protected static readonly Point DiscardDirty =
        Points.Define("UnmapLazyfreeTestDirty", "try_to_unmap_one", Access.Read);
    protected static readonly Point Restore =
        Points.Define("UnmapLazyfreeRestorePte", "try_to_unmap_one", Access.Write);
    protected static readonly Point SetBacked =
        Points.Define("UnmapLazyfreeSetSwapbacked", "try_to_unmap_one", Access.Rmw);

    /// <summary>MADV_FREE over [start, end): under the VMA's lock if one VMA covers it, else under the mmap
    /// lock.</summary>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int start, int end)
    {
        TruthBegin(mm, start, end, 1);
        await cpu.At(FindVma, mm.Word);
        Vma? vma = mm.FindVma(start) is { } found && found.End >= end ? found : null;
        if (vma is not null)
        {
            await cpu.At(VmaLock, vma.Lock);
            vma = mm.FindVma(start) == vma && vma.End >= end && vma.Lock.TryTakeRead(cpu) ? vma : null;
        }

        bool any = await (vma is null
            ? FreeUnderMmapLock(cpu, mm, start, end)
            : FreeUnderVmaLock(cpu, vma, start, end));
        TruthBegin(mm, start, end, -1);
        return any;
    }

    /// <summary>The lazyfree branch of try_to_unmap_one, entered with the entry cleared, its dirty bit moved and the
    /// ptl held. False stops the walk: the folio stays mapped.</summary>
    /// <remarks>The order is the point: entry, barrier, references, barrier, PG_dirty. Whoever takes a reference by the
    /// entry looks at the entry again after that, and marks the folio dirty before it drops the reference.</remarks>
    public virtual async Flow<bool> Discard(Cpu cpu, Folio folio, Vma vma, int page, Pte pte)
    {
        MmStruct mm = vma.Mm;
        await cpu.At(DiscardRefs, folio.RefcountWord);
        int references = folio.Refcount;
        await cpu.At(DiscardMaps, folio.MapcountWord);
        int mappings = folio.Mapcount;
        await cpu.At(DiscardDirty, folio.FlagsWord);
        bool dirty = IsRedirtied(folio);
        if (dirty || IsReferenced(references, mappings))
        {
            await cpu.At(Restore, mm.PteWord(page));
            mm.SetPte(page, pte);
            if (dirty)
            {
                await cpu.At(SetBacked, folio.FlagsWord);
                folio.Set(PageFlag.Swapbacked);
            }

            return false;
        }

        mm.AddRss(-1, 0);
        await R.Unmap.RemoveRmap(cpu, folio, vma);
        await R.Free.Put(cpu, folio, Holder.Mapping);
        return true;
    }

    /// <summary>Whether anybody but reclaim and the entries may have the folio.</summary>
    protected virtual bool IsReferenced(int references, int mappings) => references != 1 + mappings;

    /// <summary>Whether it was stored to since MADV_FREE, through an entry or through a reference.</summary>
    protected virtual bool IsRedirtied(Folio folio) => folio.Has(PageFlag.Dirty);

    protected virtual async Flow<bool> FreeUnderVmaLock(Cpu cpu, Vma vma, int start, int end)
    {
        Gather gather = await R.Zap.Begin(cpu, vma.Mm, ZapDetails.All);
        bool valid = vma is { File: null, IsLocked: false };
        if (valid)
        {
            await FreeVma(cpu, gather, vma.Mm, start, end);
        }

        vma.Lock.ReleaseRead(cpu);
        await R.Zap.Finish(cpu, gather);
        return valid;
    }

    protected virtual async Flow<bool> FreeUnderMmapLock(Cpu cpu, MmStruct mm, int start, int end)
    {
        bool any = false;
        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        Gather gather = await R.Zap.Begin(cpu, mm, ZapDetails.All);
        while (start < end && mm.FirstVma(start, end) is { IsLocked: false, File: null } vma)
        {
            any = true;
            await FreeVma(cpu, gather, mm, Math.Max(start, vma.Start), Math.Min(end, vma.End));
            start = vma.End;
        }

        await R.Zap.Finish(cpu, gather);
        mm.MmapLock.ReleaseRead(cpu);
        return any;
    }

    /// <summary>madvise_free_single_vma.</summary>
    protected virtual async Flow FreeVma(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        await R.Lru.Drain(cpu);
        while (start < end)
        {
            int next = Math.Min(end, mm.Table(start).End);
            if (mm.Table(start).IsTable)
            {
                await FreeTable(cpu, gather, mm, start, next);
            }

            start = next;
        }
    }

    /// <summary>madvise_free_pte_range over [start, end), which one page table covers.</summary>
    protected virtual async Flow FreeTable(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        KernelSpinlock ptl = mm.Ptl(start);
        await ptl.Acquire(cpu, PteLock);
        await R.Tlb.FlushBatchedPending(cpu, mm);
        int swapped = 0;
        for (int page = start; page < end; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            Pte pte = mm[page];
            if (pte.IsSwap)
            {
                int count = R.Slots.CountBatch(mm, page, end);
                swapped += count;
                await R.Slots.FreeSwapAndCache(cpu, pte.Target, count);
                for (int last = page + count - 1; ; page++)
                {
                    await cpu.At(ClearSwap, mm.PteWord(page));
                    mm.SetPte(page, Pte.None);
                    mm.TruthDiscard(page);
                    if (page == last)
                    {
                        break;
                    }
                }
            }
            else if (pte.Kind == PteKind.HwPoison)
            {
                await cpu.At(ClearSwap, mm.PteWord(page));
                mm.SetPte(page, Pte.None);
                mm.TruthDiscard(page);
            }
            else if (pte.IsPresent && !K.FolioOf(pte).IsLarge)
            {
                await FreePresent(cpu, gather, mm, page, pte);
            }
        }

        if (swapped != 0)
        {
            await cpu.At(AddCounters, mm.Word);
            mm.AddRss(0, -swapped);
        }

        ptl.Release(cpu);
    }

    /// <summary>One present entry: all copies and all marks of dirt go, then the folio is on its way to the lazyfree
    /// list.</summary>
    protected virtual async Flow FreePresent(Cpu cpu, Gather gather, MmStruct mm, int page, Pte pte)
    {
        Folio folio = K.FolioOf(pte);
        await cpu.At(TestFlags, folio.FlagsWord);
        if ((folio.Flags & (PageFlag.Swapcache | PageFlag.Dirty)) != PageFlag.None && !await Clean(cpu, folio))
        {
            return;
        }

        mm.TruthMayBeFreed[page] = true;
        if (pte.Young || pte.Dirty)
        {
            await cpu.At(CleanPte, mm.PteWord(page));
            mm.SetPte(page, mm[page].Without(PteFlag.Young | PteFlag.Dirty));
            gather.Note(page);
            mm.TruthMayBeFreed[page] = true;
        }

        await R.LruMoves.MarkLazyfree(cpu, folio);
    }

    /// <summary>Ground truth: a call is under way, or over.</summary>
    private static void TruthBegin(MmStruct mm, int start, int end, int by)
    {
        for (int page = start; page < end; page++)
        {
            mm.TruthBeingFreed[page] += by;
        }
    }

    /// <summary>Drops the copy in swap and PG_dirty. False: the folio is locked, shared, or has owners in
    /// swap.</summary>
    protected virtual async Flow<bool> Clean(Cpu cpu, Folio folio)
    {
        if (!await R.Locking.TryLock(cpu, folio))
        {
            return false;
        }

        bool clean = await MayClean(cpu, folio);
        if (clean)
        {
            await cpu.At(ClearDirty, folio.FlagsWord);
            folio.Clear(PageFlag.Dirty);
        }

        await R.Locking.Unlock(cpu, folio);
        return clean;
    }

    /// <summary>With the folio locked: mapped only here, and its copy in swap, if it has one, has no other
    /// owner.</summary>
    protected virtual async Flow<bool> MayClean(Cpu cpu, Folio folio)
    {
        await cpu.At(CountMaps, folio.MapcountWord);
        if (folio.Mapcount != 1)
        {
            return false;
        }

        await cpu.At(TestCache, folio.FlagsWord);
        return !folio.Has(PageFlag.Swapcache) || await R.Slots.FreeSwap(cpu, folio);
    }
}
