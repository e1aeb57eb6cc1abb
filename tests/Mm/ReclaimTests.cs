using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class ReclaimTests
{
    [Fact]
    public void Pageout_of_a_range_begins_with_its_first_page()
    {
        World world = World.After("shape pages 2 slots 1\nsetup write mm0 p1\n write mm0 p0\n pageoutrange mm0 p0");
        Assert.True(world.Pte(0, 0).IsSwap);
        Assert.True(world.Pte(0, 1).IsPresent);
    }

    [Theory]
    [InlineData(3, "sync", null, true)]
    [InlineData(3, "async", null, true)]
    [InlineData(2, "sync", null, false)]
    [InlineData(2, "sync", "full-of-disk-keeps-cache", true)]
    [InlineData(3, "async", "full-of-disk-keeps-cache", false)]
    [InlineData(3, "sync", "full-keeps-cache", false)]
    public void Who_takes_the_last_slot_takes_from_the_swap_cache_what_has_no_other_owner(
        int slots, string device, string? kernel, bool takes)
    {
        string fill = slots == 3 ? "write mm0 p2\n pageout mm0 p2\n" : "";
        World world = World.After(
            LastSlot(slots, device) + $"{fill} pageout mm0 p1", kernel is null ? [] : [kernel]);
        Assert.Equal(!takes, world.Folio(0, 0).Has(PageFlag.Swapcache));
        Assert.Equal(slots - (takes ? 1 : 0), world.Swap.InUse());
    }

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("migrate mm0 p0")]
    public void Taking_the_last_slot_is_safe_beside(string other) =>
        Safe($"{LastSlot(3, "sync")} write mm0 p2\n pageout mm0 p2\ncpu0 pageout mm0 p1\ncpu1 {other}", preemptions: 2);

    [Fact]
    public void After_pageout_the_entry_is_an_exclusive_swap_entry_and_the_slot_has_one_owner()
    {
        World world = World.After("shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0");
        Assert.Equal(new Pte(PteKind.Swap, 0, PteFlag.Exclusive), world.Pte(0, 0));
        Assert.Equal(1, world.Swap.Count(0));
        Assert.Equal(world.Mm(0).TruthData[0], world.Swap.Data[0]);
        Assert.Equal((0, 1), (world.Mm(0).AnonPages, world.Mm(0).SwapEntries));
        Assert.True(world.Mm(0).OnMmlist);
    }

    [Fact]
    public void A_synchronous_write_frees_the_folio_at_once()
    {
        World world = World.After("shape pages 1 slots 2 device sync\nsetup write mm0 p0\n pageout mm0 p0");
        Assert.Equal(0, world.FoliosInUse);
        Assert.False(world.Swap.HasCache(0));
    }

    [Fact]
    public void An_asynchronous_write_leaves_a_clean_folio_in_the_swap_cache_until_reclaim_comes_again()
    {
        const string Once = "shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0";
        Folio folio = World.After(Once).Swap.Cached(0)!;
        Assert.False(folio.Mapped);
        Assert.False(folio.Has(PageFlag.Dirty));
        Assert.False(folio.Has(PageFlag.Writeback));

        World twice = World.After($"{Once}\n reclaim 1");
        Assert.Equal(0, twice.FoliosInUse);
        Assert.Equal(1, twice.Swap.Count(0));
    }

    [Fact]
    public void Reclaim_spares_a_young_page_once()
    {
        const string Once = "shape pages 1 slots 2\nsetup write mm0 p0\n reclaim 1";
        World spared = World.After(Once);
        Assert.False(spared.Pte(0, 0).Young);
        Assert.True(spared.Folio(0, 0).Has(PageFlag.Referenced));
        Assert.True(World.After($"{Once}\n reclaim 1").Pte(0, 0).IsSwap);
    }

    [Fact]
    public void A_page_that_is_used_twice_is_activated_and_ages_before_it_is_reclaimed()
    {
        const string Hot = "shape pages 1 slots 2\nsetup write mm0 p0\n reclaim 1\n read mm0 p0\n reclaim 1";
        World active = World.After(Hot);
        Assert.Equal((1, 0), (active.Kernel.Lruvec.Active.Count, active.Kernel.Lruvec.Inactive.Count));
        Assert.True(active.Folio(0, 0).Has(PageFlag.Active));

        World aged = World.After($"{Hot}\n age 1");
        Assert.Equal((0, 1), (aged.Kernel.Lruvec.Active.Count, aged.Kernel.Lruvec.Inactive.Count));
        Assert.False(aged.Folio(0, 0).Has(PageFlag.Active));
    }

    [Fact]
    public void Reclaim_goes_round_the_list_from_its_oldest_page_on()
    {
        // The first round finds both pages young, and puts each back at the head.
        World world = World.After(
            "shape pages 2 slots 2\nsetup write mm0 p1\n write mm0 p0\n reclaim 1\n reclaim 1\n reclaim 1");
        Assert.True(world.Pte(0, 1).IsSwap);
        Assert.True(world.Pte(0, 0).IsPresent);
    }

    [Fact]
    public void A_page_for_which_there_is_no_slot_stays_and_is_activated()
    {
        World world = World.After(
            "shape pages 2 slots 1 device sync\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p0\n pageout mm0 p1");
        Assert.True(world.Pte(0, 0).IsSwap);
        Assert.True(world.Folio(0, 1).Has(PageFlag.Active));
        Assert.True(world.Pte(0, 1).Writable);
    }

    [Fact]
    public void Pageout_leaves_a_shared_page_alone()
    {
        World world = World.After("shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n pageout mm0 p0");
        Assert.Equal([true, true, false], world.Effective);
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
    }

    [Theory]
    [InlineData("pageout mm0 p0")]
    [InlineData("reclaim 1\n reclaim 1")]
    public void A_pinned_page_is_not_reclaimed(string reclaim)
    {
        World world = World.After($"shape pages 1 slots 2\nsetup pinwrite mm0 p0\n {reclaim}");
        Assert.True(world.Pte(0, 0).Writable);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.Equal(0, world.Swap.InUse());
    }

    [Fact]
    public void A_clean_page_in_the_swap_cache_is_not_written_again()
    {
        World world = World.After(
            "shape pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0\n pageout mm0 p0");
        Assert.Equal(new Pte(PteKind.Swap, 0, PteFlag.Exclusive), world.Pte(0, 0));
        Assert.Equal(1, world.Swap.TruthGeneration[0]);
        Assert.Equal(0, world.FoliosInUse);
    }

    [Theory]
    [InlineData("pageout mm0 p0", "pageout mm0 p0")]
    [InlineData("pageout mm0 p0", "write mm0 p0")]
    [InlineData("pageout mm0 p0", "read mm0 p0")]
    [InlineData("pageout mm0 p0", "dontneed mm0 p0 1")]
    [InlineData("pageout mm0 p0", "munmap mm0 p0 1")]
    [InlineData("pageout mm0 p0", "exit mm0")]
    [InlineData("pageout mm0 p0", "fork mm0 mm1")]
    [InlineData("pageout mm0 p0", "migrate mm0 p0")]
    [InlineData("pageout mm0 p0", "pin mm0 p0")]
    [InlineData("pageout mm0 p0", "pinwrite mm0 p0")]
    [InlineData("pageout mm0 p0", "reclaim 1")]
    [InlineData("pageout mm0 p0", "compact 1")]
    public void Pageout_is_safe(string first, string second)
    {
        foreach (string device in new[] { "async", "sync" })
        {
            Safe(
                $"shape mms 2 pages 1 slots 2 device {device}\nsetup write mm0 p0\n drain\ncpu0 {first}\ncpu1 {second}",
                preemptions: 2);
        }
    }

    [Theory]
    [InlineData("reclaim 1")]
    [InlineData("write mm0 p0")]
    [InlineData("write mm1 p0")]
    [InlineData("exit mm1")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("munmap mm1 p0 1")]
    [InlineData("fork mm1 mm2")]
    [InlineData("migrate mm0 p0")]
    [InlineData("pin mm1 p0")]
    public void Reclaim_of_a_shared_page_is_safe(string other) =>
        Safe(
            "shape mms 3 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n reclaim 1\n"
            + $"cpu0 reclaim 1\ncpu1 {other}",
            preemptions: 2);

    [Fact]
    public void Two_reclaimers_of_two_pages_are_safe() =>
        Safe(
            "shape pages 2 slots 1\nsetup write mm0 p0\n write mm0 p1\n reclaim 2\ncpu0 reclaim 2\ncpu1 reclaim 2",
            preemptions: 1);

    [Theory]
    [InlineData("age 1")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("read mm0 p0")]
    [InlineData("fork mm0 mm1")]
    public void Aging_is_safe(string other) =>
        Safe(
            "shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n reclaim 1\n read mm0 p0\n reclaim 1\n"
            + $"cpu0 age 1\ncpu1 {other}",
            preemptions: 2);

    /// <summary>The slot that is not free has no owner but the swap cache.</summary>
    private static string LastSlot(int slots, string device) =>
        $"shape mms 2 pages 3 slots {slots} device {device}\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n"
        + " read mm0 p0\n exit mm1\n write mm0 p1\n ";
}
