using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>MADV_COLLAPSE of anonymous memory: what a page table maps is copied into one large folio, which a PMD entry
/// maps (mm/khugepaged.c: madvise_collapse, hpage_collapse_scan_pmd, collapse_huge_page, v6.18).</summary>
/// <remarks>
/// khugepaged itself does the same with limits on what it takes, so all that it can do is here. The pages are taken and
/// copied by <see cref="CollapsePages"/>. Left out: files, userfaultfd, NUMA nodes, statistics, and the mmap lock that
/// madvise takes once more before it returns.
/// </remarks>
public class Collapse : Routine
{
    protected static readonly Point AdviseLock = Points.Define("CollapseAdviseLock", "madvise_lock", Access.Acquire);
    protected static readonly Point ScanPmd = Points.Define("CollapseScanPmd", "check_pmd_state", Access.Read);
    protected static readonly Point ScanPtl =
        Points.Define("CollapseScanPtl", "hpage_collapse_scan_pmd", Access.Acquire);
    protected static readonly Point ScanPte = Points.Define("CollapseScanPte", "hpage_collapse_scan_pmd", Access.Read);
    protected static readonly Point ScanFlags =
        Points.Define("CollapseScanFlags", "hpage_collapse_scan_pmd", Access.Read);
    protected static readonly Point ScanMapped =
        Points.Define("CollapseScanMapcount", "hpage_collapse_scan_pmd", Access.Read);
    protected static readonly Point ScanRefs =
        Points.Define("CollapseScanRefs", "hpage_collapse_scan_pmd", Access.Read);
    protected static readonly Point Relock = Points.Define("CollapseMmapRelock", "collapse_huge_page", Access.Acquire);
    protected static readonly Point ReadPmd = Points.Define("CollapseReadPmd", "check_pmd_state", Access.Read);
    protected static readonly Point SwapPte =
        Points.Define("CollapseReadSwapPte", "__collapse_huge_page_swapin", Access.Read);
    protected static readonly Point WriteLock =
        Points.Define("CollapseMmapWriteLock", "collapse_huge_page", Access.Acquire);
    protected static readonly Point VmaLock = Points.Define("CollapseVmaLock", "vma_start_write", Access.Acquire);
    protected static readonly Point PmdAgain =
        Points.Define("CollapseReadPmdAgain", "check_pmd_still_valid", Access.Read);
    protected static readonly Point AnonLock =
        Points.Define("CollapseAnonVmaLock", "collapse_huge_page", Access.Acquire);
    protected static readonly Point ClearLock = Points.Define("CollapsePmdLock", "collapse_huge_page", Access.Acquire);
    protected static readonly Point Clear = Points.Define("CollapseClearPmd", "pmdp_collapse_flush", Access.Rmw);
    protected static readonly Point Sync =
        Points.Define("CollapseSyncWalkers", "tlb_remove_table_sync_one", Access.Acquire);
    protected static readonly Point Ptl = Points.Define("CollapsePtl", "collapse_huge_page", Access.Acquire);
    protected static readonly Point RestoreLock =
        Points.Define("CollapseRestoreLock", "collapse_huge_page", Access.Acquire);
    protected static readonly Point Restore = Points.Define("CollapseRestorePmd", "pmd_populate", Access.Write);
    protected static readonly Point InstallLock =
        Points.Define("CollapseInstallLock", "collapse_huge_page", Access.Acquire);
    protected static readonly Point Install = Points.Define("CollapseSetPmd", "collapse_huge_page", Access.Write);

    /// <summary>What a scan says of a table that is not to be collapsed.</summary>
    protected const int Refused = -1;

    private readonly FaultContext[] contexts = new FaultContext[Kernel.CpusMax];

    /// <summary>madvise_collapse of the range of a PMD entry that has the page.</summary>
    /// <returns>Whether the range is mapped by a PMD entry now because of this call.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int page)
    {
        if (!K.HasHugePmds)
        {
            return false;
        }

        PageTable table = mm.Table(page);
        await mm.MmapLock.AcquireRead(cpu, AdviseLock);
        if (Revalidate(mm, table, needsAnonVma: false) is null)
        {
            mm.MmapLock.ReleaseRead(cpu);
            return false;
        }

        await R.Lru.DrainAll(cpu);
        int unmapped = await Scan(cpu, mm, table);
        mm.MmapLock.ReleaseRead(cpu);
        return unmapped != Refused && await CollapseTable(cpu, mm, table, swapin: unmapped > 0);
    }

