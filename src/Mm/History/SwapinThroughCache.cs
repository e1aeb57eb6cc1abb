using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() as of v7.0: every device is read through the swap cache, and what is mapped leaves it
/// then.</summary>
/// <remarks>Left out: a folio enters the cache and the slots' entries in one step (__swap_cache_alloc), between which
/// others wait here as they did before.</remarks>
[Variant(
    "swapin-through-cache",
    Subject = "do_swap_page() reads through the swap cache from every device, and frees it once the folio is mapped",
    Origin = "4b34f1d82c65 (v7.0) and the commits around it, \"mm, swap: swap table phase II\"",
    Fix = "none as of v7.2: unuse_pte() still takes every folio that nobody has mapped yet for a small one",
    Symptom = "swapoff beside a fault that reads a large folio: VM_WARN_ON_ONCE(folio_test_large(folio)), and it "
        + "counts mappings that it does not have")]
public sealed class SwapinThroughCache : SwapIn
{
    /// <summary>swapin_sync, or swapin_readahead.</summary>
    protected override async Flow<(Folio? Folio, bool Cached)> ReadSlot(Cpu cpu, FaultContext fault, int slot) => (
        !K.Swap.Synchronous ? await ReadAhead(cpu, slot)
            : await ReadLarge(cpu, fault, slot) ?? await ReadSwapCacheAsync(cpu, slot), true);

    /// <summary>A large folio that was read for all its entries has to have them all still.</summary>
    protected override async Flow<int> CountEntries(Cpu cpu, FaultContext fault, Folio folio, int slot)
    {
        int count = await base.CountEntries(cpu, fault, folio, slot);
        if (folio.Anon || count == folio.PageCount)
        {
            return count;
        }

        await R.SwapCache.Delete(cpu, folio);
        return 0;
    }

    /// <inheritdoc />
    protected override void CheckFresh(Folio folio, int count) => K.BugOn(
        folio.PageCount != count, "VM_WARN_ON_ONCE_FOLIO(folio_nr_pages(folio) != nr_pages)", "do_swap_page", folio);

    /// <inheritdoc />
    protected override async Flow<bool> StillCached(Cpu cpu, Folio folio, int slot)
    {
        bool still = await base.StillCached(cpu, folio, slot);
        if (!still)
        {
            await LeaveUnmapped(cpu, folio);
        }

        return still;
    }

    /// <inheritdoc />
    protected override async Flow<(FaultResult Result, bool Mapped)> MapFolio(
        Cpu cpu, FaultContext fault, Folio folio, int slot, bool cached, Holder holder)
    {
        (FaultResult result, bool mapped) = await base.MapFolio(cpu, fault, folio, slot, cached, holder);
        if (!mapped)
        {
            await LeaveUnmapped(cpu, folio);
        }

        return (result, mapped);
    }

    /// <summary>After the mapping, so that whoever faults meanwhile finds the folio in the swap cache and waits for its
    /// lock.</summary>
    protected override async Flow<bool> MapSlots(
        Cpu cpu, FaultContext fault, Page first, int count, bool exclusive, Holder holder)
    {
        bool reuse = await MapExclusive(cpu, fault, first, count, exclusive, holder);
        await FreeSlots(cpu, fault, count);
        if (await ShouldFreeSwap(cpu, fault, first.Head, count, fault.Write && !reuse))
        {
            await R.Slots.FreeSwap(cpu, first.Head);
        }

        return reuse;
    }

    /// <inheritdoc />
    protected override async Flow<bool> ShouldFreeSwap(
        Cpu cpu, FaultContext fault, Folio folio, int mapped, bool store) =>
        await base.ShouldFreeSwap(cpu, fault, folio, mapped, store)
        || (K.Swap.Synchronous && folio.Has(PageFlag.Swapcache));

    /// <summary>swap_cache_alloc_folio of more than one page, if all its slots can be taken; null otherwise.</summary>
    private async Flow<Folio?> ReadLarge(Cpu cpu, FaultContext fault, int slot)
    {
        for (int order = await R.LargeSwapIn.OrderOf(cpu, fault); order >= Folio.LargeOrderMin; order--)
        {
            if (await R.Free.Allocate(cpu, order) is not { } folio)
            {
                continue;
            }

            if (await R.Slots.PrepareCache(cpu, slot & -folio.PageCount, folio.PageCount))
            {
                await ReadIntoCache(cpu, folio, slot);
                return folio;
            }

            await R.Free.Put(cpu, folio, Holder.Allocation);
        }

        return null;
    }

    /// <summary>out_nomap and out_page: a folio that was not mapped need not stay in the swap cache.</summary>
    private async Flow LeaveUnmapped(Cpu cpu, Folio folio)
    {
        if (folio.Has(PageFlag.Swapcache))
        {
            await R.Slots.FreeSwap(cpu, folio);
        }
    }
}
