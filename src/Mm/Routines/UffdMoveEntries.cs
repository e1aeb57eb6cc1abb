using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>UFFDIO_MOVE of what is no mapped folio: the zero page and swap entries (mm/userfaultfd.c:
/// move_zeropage_pte, move_swap_pte, v6.18).</summary>
public abstract class UffdMoveEntries : Routine
{
    protected static readonly Point FirstLock = Points.Define("UffdFirstPtl", "double_pt_lock", Access.Acquire);
    protected static readonly Point SecondLock = Points.Define("UffdSecondPtl", "double_pt_lock", Access.Acquire);
    protected static readonly Point SetIndex = Points.Define("UffdSetIndex", "move_present_ptes", Access.Write);
    protected static readonly Point ZeroClear = Points.Define("UffdClearZeroPte", "move_zeropage_pte", Access.Rmw);
    protected static readonly Point ZeroSet = Points.Define("UffdSetZeroPte", "move_zeropage_pte", Access.Write);
    protected static readonly Point NoDevice = Points.Define("UffdNoDevice", "get_swap_device", Access.Read);
    protected static readonly Point TestEntry = Points.Define("UffdTestEntry", "move_swap_pte", Access.Read);
    protected static readonly Point TestCache = Points.Define("UffdTestHasCache", "move_swap_pte", Access.Read);
    protected static readonly Point WaitCache = Points.Define("UffdWaitCache", "move_swap_pte", Access.Read);
    protected static readonly Point SwapClear = Points.Define("UffdClearSwapPte", "move_swap_pte", Access.Rmw);
    protected static readonly Point SwapSet = Points.Define("UffdSetSwapPte", "move_swap_pte", Access.Write);

    protected virtual async Flow<(int Moved, MoveError Error)?> MoveZero(
        Cpu cpu, MmStruct mm, int page, int to, MoveContext move)
    {
        await LockTables(cpu, mm, page, to);
        bool stable = IsStable(mm, page, to, move);
        if (stable)
        {
            await cpu.At(ZeroClear, mm.PteWord(page));
            mm.SetPte(page, Pte.None);
            await R.Tlb.FlushPage(cpu, mm, page);
            await cpu.At(ZeroSet, mm.PteWord(to));
            mm.SetPte(to, Pte.ZeroPage);
        }

        UnlockTables(cpu, mm, page, to);
        return stable ? (1, MoveError.None) : (0, MoveError.Again);
    }

    /// <summary>A swap entry, and the folio in the swap cache that goes with it.</summary>
    protected virtual async Flow<(int Moved, MoveError Error)?> MoveSwap(
        Cpu cpu, MmStruct mm, int page, int to, MoveContext move)
    {
        if (!move.Original.Exclusive)
        {
            return (0, MoveError.Busy);
        }

        if (!await R.Slots.TryGetDevice(cpu))
        {
            // Swapoff brings the page back: the kernel tries again until it has.
            await cpu.At(NoDevice, mm.PteWord(page), mm.EntryOrPinChanged(page));
            return (0, MoveError.Again);
        }

        move.HasDevice = true;
        int slot = move.Original.Target;
        if (move.Folio is null && await FindCached(cpu, slot) is { } cached)
        {
            if (cached.IsLarge)
            {
                await R.Free.Put(cpu, cached, Holder.Lookup);
                return (0, MoveError.Busy);
            }

            move.Folio = cached;
            move.FolioPte = move.Original;
            if (!await R.Locking.TryLock(cpu, cached))
            {
                move.HasDevice = false;
                await R.Slots.ReleaseDevice(cpu);
                await R.Locking.Lock(cpu, cached);
                return null;
            }
        }

        return await MoveSwapPte(cpu, mm, page, to, slot, move);
    }

    /// <summary>move_swap_pte.</summary>
    protected virtual async Flow<(int Moved, MoveError Error)?> MoveSwapPte(
        Cpu cpu, MmStruct mm, int page, int to, int slot, MoveContext move)
    {
        if (move.Folio is not null && !await StillCached(cpu, move.Folio, slot))
        {
            return (0, MoveError.Again);
        }

        await LockTables(cpu, mm, page, to);
        if (!IsStable(mm, page, to, move))
        {
            UnlockTables(cpu, mm, page, to);
            return (0, MoveError.Again);
        }

        if (move.Folio is { } folio)
        {
            await R.Rmap.MoveTo(cpu, folio, move.Target);
            await cpu.At(SetIndex, folio.MappingWord);
            folio.SetIndex(move.Target.LinearIndex(to));
        }
        else if (await HasCache(cpu, slot))
        {
            UnlockTables(cpu, mm, page, to);
            await cpu.At(WaitCache, K.Swap.SlotWord(slot), K.Swap.CacheSettled(slot));
            return (0, MoveError.Again);
        }

        await cpu.At(SwapClear, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        await cpu.At(SwapSet, mm.PteWord(to));
        mm.SetPte(to, pte);
        mm.TruthMove(page, to);
        mm.TruthMoveOver(page, page + 1);
        UnlockTables(cpu, mm, page, to);
        return (1, MoveError.None);
    }

    /// <summary>The folio whose index and mapping have to follow the entry.</summary>
    protected virtual Flow<Folio?> FindCached(Cpu cpu, int slot) => R.SwapCache.Lookup(cpu, slot);

    protected virtual async Flow<bool> StillCached(Cpu cpu, Folio folio, int slot)
    {
        await cpu.At(TestEntry, folio.FlagsWord);
        return folio.Has(PageFlag.Swapcache) && folio.SwapSlot == slot;
    }

    /// <summary>No folio was found before; whether one has come since, with an index that would be wrong.</summary>
    protected virtual async Flow<bool> HasCache(Cpu cpu, int slot)
    {
        await cpu.At(TestCache, K.Swap.SlotWord(slot));
        return K.Swap.HasCache(slot);
    }

    /// <summary>is_pte_pages_stable.</summary>
    protected static bool IsStable(MmStruct mm, int page, int to, MoveContext move) =>
        mm[page] == move.Original && mm[to].IsNone && mm.Table(to).IsTable;

    /// <summary>double_pt_lock: in the order of their addresses.</summary>
    protected static async Flow LockTables(Cpu cpu, MmStruct mm, int page, int to)
    {
        KernelSpinlock first = mm.Ptl(Math.Min(page, to));
        KernelSpinlock second = mm.Ptl(Math.Max(page, to));
        await first.Acquire(cpu, FirstLock);
        if (second != first)
        {
            await second.Acquire(cpu, SecondLock);
        }
    }

    /// <summary>double_pt_unlock.</summary>
    protected static void UnlockTables(Cpu cpu, MmStruct mm, int page, int to)
    {
        KernelSpinlock first = mm.Ptl(Math.Min(page, to));
        KernelSpinlock second = mm.Ptl(Math.Max(page, to));
        first.Release(cpu);
        if (second != first)
        {
            second.Release(cpu);
        }
    }
}
