using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about one swap slot.</summary>
public class SlotLaws
{
    private readonly World world = new();
    private readonly Folio folio;
    private readonly int slot;

    public SlotLaws()
    {
        folio = world.MapPage();
        slot = world.Cache(folio);
        world.Unmap(world.Mm0, 0, slot);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_slot_with_fewer_owners_than_swap_entries_is_reported_once_no_page_table_is_locked()
    {
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Kernel.Swap.PutCount(slot);
        world.Step(world.First);
        world.IsSilent();
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("swap-count", "fewer owners than swap entries", "Unused swap offset entry");
    }

    [Fact]
    public void A_slot_with_more_owners_than_swap_entries_is_reported()
    {
        world.Mm0.SetPte(0, Pte.None);
        world.Mm0.AddRss(0, -1);
        world.Step();
        world.Broke("swap-count", "more owners than swap entries");
    }

    [Fact]
    public void A_count_that_underflows_is_reported_at_once()
    {
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Kernel.Swap.PutCount(slot);
        world.Step();
        world.IsSilent();
        world.Kernel.Swap.PutCount(slot);
        world.Step();
        world.Broke("slot-count-sign", "swap count underflow");
    }

    [Fact]
    public void A_table_word_without_the_folio_s_flag_is_reported_once_the_folio_is_unlocked()
    {
        world.Lock(folio);
        folio.Clear(PageFlag.Swapcache);
        world.Kernel.Swap.Touch(slot);
        world.Step();
        world.IsSilent();
        folio.Clear(PageFlag.Locked);
        world.Step();
        world.Broke("swap-table", "swap table names a folio that is not there");
    }

    [Fact]
    public void A_table_word_without_HAS_CACHE_is_reported_once_the_cluster_is_unlocked()
    {
        world.Kernel.Swap.ClusterLock.TryTake(world.Cpu0);
        world.Kernel.Swap.SetHasCache(slot, false);
        world.Step(world.First);
        world.IsSilent();
        world.Kernel.Swap.ClusterLock.Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("swap-table", "swap table names a folio without SWAP_HAS_CACHE", "VM_BUG_ON(!has_cache)");
    }
}
