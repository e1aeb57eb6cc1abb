using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>mremap to a fixed address (mm/mremap.c: move_vma, move_ptes; mm/vma.c: copy_vma; v6.18).</summary>
/// <remarks>
/// No folio is touched: its index stays what it was, and the new VMA's offset makes it right. Left out: growing and
/// shrinking, MREMAP_DONTUNMAP, moving whole PMDs and PMD mappings (these are split), VMAs of files, ranges of
/// several VMAs.
/// </remarks>
public class Mremap : Routine
{
    protected static readonly Point MmapLock = Points.Define("MremapMmapLock", "do_mremap", Access.Acquire);
    protected static readonly Point VmaStart = Points.Define("MremapStartWrite", "vma_start_write", Access.Acquire);
    protected static readonly Point LinkVma = Points.Define("MremapLinkVma", "copy_vma", Access.Write);
    protected static readonly Point RmapLock = Points.Define("MremapRmapLock", "take_rmap_locks", Access.Acquire);
    protected static readonly Point OldLock = Points.Define("MremapOldPtl", "move_ptes", Access.Acquire);
    protected static readonly Point NewLock = Points.Define("MremapNewPtl", "move_ptes", Access.Acquire);
    protected static readonly Point ReadPmd = Points.Define("MremapReadPmd", "move_page_tables", Access.Read);
    protected static readonly Point ClearPte = Points.Define("MremapClearPte", "move_ptes", Access.Rmw);
    protected static readonly Point SetPte = Points.Define("MremapSetPte", "move_ptes", Access.Write);