    /// <summary>hpage_collapse_scan_pmd: whether it is worth while, and how many entries map nothing present.</summary>
    protected virtual async Flow<int> Scan(Cpu cpu, MmStruct mm, PageTable table)
    {
        await cpu.At(ScanPmd, table.PmdWord);
        if (table.Pmd.Kind != PmdKind.Table)
        {
            return Refused;
        }

        await table.Lock.Acquire(cpu, ScanPtl);
        int unmapped = table.IsTable ? await ScanEntries(cpu, mm, table) : Refused;
        table.Lock.Release(cpu);
        return unmapped;
    }

    /// <summary>The part of hpage_collapse_scan_pmd under the ptl.</summary>
    protected virtual async Flow<int> ScanEntries(Cpu cpu, MmStruct mm, PageTable table)
    {
        int unmapped = 0;
        for (int page = table.Start; page < table.End && unmapped != Refused; page++)
        {
            await cpu.At(ScanPte, mm.PteWord(page));
            Pte pte = mm[page];
            if (pte.IsPresent)
            {
                unmapped = await IsFit(cpu, K.FolioOf(pte)) ? unmapped : Refused;
            }
            else if (pte.Kind is PteKind.Swap or PteKind.Migration or PteKind.HwPoison)
            {
                unmapped++;
            }
        }

        return unmapped;
    }

    /// <summary>The first look at a folio; all of it is looked at again once nobody can map the folio here.</summary>
    protected virtual async Flow<bool> IsFit(Cpu cpu, Folio folio)
    {
        await cpu.At(ScanFlags, folio.FlagsWord);
        if (!folio.Anon || !folio.Has(PageFlag.Lru) || folio.Has(PageFlag.Locked))
        {
            return false;
        }

        await cpu.At(ScanMapped, folio.MapcountWord);
        int expected = CollapsePages.ExpectedRefs(folio);
        await cpu.At(ScanRefs, folio.RefcountWord);
        return folio.Refcount == expected;
    }

    /// <summary>hugepage_vma_revalidate: the VMA, if it is private anonymous memory and has the whole range.</summary>
    protected virtual Vma? Revalidate(MmStruct mm, PageTable table, bool needsAnonVma)
    {
        Vma? vma = mm.FindVma(table.Start);
        return vma is { File: null } && vma.End >= table.Start + (1 << K.PmdOrder)
            && (vma.AnonVma is not null || !needsAnonVma) ? vma : null;
    }

    /// <summary>collapse_huge_page, entered without the mmap lock.</summary>
    protected virtual async Flow<bool> CollapseTable(Cpu cpu, MmStruct mm, PageTable table, bool swapin)
    {
        Folio? huge = await R.Free.Allocate(cpu, K.PmdOrder);
        if (huge is null)
        {
            return false;
        }

        await R.Memcg.Charge(cpu, huge, mm);
        bool done = await BringIn(cpu, mm, table, swapin) && await Replace(cpu, mm, table, huge);
        if (!done)
        {
            await R.Free.Put(cpu, huge, Holder.Allocation);
        }

        return done;
    }

    /// <summary>The part under the mmap lock for reading: it is left without.</summary>
    protected virtual async Flow<bool> BringIn(Cpu cpu, MmStruct mm, PageTable table, bool swapin)
    {
        await mm.MmapLock.AcquireRead(cpu, Relock);
        Vma? vma = Revalidate(mm, table, needsAnonVma: true);
        bool valid = vma is not null;
        if (valid)
        {
            await cpu.At(ReadPmd, table.PmdWord);
            valid = table.Pmd.Kind == PmdKind.Table;
        }

        if (valid && swapin)
        {
            FaultResult result = await SwapInAll(cpu, vma!, table);
            if (result == FaultResult.Retry)
            {
                // The mmap lock was dropped.
                return false;
            }

            valid = result == FaultResult.Done;
        }

        mm.MmapLock.ReleaseRead(cpu);
        return valid;
    }

    /// <summary>__collapse_huge_page_swapin: a fault for each swap entry; the first that fails ends it.</summary>
    protected virtual async Flow<FaultResult> SwapInAll(Cpu cpu, Vma vma, PageTable table)
    {
        MmStruct mm = vma.Mm;
        FaultContext fault = contexts[cpu.Index] ??= new FaultContext();
        fault.Mm = mm;
        fault.Vma = vma;
        fault.MmapLocked = true;
        bool any = false;
        for (int page = table.Start; page < table.End; page++)
        {
            await cpu.At(SwapPte, mm.PteWord(page));
            fault.Page = page;
            fault.Original = mm[page];
            if (fault.Original.Kind == PteKind.HwPoison)
            {
                return FaultResult.Failed;
            }

            if (fault.Original.Kind is not (PteKind.Swap or PteKind.Migration))
            {
                continue;
            }

            FaultResult result = await R.SwapIn.DoSwapPage(cpu, fault);
            if (result != FaultResult.Done)
            {
                return result;
            }

            any = true;
        }

        if (any)
        {
            await R.Lru.Drain(cpu);
        }

        return FaultResult.Done;
    }

