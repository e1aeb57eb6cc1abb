using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>MADV_COLD (mm/madvise.c: madvise_cold_or_pageout_pte_range without pageout, v6.18): pages become old and
/// inactive.</summary>
/// <remarks>Large folios are found by <see cref="LargePageout"/>, which splits those of which only a part is meant.
/// Left out: idle page tracking, PG_workingset.</remarks>
public class MadviseCold : Routine
{
    protected static readonly Point MmapLock = Points.Define("ColdMmapLock", "madvise_lock", Access.Acquire);
    protected static readonly Point PteLock =
        Points.Define("ColdPtl", "madvise_cold_or_pageout_pte_range", Access.Acquire);
    protected static readonly Point ReadPte =
        Points.Define("ColdReadPte", "madvise_cold_or_pageout_pte_range", Access.Read);
    protected static readonly Point TestShared =
        Points.Define("ColdTestShared", "madvise_cold_or_pageout_pte_range", Access.Read);
    protected static readonly Point AgePte = Points.Define("ColdAgePte", "clear_young_dirty_ptes", Access.Rmw);
    protected static readonly Point ClearPmd = Points.Define("ColdClearPmd", "pmdp_invalidate", Access.Rmw);
    protected static readonly Point AgePmd =
        Points.Define("ColdAgePmd", "madvise_cold_or_pageout_pte_range", Access.Write);
    protected static readonly Point ClearReferenced =
        Points.Define("ColdClearReferenced", "folio_clear_referenced", Access.Rmw);

    /// <summary>MADV_COLD over [start, end), under the mmap lock.</summary>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int start, int end)
    {
        bool any = false;
        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        while (start < end && mm.FirstVma(start, end) is { IsLocked: false } vma)
        {
            any |= await CoolVma(cpu, mm, vma, Math.Max(start, vma.Start), Math.Min(end, vma.End));
            start = vma.End;
        }

        mm.MmapLock.ReleaseRead(cpu);
        return any;
    }

    /// <summary>madvise_cold.</summary>
    protected virtual async Flow<bool> CoolVma(Cpu cpu, MmStruct mm, Vma vma, int start, int end)
    {
        await R.Lru.Drain(cpu);
        Gather gather = await R.Zap.Begin(cpu, mm, ZapDetails.All);
        while (start < end)
        {
            int next = Math.Min(end, mm.Table(start).End);
            if (!K.HasHugePmds || await R.LargePageout.FindTable(cpu, mm, start, next, list: null, gather))
            {
                await CoolTable(cpu, gather, mm, start, next);
            }

            start = next;
        }

        await R.Zap.Finish(cpu, gather);
        return true;
    }

    protected virtual async Flow CoolTable(Cpu cpu, Gather gather, MmStruct mm, int start, int end)
    {
        KernelSpinlock ptl = mm.Ptl(start);
        await ptl.Acquire(cpu, PteLock);
        await R.Tlb.FlushBatchedPending(cpu, mm);
        for (int page = start; page < end && mm.Table(start).IsTable; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            Pte pte = mm[page];
            if (!pte.IsPresent)
            {
                continue;
            }

            if (K.FolioOf(pte).IsLarge)
            {
                page += await R.LargePageout.Take(cpu, mm, page, end, list: null, gather) - 1;
            }
            else
            {
                await CoolPresent(cpu, gather, mm, page, 1);
            }
        }

        ptl.Release(cpu);
    }

    /// <summary>The PMD entry of a folio that nobody else maps, with its lock held.</summary>
    public virtual async Flow CoolHuge(Cpu cpu, Gather gather, PageTable table)
    {
        if (table.Pmd.Young)
        {
            await cpu.At(ClearPmd, table.PmdWord);
            Pmd old = table.Pmd;
            table.SetPmd(old with { Kind = PmdKind.Invalid });
            await cpu.At(AgePmd, table.PmdWord);
            table.SetPmd(old.Without(PteFlag.Young));
            gather.Note(table.Start);
            gather.Note(table.End - 1);
        }

        await Deactivate(cpu, K.Folios[table.Pmd.Target]);
    }

    /// <summary>All present entries of a folio: only one on the LRU that nobody else maps.</summary>
    public virtual async Flow CoolPresent(Cpu cpu, Gather gather, MmStruct mm, int page, int count)
    {
        Folio folio = K.FolioOf(mm[page]);
        await cpu.At(TestShared, folio.MappedWord);
        if (!folio.Has(PageFlag.Lru) || folio.Mapcount != folio.PageCount)
        {
            return;
        }

        for (int last = page + count - 1; page <= last; page++)
        {
            if (mm[page].Young)
            {
                await cpu.At(AgePte, mm.PteWord(page));
                mm.SetPte(page, mm[page].Without(PteFlag.Young));
                gather.Note(page);
            }
        }

        await Deactivate(cpu, folio);
    }

    /// <summary>The end of one turn.</summary>
    protected virtual async Flow Deactivate(Cpu cpu, Folio folio)
    {
        await cpu.At(ClearReferenced, folio.FlagsWord);
        folio.Clear(PageFlag.Referenced);
        await R.LruMoves.Deactivate(cpu, folio);
    }
}