    /// <summary>Moves up to <paramref name="count"/> pages of one VMA; what is mapped at the new address
    /// goes.</summary>
    /// <returns>Whether anything was moved.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int page, int to, int count)
    {
        await mm.MmapLock.AcquireWrite(cpu, MmapLock);
        int size = 0;
        if (mm.FindVma(page) is { File: null } vma && mm.Vmas.Count + 3 <= VmaModify.MapCountMax)
        {
            size = Math.Min(Math.Min(count, vma.End - page), Math.Min(K.PageCount - to, Math.Abs(to - page)));
        }

        if (size > 0)
        {
            await R.AddressSpace.UnmapLocked(cpu, mm, to, to + size);

            // The old VMA may have been split at the new address.
            await MoveVma(cpu, mm.FindVma(page)!, page, to, size);
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return size > 0;
    }

    /// <summary>move_vma: a VMA at the new address, the entries, and then the old range goes.</summary>
    protected virtual async Flow MoveVma(Cpu cpu, Vma vma, int page, int to, int size)
    {
        await vma.Lock.AcquireWrite(cpu, VmaStart);
        if (vma.AnonVma is not null)
        {
            await R.Ksm.BreakRange(cpu, vma, page, page + size);
        }

        (Vma fresh, bool rmapLocks) = await CopyVma(cpu, vma, page, to, size);
        bool merged = fresh.Covers(page);
        vma = merged ? fresh : vma;
        for (int done = 0; done < size;)
        {
            int next = Math.Min(vma.Mm.Table(page + done).End - page, vma.Mm.Table(to + done).End - to);
            next = Math.Min(next, size);
            await MoveTable(cpu, vma, page + done, to + done, next - done, rmapLocks);
            done = next;
        }

        await R.AddressSpace.UnmapLocked(cpu, vma.Mm, page, page + size);
        if (!merged)
        {
            // Otherwise it was split around the old range, and that part is gone.
            fresh.Lock.ReleaseWrite(cpu);
        }
    }

    /// <summary>copy_vma: a neighbour grows, or a new VMA gets links to all that the old one has links to.</summary>
    /// <returns>The VMA, locked for writing; and whether walks of the reverse map have to be kept out, as they could
    /// come to the new address before the old one.</returns>
    protected virtual async Flow<(Vma Fresh, bool RmapLocks)> CopyVma(Cpu cpu, Vma vma, int page, int to, int size)
    {
        Vma fresh = K.AllocateVma();
        fresh.Mm = vma.Mm;
        fresh.Start = to;
        fresh.End = to + size;
        fresh.Offset = vma.AnonVma is null ? to : vma.LinearIndex(page);
        fresh.Flags = vma.Flags;
        if (await R.VmaModify.MergeNew(cpu, fresh, vma) is { } merged)
        {
            K.FreeVma(fresh);
            return (merged, NeedsRmapLocks(merged, vma));
        }

        fresh.AnonVma = vma.AnonVma;
        await fresh.Lock.AcquireWrite(cpu, VmaStart);
        await R.AnonVmas.Clone(cpu, fresh, vma, forFork: false);
        await cpu.At(LinkVma, vma.Mm.Word);
        vma.Mm.Vmas.Add(fresh);
        return (fresh, false);
    }

    /// <summary>Whether a walk may visit the VMA that was merged with before the old one.</summary>
    protected virtual bool NeedsRmapLocks(Vma merged, Vma old) => merged.Offset <= old.Offset;

    /// <summary>move_ptes between two page tables, under both locks.</summary>
    protected virtual async Flow MoveTable(Cpu cpu, Vma vma, int page, int to, int count, bool rmapLocks)
    {
        MmStruct mm = vma.Mm;
        if (K.HasHugePmds && !await HasTables(cpu, vma, page, to))
        {
            return;
        }

        AnonVma? root = rmapLocks ? vma.AnonVma?.Root : null;
        if (root is not null)
        {
            await root.Rwsem.AcquireWrite(cpu, RmapLock);
        }

        KernelSpinlock oldPtl = mm.Ptl(page);
        KernelSpinlock newPtl = mm.Ptl(to);
        await LockTables(cpu, mm, page, to);
        await R.Tlb.FlushBatchedPending(cpu, mm);
        bool present = false;
        for (int i = 0; i < count; i++)
        {
            present |= await MoveEntry(cpu, mm, page + i, to + i);
        }

        if (present)
        {
            await Flush(cpu, mm, page, page + count);
        }

        mm.TruthMoveOver(page, page + count);
        if (newPtl != oldPtl)
        {
            newPtl.Release(cpu);
        }

        oldPtl.Release(cpu);
        root?.Rwsem.ReleaseWrite(cpu);
    }

    /// <summary>The old table's lock, then the new one's, whichever comes first in memory: "exclusive mmap_lock
    /// prevents deadlock".</summary>
    protected virtual async Flow LockTables(Cpu cpu, MmStruct mm, int page, int to)
    {
        await mm.Ptl(page).Acquire(cpu, OldLock);
        if (mm.Ptl(to) != mm.Ptl(page))
        {
            await mm.Ptl(to).Acquire(cpu, NewLock);
        }
    }

    /// <summary>flush_tlb_range before the tables are unlocked.</summary>
    protected virtual Flow Flush(Cpu cpu, MmStruct mm, int start, int end) => R.Tlb.FlushRange(cpu, mm, start, end);

    /// <summary>One entry: in no table for a moment, then at the new address as it was.</summary>
    /// <returns>Whether it was present, so that translations have to be flushed.</returns>
    protected virtual async Flow<bool> MoveEntry(Cpu cpu, MmStruct mm, int page, int to)
    {
        K.BugOn(!mm[to].IsNone, "VM_WARN_ON_ONCE(!pte_none(*new_ptep))", "move_ptes", mm.PteWord(to));
        if (mm[page].IsNone)
        {
            return false;
        }

        await cpu.At(ClearPte, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        await cpu.At(SetPte, mm.PteWord(to));
        mm.SetPte(to, pte);
        mm.TruthMove(page, to);
        return pte.Kind is PteKind.Present or PteKind.Zero;
    }

    /// <summary>A PMD mapping at the old address is split; the new one gets a page table. False: nothing is
    /// mapped.</summary>
    protected virtual async Flow<bool> HasTables(Cpu cpu, Vma vma, int page, int to)
    {
        PageTable table = vma.Mm.Table(page);
        await cpu.At(ReadPmd, table.PmdWord);
        if (table.Pmd.IsLeaf)
        {
            await R.HugeSplit.Split(cpu, vma, page, freeze: false);
        }

        if (!table.IsTable)
        {
            return false;
        }

        await R.HugeFault.AllocateTable(cpu, vma.Mm, to);
        return true;
    }
}
