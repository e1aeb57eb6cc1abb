using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>What do_swap_page does with large folios: the folio for a read that skips the swap cache, and how many
/// entries it maps at once (mm/memory.c: alloc_swap_folio, can_swapin_thp, do_swap_page; v6.18).</summary>
/// <remarks>The zeromap is looked at without a step. Left out: userfaultfd, zswap, soft-dirty bits.</remarks>
public class LargeSwapIn : Routine
{
    protected static readonly Point PteLock = Points.Define("SwapFolioPtl", "alloc_swap_folio", Access.Acquire);
    protected static readonly Point TestCache = Points.Define("SwapFolioTestCache", "non_swapcache_batch", Access.Read);

    /// <summary>alloc_swap_folio: as large as the entries around the one that faulted allow, or small; charged. Null
    /// when memory is out.</summary>
    public virtual async Flow<Folio?> Allocate(Cpu cpu, FaultContext fault)
    {
        int order = await OrderOf(cpu, fault);
        while (true)
        {
            if (await R.Free.Allocate(cpu, order) is { } folio)
            {
                await R.Memcg.ChargeSwapin(cpu, folio, fault.Mm, fault.Original.Target);
                return folio;
            }

            if (order == 0)
            {
                return null;
            }

            // Not enough in a row: less will do.
            order = order > Folio.LargeOrderMin ? order - 1 : 0;
        }
    }

    /// <summary>The order of the largest folio that the entries around the one that faulted allow.</summary>
    public async Flow<int> OrderOf(Cpu cpu, FaultContext fault) =>
        K.Thp == ThpPolicy.Sizes ? await HighestOrder(cpu, fault) : 0;

    /// <summary>The part of do_swap_page under the ptl, for a folio of which one page is that of the entry: how many
    /// entries get mapped.</summary>
    /// <returns>All of its pages, or 1; 0 when a folio that was read for all of them no longer has them all.</returns>
    public virtual int CountEntries(FaultContext fault, Folio folio, int slot)
    {
        int pages = folio.PageCount;
        if (pages == 1)
        {
            return 1;
        }

        int start = fault.Page - (slot & (pages - 1));
        if (!folio.Has(PageFlag.Swapcache))
        {
            return IsBatch(fault, start, pages) ? pages : 0;
        }

        bool inside = start >= Math.Max(fault.Mm.Table(fault.Page).Start, fault.Vma.Start)
            && start + pages <= Math.Min(fault.Mm.Table(fault.Page).End, fault.Vma.End);
        return inside && IsBatch(fault, start, pages) ? pages : 1;
    }

    /// <summary>Whether the entries from there on are those of a run of slots, as like each other as swap_pte_batch()
    /// has it.</summary>
    protected virtual bool IsBatch(FaultContext fault, int start, int pages)
    {
        Pte original = fault.Original;
        Pte first = original with { Target = (ushort)(original.Target - (fault.Page - start)) };
        return fault.Mm[start] == first && R.Slots.CountBatch(fault.Mm, start, start + pages) == pages;
    }

    /// <summary>The highest order below that of a PMD entry whose aligned range lies in the VMA and holds entries of
    /// slots in a row that nobody has in the swap cache. 0 when there is none.</summary>
    protected virtual async Flow<int> HighestOrder(Cpu cpu, FaultContext fault)
    {
        int order = K.PmdOrder - 1;
        while (order >= Folio.LargeOrderMin && !IsSuitable(fault, order))
        {
            order--;
        }

        if (order < Folio.LargeOrderMin)
        {
            return 0;
        }

        KernelSpinlock ptl = fault.Mm.Ptl(fault.Page);
        await ptl.Acquire(cpu, PteLock);
        while (order >= Folio.LargeOrderMin && !await CanSwapIn(cpu, fault, order))
        {
            order--;
        }

        ptl.Release(cpu);
        return order >= Folio.LargeOrderMin ? order : 0;
    }

    /// <summary>thp_vma_suitable_orders and thp_swap_suitable_orders.</summary>
    protected virtual bool IsSuitable(FaultContext fault, int order)
    {
        int pages = 1 << order;
        int start = fault.Page & -pages;
        return start >= fault.Vma.Start && start + pages <= fault.Vma.End
            && (fault.Page & (pages - 1)) == (fault.Original.Target & (pages - 1));
    }

    /// <summary>The part of swap_writeout about the zeromap, with the folio locked; what has only zeroes is written all
    /// the same here.</summary>
    public virtual void NoteZeroes(Folio folio, int slot)
    {
        bool zero = true;
        for (int number = 0; number < folio.PageCount && zero; number++)
        {
            zero = folio.PageAt(number).Data == 0;
        }

        for (int number = 0; number < folio.PageCount; number++)
        {
            K.Swap.SetZero(slot + number, zero);
        }
    }

    /// <summary>swap_zeromap_batch: a folio is read from the device, or is all zeroes.</summary>
    protected virtual bool IsOfOneKind(int first, int pages)
    {
        int slot = first;
        while (slot < first + pages && K.Swap.IsZero(slot) == K.Swap.IsZero(first))
        {
            slot++;
        }

        return slot == first + pages;
    }

    /// <summary>can_swapin_thp, with the page table locked.</summary>
    protected virtual async Flow<bool> CanSwapIn(Cpu cpu, FaultContext fault, int order)
    {
        int pages = 1 << order;
        int first = fault.Original.Target & -pages;
        if (!IsBatch(fault, fault.Page & -pages, pages) || !IsOfOneKind(first, pages))
        {
            return false;
        }

        for (int slot = first; slot < first + pages; slot++)
        {
            await cpu.At(TestCache, K.Swap.SlotWord(slot));
            if (K.Swap.HasCache(slot))
            {
                return false;
            }
        }

        return true;
    }
}
