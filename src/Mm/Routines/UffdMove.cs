using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>UFFDIO_MOVE (mm/userfaultfd.c: move_pages, v6.18): pages change their address without a
/// copy, while faults, zaps, reclaim and migration go on.</summary>
/// <remarks>
/// Every VMA counts as registered. Large folios are refused as when they cannot be split, PMD mappings too. A call that
/// has to try again does so until the page is moved or cannot be. Left out: holes allowed, mmap_changing.
/// </remarks>
public class UffdMove : Routine
{
    protected static readonly Point FindDst = Points.Define("UffdFindDstVma", "uffd_lock_vma", Access.Read);
    protected static readonly Point LockDst = Points.Define("UffdLockDstVma", "uffd_lock_vma", Access.Acquire);
    protected static readonly Point FindSrc = Points.Define("UffdFindSrcVma", "lock_vma_under_rcu", Access.Read);
    protected static readonly Point LockSrc = Points.Define("UffdLockSrcVma", "lock_vma_under_rcu", Access.Acquire);
    protected static readonly Point MmapLock = Points.Define("UffdMmapLock", "uffd_move_lock", Access.Acquire);
    protected static readonly Point LockBoth = Points.Define("UffdLockBothVmas", "uffd_move_lock", Access.Acquire);

    private readonly MoveContext[] moves =
        [.. Enumerable.Range(0, Kernel.CpusMax).Select(_ => new MoveContext())];

    /// <summary>move_pages: up to <paramref name="count"/> pages, as far as both VMAs reach.</summary>
    /// <returns>Whether anything was moved.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int page, int to, int count)
    {
        MoveContext move = moves[cpu.Index];
        if (page == to || !await LockVmas(cpu, mm, page, to, move))
        {
            return false;
        }

        int room = Math.Min(move.Source.End - page, move.Target.End - to);
        move.Count = Math.Min(Math.Min(count, room), Math.Abs(to - page));
        const VmaFlag Compared = VmaFlag.Write | VmaFlag.Locked;
        bool moved = ((move.Source.Flags ^ move.Target.Flags) & Compared) == VmaFlag.None && move.Source.Writable
            && move.Source.File is null && move.Target.File is null
            && await MovePages(cpu, mm, page, to, move);
        Unlock(cpu, move);
        return moved;
    }

    /// <inheritdoc />
    protected internal override void Reset()
    {
        foreach (MoveContext move in moves)
        {
            move.Reset();
        }
    }

    /// <summary>The loop of move_pages: step by step, the same again after -EAGAIN.</summary>
    protected virtual async Flow<bool> MovePages(Cpu cpu, MmStruct mm, int page, int to, MoveContext move)
    {
        int moved = 0;
        bool truthMoved = false;
        MoveError error = MoveError.None;
        while (moved < move.Count)
        {
            (int step, MoveError failed) = K.HasHugePmds && !await HasTables(cpu, mm, page + moved, to + moved)
                ? (0, MoveError.Invalid)
                : await R.UffdMovePtes.MovePtes(cpu, mm, page + moved, to + moved, move.Count - moved, move);
            truthMoved |= step > 0;
            error = step > 0 ? AfterStep(error) : failed;
            if (error == MoveError.Again)
            {
                continue;
            }

            if (error != MoveError.None)
            {
                break;
            }

            moved += step;
        }

        if (truthMoved && moved == 0)
        {
            K.TruthBroken.Add($"move: UFFDIO_MOVE of {mm} p{page} has moved it, and says {error}");
        }

        return truthMoved;
    }

    /// <summary>What the loop takes for the step's error after the step has moved something: what was left of the step
    /// before.</summary>
    protected virtual MoveError AfterStep(MoveError previous) => previous;

    /// <summary>uffd_move_lock: the VMAs' own locks, or both under the mmap lock.</summary>
    protected virtual async Flow<bool> LockVmas(Cpu cpu, MmStruct mm, int page, int to, MoveContext move)
    {
        if (await LockTarget(cpu, mm, to, move))
        {
            if (move.Target.Covers(page))
            {
                move.Source = move.Target;
                return true;
            }

            if (await LockSource(cpu, mm, page, move))
            {
                return true;
            }

            move.Target.Lock.ReleaseRead(cpu);
        }

        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        bool found = mm.FindVma(to) is not null && mm.FindVma(page) is not null;
        if (found)
        {
            move.Target = mm.FindVma(to)!;
            move.Source = mm.FindVma(page)!;
            if (!move.Target.Shared)
            {
                await R.AnonVmas.Prepare(cpu, move.Target);
            }

            await cpu.At(LockBoth, move.Target.Lock);
            found = move.Target.Lock.TryTakeRead(cpu);
            if (found && move.Source != move.Target && !move.Source.Lock.TryTakeRead(cpu))
            {
                move.Target.Lock.ReleaseRead(cpu);
                found = false;
            }
        }

        mm.MmapLock.ReleaseRead(cpu);
        return found;
    }

    protected virtual async Flow<bool> LockTarget(Cpu cpu, MmStruct mm, int to, MoveContext move)
    {
        await cpu.At(FindDst, mm.Word);
        if (mm.FindVma(to) is not { } vma)
        {
            return false;
        }

        await cpu.At(LockDst, vma.Lock);
        if (mm.FindVma(to) != vma || !vma.Lock.TryTakeRead(cpu))
        {
            return false;
        }

        if (!vma.Shared && vma.AnonVma is null)
        {
            vma.Lock.ReleaseRead(cpu);
            return false;
        }

        move.Target = vma;
        return true;
    }

    protected virtual async Flow<bool> LockSource(Cpu cpu, MmStruct mm, int page, MoveContext move)
    {
        await cpu.At(FindSrc, mm.Word);
        if (mm.FindVma(page) is not { } vma)
        {
            return false;
        }

        await cpu.At(LockSrc, vma.Lock);
        if (mm.FindVma(page) != vma || !vma.Lock.TryTakeRead(cpu))
        {
            return false;
        }

        move.Source = vma;
        return true;
    }

    /// <summary>PMD mappings are refused; the target gets a page table.</summary>
    protected virtual async Flow<bool> HasTables(Cpu cpu, MmStruct mm, int page, int to)
    {
        if (!mm.Table(page).IsTable || mm.Table(to).Pmd.IsLeaf)
        {
            return false;
        }

        await R.HugeFault.AllocateTable(cpu, mm, to);
        return mm.Table(to).IsTable;
    }

    private static void Unlock(Cpu cpu, MoveContext move)
    {
        move.Source.Lock.ReleaseRead(cpu);
        if (move.Target != move.Source)
        {
            move.Target.Lock.ReleaseRead(cpu);
        }
    }
}
