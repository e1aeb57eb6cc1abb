using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Dirty page cache folios and how they get to the disk (mm/page-writeback.c; mm/rmap.c: folio_mkclean;
/// v6.18).</summary>
/// <remarks>
/// Left out: marks in the xarray (every folio is looked at), balance_dirty_pages, stable pages, write errors. What a
/// lane has submitted completes in that lane, as the interrupt would: at points of its own.
/// </remarks>
public class Writeback : Routine
{
    protected static readonly Point Mark = Points.Define("MarkDirty", "folio_mark_dirty", Access.Rmw);
    protected static readonly Point ForgetReclaim =
        Points.Define("MarkDirtyClearReclaim", "folio_mark_dirty", Access.Rmw);
    protected static readonly Point TestDirty =
        Points.Define("WritepagesTestDirty", "folio_prepare_writeback", Access.Read);
    protected static readonly Point CleanMapped = Points.Define("MkcleanTestMapped", "folio_mkclean", Access.Read);
    protected static readonly Point CleanPtl = Points.Define("MkcleanPtl", "page_vma_mkclean_one", Access.Acquire);
    protected static readonly Point CleanClear = Points.Define("MkcleanClearPte", "page_vma_mkclean_one", Access.Rmw);
    protected static readonly Point CleanSet = Points.Define("MkcleanSetPte", "page_vma_mkclean_one", Access.Write);
    protected static readonly Point ClearDirty =
        Points.Define("ClearDirtyForIo", "folio_clear_dirty_for_io", Access.Rmw);
    protected static readonly Point TestSize = Points.Define("WritepagesTestSize", "writepages", Access.Read);
    protected static readonly Point Start = Points.Define("StartWriteback", "__folio_start_writeback", Access.Rmw);
    protected static readonly Point Device = Points.Define("WritebackDevice", "submit_bio", Access.Write);

    private readonly CleanWalk?[] walks = new CleanWalk?[Kernel.CpusMax];

    /// <summary>folio_mark_dirty, for any mapping: PG_dirty by one atomic step; it is not to be reclaimed at
    /// once any more.</summary>
    public virtual async Flow MarkDirty(Cpu cpu, Folio folio)
    {
        if (folio.Has(PageFlag.Reclaim))
        {
            await cpu.At(ForgetReclaim, folio.FlagsWord);
            folio.Clear(PageFlag.Reclaim);
        }

        await cpu.At(Mark, folio.FlagsWord);
        if (!folio.Has(PageFlag.Dirty))
        {
            folio.Set(PageFlag.Dirty);
        }
    }

    /// <summary>filemap_fdatawrite and the wait for it (WB_SYNC_ALL); of shmem there is nothing to write.</summary>
    public virtual async Flow<bool> Write(Cpu cpu, Inode file)
    {
        bool any = false;
        for (int index = 0; index < K.Files.Pages && !file.IsShmem; index++)
        {
            CacheEntry entry = await R.PageCache.Lookup(cpu, file, index);
            if (entry.Folio is { } folio)
            {
                any |= await WriteFolio(cpu, file, folio);
            }
        }

        return any;
    }

    /// <summary>folio_mkclean: no shared mapping is writable or dirty any more.</summary>
    /// <returns>How many were.</returns>
    public virtual async Flow<int> Mkclean(Cpu cpu, Folio folio)
    {
        K.BugOn(!folio.Has(PageFlag.Locked), "BUG_ON(!folio_test_locked(folio))", "folio_mkclean", folio);
        await cpu.At(CleanMapped, folio.MapcountWord);
        if (!folio.Mapped)
        {
            return 0;
        }

        CleanWalk walk = walks[cpu.Index] ??= new CleanWalk(this);
        walk.Count = 0;
        await R.RmapWalk.Walk(cpu, folio, walk);
        return walk.Count;
    }

    /// <summary>One folio of writepages. Its reference is put before the disk has it: PG_writeback keeps truncation
    /// from taking it away.</summary>
    protected virtual async Flow<bool> WriteFolio(Cpu cpu, Inode file, Folio folio)
    {
        await R.Locking.Lock(cpu, folio);
        if (!await R.PageCache.IsStill(cpu, folio, file) || !await PrepareWrite(cpu, folio))
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
            return false;
        }

        int index = folio.Index;
        await cpu.At(TestSize, file.Word);
        if (index >= file.Size)
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
            return false;
        }

        await cpu.At(Start, folio.FlagsWord);
        K.BugOn(
            folio.Has(PageFlag.Writeback), "VM_BUG_ON_FOLIO(folio_test_writeback(folio))", "__folio_start_writeback",
            folio);
        folio.Set(PageFlag.Writeback);
        await R.PageCache.UnlockAndPut(cpu, folio);
        await cpu.At(Device, file.DiskWord(index));
        file.WriteDisk(index, folio.Data);
        await R.Locking.EndWriteback(cpu, folio);
        return true;
    }

    /// <summary>folio_prepare_writeback: whether the locked folio is to be written; it is clean then.</summary>
    protected virtual async Flow<bool> PrepareWrite(Cpu cpu, Folio folio)
    {
        await cpu.At(TestDirty, folio.FlagsWord);
        if (!folio.Has(PageFlag.Dirty))
        {
            return false;
        }

        await R.Locking.WaitForWriteback(cpu, folio);
        return await ClearDirtyForIo(cpu, folio);
    }

    /// <summary>folio_clear_dirty_for_io of a disk file: what page tables know goes into PG_dirty, then that
    /// goes.</summary>
    protected virtual async Flow<bool> ClearDirtyForIo(Cpu cpu, Folio folio)
    {
        if (await Mkclean(cpu, folio) > 0)
        {
            await MarkDirty(cpu, folio);
        }

        await cpu.At(ClearDirty, folio.FlagsWord);
        return folio.TestAndClear(PageFlag.Dirty);
    }

    /// <summary>page_vma_mkclean_one, with PVMW_SYNC: the ptl is taken whatever the entry looks like.</summary>
    protected virtual async Flow<bool> CleanIn(Cpu cpu, Folio folio, MmStruct mm, int page)
    {
        await mm.Ptl(page).Acquire(cpu, CleanPtl);
        Pte pte = mm[page];
        bool cleans = pte.IsPresent && pte.Target == folio.Pfn && (pte.Dirty || pte.Writable);
        if (cleans)
        {
            await cpu.At(CleanClear, mm.PteWord(page));
            pte = mm[page];
            mm.SetPte(page, Pte.None);
            await R.Tlb.FlushPage(cpu, mm, page);
            await cpu.At(CleanSet, mm.PteWord(page));
            mm.SetPte(page, pte.Without(PteFlag.Write | PteFlag.Dirty));
        }

        mm.Ptl(page).Release(cpu);
        return cleans;
    }

    private sealed class CleanWalk(Writeback writeback) : RmapWalkControl
    {
        public int Count { get; set; }

        public override bool Wants(Vma vma) => vma.Shared;

        public override async Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page)
        {
            Count += await writeback.CleanIn(cpu, folio, vma.Mm, page) ? 1 : 0;
            return true;
        }
    }
}
