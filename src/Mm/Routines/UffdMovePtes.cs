using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>move_pages_ptes: one step of UFFDIO_MOVE, within one page table on each side (mm/userfaultfd.c,
/// v6.18).</summary>
public class UffdMovePtes : UffdMoveEntries
{
    protected static readonly Point ReadDst = Points.Define("UffdReadDstPtl", "move_pages_ptes", Access.Acquire);
    protected static readonly Point ReadSrc = Points.Define("UffdReadSrcPtl", "move_pages_ptes", Access.Acquire);
    protected static readonly Point GrabLock = Points.Define("UffdGrabPtl", "move_pages_ptes", Access.Acquire);
    protected static readonly Point TestExclusive =
        Points.Define("UffdTestExclusive", "move_pages_ptes", Access.Read);
    protected static readonly Point GetFolio = Points.Define("UffdGetFolio", "move_pages_ptes", Access.Rmw);
    protected static readonly Point AnonLock = Points.Define("UffdAnonVmaLock", "anon_vma_lock_write", Access.Acquire);
    protected static readonly Point CountRefs = Points.Define("UffdTestPinned", "move_present_ptes", Access.Read);
    protected static readonly Point TestAgain =
        Points.Define("UffdTestExclusiveAgain", "move_present_ptes", Access.Read);
    protected static readonly Point PutFolio = Points.Define("UffdPutFolio", "move_present_ptes", Access.Rmw);
    protected static readonly Point ClearSrc = Points.Define("UffdClearSrcPte", "move_present_ptes", Access.Rmw);
    protected static readonly Point CountLate = Points.Define("UffdTestPinnedLate", "move_present_ptes", Access.Read);
    protected static readonly Point Restore = Points.Define("UffdRestoreSrcPte", "move_present_ptes", Access.Write);
    protected static readonly Point SetDst = Points.Define("UffdSetDstPte", "move_present_ptes", Access.Write);
    protected static readonly Point NextRead =
        Points.Define("UffdReadNextPte", "check_ptes_for_batched_move", Access.Read);
    protected static readonly Point NextExclusive =
        Points.Define("UffdTestNextExclusive", "check_ptes_for_batched_move", Access.Read);

    /// <summary>Moves the page, and those behind it as far as they are of one sort.</summary>
    /// <returns>How many; when none, why.</returns>
    public virtual async Flow<(int Moved, MoveError Error)> MovePtes(
        Cpu cpu, MmStruct mm, int page, int to, int count, MoveContext move)
    {
        (int Moved, MoveError Error)? result;
        do
        {
            result = await TryMove(cpu, mm, page, to, count, move);
        }
        while (result is null);

        if (move.AnonVma is { } anonVma)
        {
            move.AnonVma = null;
            anonVma.Root.Rwsem.ReleaseWrite(cpu);
            await R.AnonVmas.Put(cpu, anonVma);
        }

        if (move.Folio is { } folio)
        {
            move.Folio = null;
            await R.Locking.Unlock(cpu, folio);
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }

        if (move.HasDevice)
        {
            move.HasDevice = false;
            await R.Slots.ReleaseDevice(cpu);
        }

        return result.Value;
    }

    /// <summary>From the label retry on; null to go back there, with what was waited for in hand.</summary>
    protected virtual async Flow<(int Moved, MoveError Error)?> TryMove(
        Cpu cpu, MmStruct mm, int page, int to, int count, MoveContext move)
    {
        await mm.Ptl(to).Acquire(cpu, ReadDst);
        bool empty = mm[to].IsNone;
        mm.Ptl(to).Release(cpu);
        if (!empty)
        {
            return (0, MoveError.Exists);
        }

        await mm.Ptl(page).Acquire(cpu, ReadSrc);
        move.Original = mm[page];
        mm.Ptl(page).Release(cpu);
        if (move.Original.IsNone)
        {
            return (0, MoveError.NoEntry);
        }

        if (move.Folio is not null && move.FolioPte != move.Original)
        {
            return (0, MoveError.Again);
        }

        return move.Original.Kind switch
        {
            PteKind.Zero => await MoveZero(cpu, mm, page, to, move),
            PteKind.Present => await MovePresent(cpu, mm, page, to, count, move),
            PteKind.Swap => await MoveSwap(cpu, mm, page, to, move),
            PteKind.Migration => await WaitForMigration(cpu, mm, page),
            _ => (0, MoveError.Fault),
        };
    }

    protected virtual async Flow<(int Moved, MoveError Error)?> WaitForMigration(Cpu cpu, MmStruct mm, int page)
    {
        await R.Migrate.WaitOnMigrationEntry(cpu, mm, page);
        return (0, MoveError.Again);
    }

    /// <summary>A present page: the folio and its anon_vma are locked first, and only then both page tables.</summary>
    protected virtual async Flow<(int Moved, MoveError Error)?> MovePresent(
        Cpu cpu, MmStruct mm, int page, int to, int count, MoveContext move)
    {
        if (move.Folio is null)
        {
            (MoveError error, bool locked) = await GrabFolio(cpu, mm, page, move);
            if (error != MoveError.None)
            {
                return (0, error);
            }

            if (!locked)
            {
                await R.Locking.Lock(cpu, move.Folio!);
                return null;
            }
        }

        Folio folio = move.Folio!;
        if (K.BugOn(!folio.Anon, "WARN_ON_ONCE(!folio_test_anon(src_folio))", "move_pages_ptes", folio))
        {
            return (0, MoveError.Busy);
        }

        if (move.AnonVma is null && !await LockAnonVma(cpu, folio, move))
        {
            return (0, MoveError.Again);
        }

        count = Math.Min(count, Math.Min(mm.Table(page).End - page, mm.Table(to).End - to));
        await LockTables(cpu, mm, page, to);
        (int Moved, MoveError Error) result = (0, MoveError.Again);
        if (IsStable(mm, page, to, move))
        {
            result = await IsMovable(cpu, folio)
                ? await MoveBatch(cpu, mm, page, to, count, move)
                : (0, MoveError.Busy);
        }

        UnlockTables(cpu, mm, page, to);
        return result;
    }

    /// <summary>Under the source's ptl: trylock and a reference.</summary>
    protected virtual async Flow<(MoveError Error, bool Locked)> GrabFolio(
        Cpu cpu, MmStruct mm, int page, MoveContext move)
    {
        KernelSpinlock ptl = mm.Ptl(page);
        await ptl.Acquire(cpu, GrabLock);
        MoveError error = MoveError.Again;
        bool locked = false;
        if (mm[page] == move.Original)
        {
            Page frame = K.PageOf(move.Original);
            error = MoveError.Busy;
            await cpu.At(TestExclusive, frame.FlagsWord);
            if (IsExclusive(frame) && !frame.Head.IsLarge)
            {
                error = MoveError.None;
                locked = await R.Locking.TryLock(cpu, frame.Head);
                await cpu.At(GetFolio, frame.Head.RefcountWord);
                frame.Head.Get(Holder.Lookup);
                move.Folio = frame.Head;
                move.FolioPte = move.Original;
            }
        }

        ptl.Release(cpu);
        return (error, locked);
    }

    /// <summary>folio_referenced walks without the folio lock: only the anon_vma's lock keeps it out.</summary>
    protected virtual async Flow<bool> LockAnonVma(Cpu cpu, Folio folio, MoveContext move)
    {
        if (await R.RmapWalk.GetAnonVma(cpu, folio) is not { } anonVma)
        {
            return false;
        }

        await anonVma.Root.Rwsem.AcquireWrite(cpu, AnonLock);
        move.AnonVma = anonVma;
        return true;
    }

    /// <summary>The last look with both tables locked: small, exclusive, not pinned.</summary>
    protected virtual async Flow<bool> IsMovable(Cpu cpu, Folio folio)
    {
        await cpu.At(CountRefs, folio.RefcountWord);
        if (folio.IsLarge || folio.Refcount >= Folio.PinBias)
        {
            return false;
        }

        await cpu.At(TestAgain, folio.FlagsWord);
        return IsExclusive(folio);
    }

    /// <summary>PageAnonExclusive: nobody else maps the page, so that its index can be changed.</summary>
    protected virtual bool IsExclusive(Page page) => page.Has(PageFlag.AnonExclusive);

    /// <summary>move_present_ptes after its checks. Leaves the last folio unlocked.</summary>
    protected virtual async Flow<(int Moved, MoveError Error)> MoveBatch(
        Cpu cpu, MmStruct mm, int page, int to, int count, MoveContext move)
    {
        Folio? folio = move.Folio!;
        move.Folio = null;
        await cpu.At(PutFolio, folio.RefcountWord);
        K.BugOn(
            folio.PutTestZero(Holder.Lookup), "the entry has no reference to the folio", "move_present_ptes", folio);
        int moved = 0;
        while (folio is not null)
        {
            bool done = await MoveOne(cpu, mm, page + moved, to + moved, folio, move);
            moved += done ? 1 : 0;
            bool last = !done || moved == count;
            if (last)
            {
                break;
            }

            await R.Locking.Unlock(cpu, folio);
            folio = await NextOfBatch(cpu, mm, page + moved, to + moved, move);
        }

        if (moved > 0)
        {
            await FlushSource(cpu, mm, page, page + moved);
            mm.TruthMoveOver(page, page + moved);
        }

        if (folio is not null)
        {
            await R.Locking.Unlock(cpu, folio);
        }

        return moved > 0 ? (moved, MoveError.None) : (0, MoveError.Busy);
    }

    /// <summary>flush_tlb_range: after the new entries are there, before the tables are unlocked.</summary>
    protected virtual Flow FlushSource(Cpu cpu, MmStruct mm, int start, int end) =>
        R.Tlb.FlushRange(cpu, mm, start, end);

    /// <summary>One entry. False: a device has pinned the page, and it stays.</summary>
    protected virtual async Flow<bool> MoveOne(
        Cpu cpu, MmStruct mm, int page, int to, Folio folio, MoveContext move)
    {
        await cpu.At(ClearSrc, mm.PteWord(page));
        Pte old = mm[page];
        mm.SetPte(page, Pte.None);
        await cpu.At(CountLate, folio.RefcountWord);
        if (folio.Refcount >= Folio.PinBias)
        {
            await cpu.At(Restore, mm.PteWord(page));
            mm.SetPte(page, old);
            return false;
        }

        await R.Rmap.MoveTo(cpu, folio, move.Target);
        await cpu.At(SetIndex, folio.MappingWord);
        folio.SetIndex(move.Target.LinearIndex(to));
        await cpu.At(SetDst, mm.PteWord(to));
        PteFlag flags = PteFlag.Write | PteFlag.Young | (old.Flags & PteFlag.Dirty);
        mm.SetPte(to, new Pte(PteKind.Present, folio.Pfn, flags));
        mm.TruthMove(page, to);
        return true;
    }

    /// <summary>check_ptes_for_batched_move: the next folio, locked, without a reference; null ends the
    /// batch.</summary>
    protected virtual async Flow<Folio?> NextOfBatch(Cpu cpu, MmStruct mm, int page, int to, MoveContext move)
    {
        await cpu.At(NextRead, mm.PteWord(page));
        Pte pte = mm[page];
        if (!mm[to].IsNone || !pte.IsPresent || !await R.Locking.TryLock(cpu, K.FolioOf(pte)))
        {
            return null;
        }

        Folio folio = K.FolioOf(pte);
        await cpu.At(NextExclusive, folio.FlagsWord);
        if (IsExclusive(K.PageOf(pte)) && !folio.IsLarge && folio.Mapping == move.AnonVma)
        {
            return folio;
        }

        await R.Locking.Unlock(cpu, folio);
        return null;
    }
}
