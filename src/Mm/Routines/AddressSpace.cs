using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Mapping, unmapping, discarding and the end of a process (mm/mmap.c, mm/vma.c, mm/madvise.c, kernel/fork.c,
/// v6.18).</summary>
/// <remarks>
/// Left out: merging of VMAs (two neighbours behave as one would, with one anon_vma each), oom. Page tables are
/// freed only where large folios are enabled: nothing else can come to be in their place.
/// </remarks>
public class AddressSpace : Routine
{
    protected static readonly Point EnterPoint = Points.Define("TaskEnter", "system call entry", Access.Rmw);
    protected static readonly Point MmputPoint = Points.Define("Mmput", "mmput", Access.Rmw);
    protected static readonly Point ExitPoint = Points.Define("ExitRequest", "do_exit", Access.Rmw);
    protected static readonly Point ExitRead = Points.Define("ExitMmapReadLock", "exit_mmap", Access.Acquire);
    protected static readonly Point ExitWrite = Points.Define("ExitMmapWriteLock", "exit_mmap", Access.Acquire);
    protected static readonly Point ExitGone = Points.Define("ExitMmapDone", "__mmput", Access.Write);
    protected static readonly Point UnmapWrite = Points.Define("MunmapWriteLock", "__vm_munmap", Access.Acquire);
    protected static readonly Point UnmapSplit = Points.Define("MunmapSplit", "__split_vma", Access.Write);
    protected static readonly Point VmaStart = Points.Define("VmaStartWrite", "vma_start_write", Access.Acquire);
    protected static readonly Point UnmapDetach = Points.Define("MunmapDetach", "vms_gather_munmap_vmas", Access.Write);
    protected static readonly Point FreeTable = Points.Define("FreePageTable", "free_pte_range", Access.Write);
    protected static readonly Point AdviseFind = Points.Define("AdviseFindVma", "lock_vma_under_rcu", Access.Read);
    protected static readonly Point AdviseVma = Points.Define("AdviseVmaLock", "lock_vma_under_rcu", Access.Acquire);
    protected static readonly Point AdviseMmap = Points.Define("AdviseMmapLock", "madvise_lock", Access.Acquire);

    private readonly List<Vma>[] detached = new List<Vma>[Kernel.CpusMax];

    /// <summary>A thread of the process enters a system call or faults: it counts as a user until
    /// <see cref="Mmput"/>.</summary>
    /// <returns>False when the process is gone or exiting.</returns>
    public virtual async Flow<bool> Enter(Cpu cpu, MmStruct mm)
    {
        await cpu.At(EnterPoint, mm.Word);
        if (mm.Users == 0 || mm.Exiting)
        {
            return false;
        }

        mm.Users++;
        return true;
    }

    /// <summary>mmput: the last user tears the address space down.</summary>
    public virtual async Flow Mmput(Cpu cpu, MmStruct mm)
    {
        await cpu.At(MmputPoint, mm.Word);
        if (--mm.Users == 0)
        {
            await ExitMmap(cpu, mm);
        }
    }

    /// <summary>exit_group: no new call enters; the process' own use ends.</summary>
    public virtual async Flow<bool> Exit(Cpu cpu, MmStruct mm)
    {
        await cpu.At(ExitPoint, mm.Word);
        if (mm.Users == 0 || mm.Exiting)
        {
            return false;
        }

        mm.Exiting = true;
        await Mmput(cpu, mm);
        return true;
    }

    /// <summary>MADV_DONTNEED over [start, end): under the VMA's lock if one VMA covers it, else under the mmap
    /// lock.</summary>
    public virtual async Flow<bool> DontNeed(Cpu cpu, MmStruct mm, int start, int end)
    {
        bool any = false;
        Gather gather = await R.Zap.Begin(cpu, mm, ZapDetails.DontNeed);
        await cpu.At(AdviseFind, mm.Word);
        if (mm.FindVma(start) is { } vma && vma.End >= end)
        {
            await cpu.At(AdviseVma, vma.Lock);
            if (mm.FindVma(start) == vma && vma.End >= end && vma.Lock.TryTakeRead(cpu))
            {
                any = !vma.IsLocked;
                if (any)
                {
                    await Discard(cpu, gather, vma, start, end);
                }

                vma.Lock.ReleaseRead(cpu);
                await R.Zap.Finish(cpu, gather);
                return any;
            }
        }

        await mm.MmapLock.AcquireRead(cpu, AdviseMmap);
        while (start < end && mm.FirstVma(start, end) is { IsLocked: false } next)
        {
            any = true;
            await Discard(cpu, gather, next, Math.Max(start, next.Start), Math.Min(end, next.End));
            start = next.End;
        }

        await R.Zap.Finish(cpu, gather);
        mm.MmapLock.ReleaseRead(cpu);
        return any;
    }

    /// <summary>munmap of [start, end): detach under the write locks, then zap, unlink and free with the mmap lock
    /// downgraded.</summary>
    public virtual async Flow<bool> Unmap(Cpu cpu, MmStruct mm, int start, int end)
    {
        await mm.MmapLock.AcquireWrite(cpu, UnmapWrite);
        List<Vma> gone = await Detach(cpu, mm, start, end);
        if (gone.Count == 0)
        {
            mm.MmapLock.ReleaseWrite(cpu);
            return false;
        }

        mm.MmapLock.Downgrade(cpu);
        await ClearPtes(cpu, mm, gone);
        mm.MmapLock.ReleaseRead(cpu);
        return true;
    }

    /// <summary>do_vmi_munmap for a caller that keeps the mmap lock for writing.</summary>
    public virtual async Flow UnmapLocked(Cpu cpu, MmStruct mm, int start, int end)
    {
        List<Vma> gone = await Detach(cpu, mm, start, end);
        if (gone.Count > 0)
        {
            await ClearPtes(cpu, mm, gone);
        }
    }

    /// <summary>vms_gather_munmap_vmas: splits at the ends and takes what lies between out of the process.</summary>
    public virtual async Flow<List<Vma>> Detach(Cpu cpu, MmStruct mm, int start, int end)
    {
        List<Vma> gone = detached[cpu.Index] ??= [];
        gone.Clear();
        for (int i = 0; i < mm.Vmas.Count; i++)
        {
            Vma vma = mm.Vmas[i];
            if (vma.Start >= end || vma.End <= start)
            {
                continue;
            }

            await SplitAround(cpu, mm, vma, start, end);
            if (vma.Lock.Writer != cpu)
            {
                await vma.Lock.AcquireWrite(cpu, VmaStart);
            }

            gone.Add(vma);
        }

        await cpu.At(UnmapDetach, mm.Word);
        foreach (Vma vma in gone)
        {
            mm.Vmas.Remove(vma);
            vma.Lock.ReleaseWrite(cpu);
        }

        return gone;
    }

    /// <summary>vms_clear_ptes, exit_mmap's middle: zap all, take the VMAs out of the anon_vma trees, only then drop
    /// references.</summary>
    public virtual async Flow ClearPtes(Cpu cpu, MmStruct mm, List<Vma> gone)
    {
        Gather gather = await R.Zap.Begin(cpu, mm, ZapDetails.All);
        foreach (Vma vma in gone)
        {
            await Discard(cpu, gather, vma, vma.Start, vma.End);
        }

        foreach (Vma vma in gone)
        {
            await R.AnonVmas.Unlink(cpu, vma);
            await R.FileRmap.Unlink(cpu, vma);
        }

        if (K.HasHugePmds)
        {
            int start = K.PageCount;
            int end = 0;
            foreach (Vma vma in gone)
            {
                start = Math.Min(start, vma.Start);
                end = Math.Max(end, vma.End);
            }

            await FreeTables(cpu, mm, start, end);
        }

        await R.Zap.Finish(cpu, gather);
        foreach (Vma vma in gone)
        {
            K.FreeVma(vma);
        }
    }

    /// <summary>exit_mmap and the rest of __mmput, with check_mm.</summary>
    protected virtual async Flow ExitMmap(Cpu cpu, MmStruct mm)
    {
        await R.Ksm.Exit(cpu, mm);
        await mm.MmapLock.AcquireRead(cpu, ExitRead);
        Gather gather = await R.Zap.Begin(cpu, mm, ZapDetails.All, fullMm: true);
        foreach (Vma vma in mm.Vmas)
        {
            await Discard(cpu, gather, vma, vma.Start, vma.End);
        }

        mm.MmapLock.ReleaseRead(cpu);
        await mm.MmapLock.AcquireWrite(cpu, ExitWrite);
        foreach (Vma vma in mm.Vmas)
        {
            await R.AnonVmas.Unlink(cpu, vma);
            await R.FileRmap.Unlink(cpu, vma);
        }

        if (K.HasHugePmds)
        {
            await FreeTables(cpu, mm, 0, K.PageCount);
        }

        await R.Zap.Finish(cpu, gather);
        foreach (Vma vma in mm.Vmas)
        {
            K.FreeVma(vma);
        }

        mm.Vmas.Clear();
        mm.MmapLock.ReleaseWrite(cpu);
        await cpu.At(ExitGone, mm.Word);
        mm.OnMmlist = false;
        K.BugOn(mm.AnonPages != 0, "BUG: Bad rss-counter state, type:MM_ANONPAGES", "check_mm", mm);
        K.BugOn(mm.FilePages != 0, "BUG: Bad rss-counter state, type:MM_FILEPAGES", "check_mm", mm);
        K.BugOn(mm.ShmemPages != 0, "BUG: Bad rss-counter state, type:MM_SHMEMPAGES", "check_mm", mm);
        K.BugOn(mm.SwapEntries != 0, "BUG: Bad rss-counter state, type:MM_SWAPENTS", "check_mm", mm);
        mm.Claimed = false;
    }

    /// <summary>vma_adjust_trans_huge: no PMD mapping crosses the border of a VMA.</summary>
    protected virtual async Flow SplitHugeAt(Cpu cpu, Vma vma, int border)
    {
        PageTable table = vma.Mm.Table(border);
        int end = table.Start + (1 << K.PmdOrder);
        if (border != table.Start && vma.Start <= table.Start && vma.End >= end)
        {
            await R.HugeSplit.Split(cpu, vma, border, freeze: false);
        }
    }

    /// <summary>free_pgd_range: page tables below which no VMA has a page any more go.</summary>
    protected virtual async Flow FreeTables(Cpu cpu, MmStruct mm, int start, int end)
    {
        for (int page = start; page < end; page = mm.Table(page).End)
        {
            PageTable table = mm.Table(page);
            if (table.Pmd.IsNone || IsCovered(mm, table, start, end))
            {
                continue;
            }

            await cpu.At(FreeTable, table.PmdWord);
            table.SetPmd(default);
        }
    }

    /// <summary>Zaps a range; afterwards every page of it was empty at some moment.</summary>
    protected virtual async Flow Discard(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        MmStruct mm = vma.Mm;
        gather.TruthMark(cpu, start, end);
        await R.Zap.ZapRange(cpu, gather, vma, start, end);
        for (int page = start; page < end; page++)
        {
            if (!gather.TruthWasEmptied(page))
            {
                K.TruthBroken.Add($"zap: {mm} p{page} still is {mm.Entry(page)} after it was zapped");
            }
        }
    }

    /// <summary>Cuts off what lies outside of [start, end): each becomes a VMA of its own.</summary>
    public virtual async Flow SplitAround(Cpu cpu, MmStruct mm, Vma vma, int start, int end)
    {
        if (vma.Start < start)
        {
            await SplitOff(cpu, mm, vma, vma.Start, start);
        }

        if (vma.End > end)
        {
            await SplitOff(cpu, mm, vma, end, vma.End);
        }
    }

    /// <summary>__split_vma: [from, to) becomes a VMA of its own, linked to the same anon_vmas.</summary>
    protected virtual async Flow SplitOff(Cpu cpu, MmStruct mm, Vma vma, int from, int to)
    {
        Vma part = K.AllocateVma();
        part.Mm = mm;
        part.Start = from;
        part.End = to;
        part.Offset = vma.LinearIndex(from);
        part.Flags = vma.Flags;
        part.File = vma.File;
        part.Shared = vma.Shared;
        bool mine = vma.Lock.Writer == cpu;
        if (!mine)
        {
            await vma.Lock.AcquireWrite(cpu, VmaStart);
        }

        part.AnonVma = vma.AnonVma;
        await R.AnonVmas.Clone(cpu, part, vma, forFork: false);

        // vma_adjust: both ranges change under the root's lock, so that no walker sees a page twice or not at all.
        if (vma.File is { } file)
        {
            await R.FileRmap.Prepare(cpu, file);
        }

        AnonVma? root = vma.AnonVma?.Root;
        if (root is not null)
        {
            await root.Rwsem.AcquireWrite(cpu, UnmapSplit);
        }

        if (K.HasHugePmds)
        {
            await SplitHugeAt(cpu, vma, from == vma.Start ? to : from);
        }

        if (from == vma.Start)
        {
            vma.Offset = vma.LinearIndex(to);
            vma.Start = to;
        }
        else
        {
            vma.End = from;
        }

        mm.Vmas.Add(part);
        root?.Rwsem.ReleaseWrite(cpu);
        if (vma.File is not null)
        {
            R.FileRmap.Complete(cpu, vma, part);
        }

        if (!mine)
        {
            vma.Lock.ReleaseWrite(cpu);
        }
    }

    /// <summary>Whether a VMA outside of the range that goes has a page below the PMD entry.</summary>
    private static bool IsCovered(MmStruct mm, PageTable table, int start, int end)
    {
        foreach (Vma vma in mm.Vmas)
        {
            bool gone = vma.Start >= start && vma.End <= end;
            if (!gone && vma.Start < table.End && vma.End > table.Start)
            {
                return true;
            }
        }

        return false;
    }
}
