using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Part of a VMA gets other flags: split, change, merge (mm/vma.c: vma_modify_flags, commit_merge,
/// v6.18).</summary>
/// <remarks>
/// The kernel looks for a neighbour to merge with before it splits; here the part is split off, changed and merged
/// afterwards. Neighbours are merged when they have the same anon_vma, or both none. Left out: giving a VMA without an
/// anon_vma that of its neighbour.
/// </remarks>
public class VmaModify : Routine
{
    /// <summary>sysctl_max_map_count: most VMAs of a process that splits make; 65530 in the kernel.</summary>
    public const int MapCountMax = 8;

    protected static readonly Point VmaStart = Points.Define("ModifyStartWrite", "vma_start_write", Access.Acquire);
    protected static readonly Point SetFlags = Points.Define("ModifySetFlags", "vm_flags_reset", Access.Write);
    protected static readonly Point MergeStart = Points.Define("MergeStartWrite", "vma_start_write", Access.Acquire);
    protected static readonly Point MergeLock = Points.Define("MergeAnonVmaLock", "commit_merge", Access.Acquire);
    protected static readonly Point MergeTree = Points.Define("MergeStoreTree", "commit_merge", Access.Write);

    /// <summary>vma_modify_flags and vma_start_write: [start, end) of the VMA becomes a VMA of its own and gets the
    /// flags. The mmap lock is held for writing, and the VMA's is from then on.</summary>
    /// <returns>False when the process would have too many VMAs.</returns>
    public virtual async Flow<bool> Modify(Cpu cpu, Vma vma, int start, int end, VmaFlag flags)
    {
        int parts = (vma.Start < start ? 1 : 0) + (vma.End > end ? 1 : 0);
        if (parts > 0 && vma.Mm.Vmas.Count + parts > MapCountMax)
        {
            return false;
        }

        await R.AddressSpace.SplitAround(cpu, vma.Mm, vma, start, end);
        await vma.Lock.AcquireWrite(cpu, VmaStart);
        await cpu.At(SetFlags, vma.Lock);
        vma.Flags = flags;
        return true;
    }

    /// <summary>Merges a VMA that was modified with its neighbours, and gives its lock back.</summary>
    public virtual async Flow Settle(Cpu cpu, Vma vma)
    {
        if (Neighbour(vma, before: true) is { } previous)
        {
            await Merge(cpu, vma, previous);
        }

        if (Neighbour(vma, before: false) is { } next)
        {
            await Merge(cpu, vma, next);
        }

        vma.Lock.ReleaseWrite(cpu);
    }

    /// <summary>commit_merge: one VMA covers both ranges, then the other leaves the anon_vmas.</summary>
    protected virtual async Flow Merge(Cpu cpu, Vma vma, Vma other)
    {
        if (other.Lock.Writer != cpu)
        {
            await other.Lock.AcquireWrite(cpu, MergeStart);
        }

        if (vma.File is { } file)
        {
            await R.FileRmap.Prepare(cpu, file);
        }

        AnonVma? root = vma.AnonVma?.Root;
        if (root is not null)
        {
            await root.Rwsem.AcquireWrite(cpu, MergeLock);
        }

        await cpu.At(MergeTree, vma.Mm.Word);
        vma.Offset = other.Start < vma.Start ? other.Offset : vma.Offset;
        vma.Start = Math.Min(vma.Start, other.Start);
        vma.End = Math.Max(vma.End, other.End);
        vma.Mm.Vmas.Remove(other);
        root?.Rwsem.ReleaseWrite(cpu);
        if (vma.File is not null)
        {
            R.FileRmap.CompleteMerge(cpu, vma, other);
        }

        await R.AnonVmas.Unlink(cpu, other);
        other.Lock.ReleaseWrite(cpu);
        K.FreeVma(other);
    }

    /// <summary>can_vma_merge_left, can_vma_merge_right.</summary>
    protected virtual bool CanMerge(Vma vma, Vma other) =>
        other.Flags == vma.Flags && other.File == vma.File && other.Shared == vma.Shared
        && other.AnonVma == vma.AnonVma && other.Chain.Count == vma.Chain.Count
        && other.LinearIndex(other.Start) - other.Start == vma.LinearIndex(vma.Start) - vma.Start;

    private Vma? Neighbour(Vma vma, bool before)
    {
        foreach (Vma other in vma.Mm.Vmas)
        {
            if ((before ? other.End == vma.Start : other.Start == vma.End) && CanMerge(vma, other))
            {
                return other;
            }
        }

        return null;
    }
}
