using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Part of a VMA gets other flags: split, change, merge; and a new range merges with what is beside it
/// (mm/vma.c: vma_modify_flags, vma_merge_new_range, vma_expand, commit_merge, v6.18.8).</summary>
/// <remarks>
/// The kernel looks for a neighbour to merge with before it splits; here the part is split off, changed and merged
/// afterwards.
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

    /// <summary>vma_merge_new_range, and vma_merge_copied_range: a neighbour of a range that no VMA covers grows over
    /// it; both neighbours become one when they may.</summary>
    /// <param name="cpu">The lane, which holds the mmap lock for writing.</param>
    /// <param name="range">What a VMA of the range's own would be; in no tree.</param>
    /// <param name="source">The VMA that mremap copies, or null. It may be a neighbour, too, while nothing was stored
    /// to it.</param>
    /// <returns>The VMA that covers the range, locked for writing; or null.</returns>
    public virtual async Flow<Vma?> MergeNew(Cpu cpu, Vma range, Vma? source = null)
    {
        Vma? previous = Beside(range, source, before: true);
        Vma? next = Beside(range, source, before: false);
        if ((previous ?? next) is not { } target)
        {
            return null;
        }

        Vma? removed = next is not null && previous is not null
            && (previous.AnonVma is null || next.AnonVma is null || previous.AnonVma == next.AnonVma) ? next : null;
        await Lock(cpu, target);
        if (removed is not null)
        {
            await Lock(cpu, removed);
            await Duplicate(cpu, target, removed);
        }

        await DuplicateCopied(cpu, target, source);
        await Commit(cpu, target, range, removed);
        return target;
    }

    /// <summary>A VMA that was changed swallows one beside it, which leaves the anon_vmas.</summary>
    protected virtual async Flow Merge(Cpu cpu, Vma vma, Vma other)
    {
        await Lock(cpu, other);
        await Duplicate(cpu, vma, other);
        await Commit(cpu, vma, other, other);
    }

    /// <summary>dup_anon_vma of the VMA that mremap copies: its folios' anon_vma has to outlive it.</summary>
    protected virtual Flow DuplicateCopied(Cpu cpu, Vma target, Vma? source) =>
        source is null ? default : Duplicate(cpu, target, source);

    /// <summary>dup_anon_vma: who has no anon_vma gets that of whom it merges with.</summary>
    protected virtual async Flow Duplicate(Cpu cpu, Vma vma, Vma source)
    {
        if (vma.AnonVma is null && source.AnonVma is not null)
        {
            vma.AnonVma = source.AnonVma;
            await R.AnonVmas.Clone(cpu, vma, source, forFork: false);
        }
    }

    /// <summary>is_mergeable_anon_vma: the same; or one has none, and the other none of its parents'.</summary>
    protected virtual bool CanShare(Vma vma, Vma other) => vma.AnonVma == other.AnonVma
        || ((vma.AnonVma is null || other.AnonVma is null) && vma.Chain.Count <= 1 && other.Chain.Count <= 1);

    /// <summary>is_mergeable_anon_vma of the VMA that mremap copies.</summary>
    protected virtual bool CanShareCopied(Vma source, Vma other) => CanShare(source, other);

    /// <summary>commit_merge: one VMA covers a range beside it, too; and all of another one, which is gone
    /// then.</summary>
    private async Flow Commit(Cpu cpu, Vma vma, Vma range, Vma? other)
    {
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
        vma.Offset = range.Start < vma.Start ? range.Offset : vma.Offset;
        vma.Start = Math.Min(vma.Start, range.Start);
        vma.End = Math.Max(vma.End, other?.End ?? range.End);
        if (other is not null)
        {
            vma.Mm.Vmas.Remove(other);
        }

        root?.Rwsem.ReleaseWrite(cpu);
        if (vma.File is not null)
        {
            R.FileRmap.CompleteMerge(cpu, vma, other);
        }

        if (other is not null)
        {
            await R.AnonVmas.Unlink(cpu, other);
            other.Lock.ReleaseWrite(cpu);
            K.FreeVma(other);
        }
    }

    /// <summary>is_mergeable_vma, and that the pages' indices go on.</summary>
    private static bool IsAlike(Vma vma, Vma other) =>
        other.Flags == vma.Flags && other.File == vma.File && other.Shared == vma.Shared
        && other.LinearIndex(other.Start) - other.Start == vma.LinearIndex(vma.Start) - vma.Start;

    /// <summary>can_vma_merge_left, can_vma_merge_right of a VMA that was changed.</summary>
    protected virtual bool CanMerge(Vma vma, Vma other) => IsAlike(vma, other) && CanShare(vma, other);

    /// <summary>vma_start_write, by a lane that may hold the lock already.</summary>
    private static async Flow Lock(Cpu cpu, Vma vma)
    {
        if (vma.Lock.Writer != cpu)
        {
            await vma.Lock.AcquireWrite(cpu, MergeStart);
        }
    }

    private Vma? Beside(Vma range, Vma? source, bool before)
    {
        foreach (Vma other in range.Mm.Vmas)
        {
            if ((before ? other.End == range.Start : other.Start == range.End) && IsAlike(range, other)
                && (source is null ? CanShare(range, other) : CanShareCopied(source, other)))
            {
                return other;
            }
        }

        return null;
    }

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