    /// <summary>The part under the mmap lock for writing.</summary>
    protected virtual async Flow<bool> Replace(Cpu cpu, MmStruct mm, PageTable table, Folio huge)
    {
        await mm.MmapLock.AcquireWrite(cpu, WriteLock);
        bool done = false;
        if (Revalidate(mm, table, needsAnonVma: true) is { } vma)
        {
            await vma.Lock.AcquireWrite(cpu, VmaLock);
            await cpu.At(PmdAgain, table.PmdWord);
            done = table.Pmd.Kind == PmdKind.Table && await TakeAndCopy(cpu, vma, table, huge);
            if (done)
            {
                await Map(cpu, vma, table, huge);
            }

            vma.Lock.ReleaseWrite(cpu);
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return done;
    }

    /// <summary>From the unlinking of the page table to the end of the copies; where it fails the table is linked
    /// again.</summary>
    protected virtual async Flow<bool> TakeAndCopy(Cpu cpu, Vma vma, PageTable table, Folio huge)
    {
        MmStruct mm = vma.Mm;
        Rwsem tree = vma.AnonVma!.Root.Rwsem;
        await tree.AcquireWrite(cpu, AnonLock);
        await mm.PmdLock.Acquire(cpu, ClearLock);
        await cpu.At(Clear, table.PmdWord);
        table.TruthUnlinked = true;
        table.SetPmd(default);
        await R.Tlb.FlushRange(cpu, mm, table.Start, table.End);
        mm.PmdLock.Release(cpu);
        if (K.FastWalkers.Send(cpu))
        {
            await cpu.At(Sync, mm.Tlb.Word, K.FastWalkers);
        }

        await table.Lock.Acquire(cpu, Ptl);
        bool taken = await Isolate(cpu, mm, table);
        table.Lock.Release(cpu);
        if (!taken)
        {
            await Relink(cpu, mm, table);
            tree.ReleaseWrite(cpu);
            return false;
        }

        // The pages are locked and isolated: no walk of the rmap can begin any more.
        tree.ReleaseWrite(cpu);
        if (!await R.CollapsePages.Copy(cpu, mm, table, huge))
        {
            await Relink(cpu, mm, table);
            await R.CollapsePages.Release(cpu, mm, table, table.End);
            return false;
        }

        await R.CollapsePages.Clear(cpu, vma, table);
        return true;
    }

    /// <summary>__collapse_huge_page_isolate, with the ptl held.</summary>
    protected virtual Flow<bool> Isolate(Cpu cpu, MmStruct mm, PageTable table) =>
        R.CollapsePages.Isolate(cpu, mm, table);

    /// <summary>pmd_populate with the old page table.</summary>
    protected virtual async Flow Relink(Cpu cpu, MmStruct mm, PageTable table)
    {
        await mm.PmdLock.Acquire(cpu, RestoreLock);
        K.BugOn(!table.Pmd.IsNone, "BUG_ON(!pmd_none(*pmd))", "collapse_huge_page", table.PmdWord);
        await cpu.At(Restore, table.PmdWord);
        table.SetPmd(Pmd.Table);
        table.TruthUnlinked = false;
        mm.PmdLock.Release(cpu);
    }

    /// <summary>The end of collapse_huge_page: the first mapping of the large folio.</summary>
    protected virtual async Flow Map(Cpu cpu, Vma vma, PageTable table, Folio huge)
    {
        MmStruct mm = vma.Mm;
        huge.Set(PageFlag.Uptodate);
        await mm.PmdLock.Acquire(cpu, InstallLock);
        K.BugOn(!table.Pmd.IsNone, "BUG_ON(!pmd_none(*pmd))", "collapse_huge_page", table.PmdWord);
        await R.RmapNew.Add(cpu, huge, vma, table.Start, exclusive: true);
        await R.Lru.AddFor(cpu, huge, vma);
        await cpu.At(Install, table.PmdWord);
        huge.HandOver(Holder.Allocation, Holder.Mapping);
        PteFlag write = vma.Writable ? PteFlag.Write : PteFlag.None;
        table.SetPmd(new Pmd(PmdKind.Huge, huge.Pfn, write | PteFlag.Dirty | PteFlag.Young));
        table.TruthUnlinked = false;
        await R.DeferredSplit.DeferredSplitFolio(cpu, huge, partiallyMapped: false);
        mm.PmdLock.Release(cpu);
    }
}
