using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The way of a folio into the swap cache when it is reclaimed (mm/vmscan.c: shrink_folio_list,
/// v6.18).</summary>
/// <remarks>The part of <see cref="Shrink"/> that gets slots.</remarks>
public abstract class SwapOut : MappingRemoval
{
    protected static readonly Point TestPinned = Points.Define("ShrinkTestPinned", "shrink_folio_list", Access.Read);
    protected static readonly Point TestPartially =
        Points.Define("ShrinkTestPartiallyMapped", "shrink_folio_list", Access.Read);
    protected static readonly Point SetDirty = Points.Define("ShrinkSetDirty", "shrink_folio_list", Access.Rmw);

    /// <summary>What becomes of a folio: where shrink_folio_list jumps to.</summary>
    protected enum Verdict
    {
        Free,
        Keep,
        KeepLocked,
        ActivateLocked,

        /// <summary>Poisoned: dropped from every list, and no more the caller's.</summary>
        Dropped,
    }

    /// <summary>The part of shrink_folio_list that gives slots to a folio: to all of a large one, or to each page once
    /// it was split.</summary>
    protected virtual async Flow<Verdict?> AddToSwap(Cpu cpu, Folio folio, FolioList list)
    {
        await cpu.At(TestPinned, folio.PinnedWord);
        if (folio.MaybePinned)
        {
            return Verdict.KeepLocked;
        }

        if (folio.IsLarge && !await MaySwapLarge(cpu, folio, list))
        {
            return Verdict.ActivateLocked;
        }

        while (!await R.Slots.Allocate(cpu, folio))
        {
            if (!folio.IsLarge || !await R.Split.SplitFolio(cpu, folio, list))
            {
                return Verdict.ActivateLocked;
            }
        }

        await cpu.At(SetDirty, folio.FlagsWord);
        folio.Set(PageFlag.Dirty);
        return null;
    }

    /// <summary>A large folio that nobody else has a reference on; it is split at once if some of its pages are known
    /// to be unmapped.</summary>
    protected virtual async Flow<bool> MaySwapLarge(Cpu cpu, Folio folio, FolioList list)
    {
        if (!await R.Split.CanSplit(cpu, folio, pins: 1))
        {
            return false;
        }

        if (await R.Lists.IsEmpty(cpu, folio.DeferredList))
        {
            return true;
        }

        await cpu.At(TestPartially, folio.PageAt(1).FlagsWord);
        return !folio.PartiallyMapped || await R.Split.SplitFolio(cpu, folio, list);
    }
}
