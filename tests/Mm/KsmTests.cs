using Mm.State;
using Xunit;

namespace Tests.Mm;

public class KsmTests
{
    private const string TwoProcesses =
        "shape mms 2\nsetup writezero mm0 p0\n fork mm0 mm1\n writezero mm1 p0\n merge mm0 p0 mm1 p0\n";

    private const string TwoPages =
        "shape pages 2\nsetup writezero mm0 p0\n writezero mm0 p1\n merge mm0 p0 mm0 p1\n";

    [Fact]
    public void Two_equal_pages_become_one_that_is_read_only_and_dirty()
    {
        World world = World.After(TwoPages);
        Folio folio = world.Folio(0, 0);
        Assert.Same(folio, world.Folio(0, 1));
        Assert.True(folio.Ksm);
        Assert.NotNull(folio.StableNode);
        Assert.Equal(2, folio.Mapcount);
        Assert.True(folio.Has(PageFlag.Dirty));
        Assert.False(folio.Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(0, 0).Writable || world.Pte(0, 1).Writable);
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(2, world.Kernel.Ksm.Items.Count);
    }

    [Fact]
    public void The_node_holds_no_reference()
    {
        World world = World.After(TwoPages + " drain\n");
        Assert.Equal(2, world.Folio(0, 0).Refcount);
    }

    [Fact]
    public void Pages_of_two_processes_are_merged_too()
    {
        World world = World.After(TwoProcesses);
        Assert.Same(world.Folio(0, 0), world.Folio(1, 0));
        Assert.True(world.Effective[^1]);
    }

    [Fact]
    public void Pages_with_different_content_are_left_alone()
    {
        World world = World.After(
            "shape pages 2\nsetup write mm0 p0\n writezero mm0 p1\n merge mm0 p0 mm0 p1\n");
        Assert.False(world.Effective[^1]);
        Assert.False(world.Folio(0, 0).Ksm);
        Assert.True(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void A_third_page_joins_the_stable_one()
    {
        World world = World.After(
            "shape pages 3\nsetup writezero mm0 p0\n writezero mm0 p1\n merge mm0 p0 mm0 p1\n writezero mm0 p2\n"
            + " merge mm0 p2 mm0 p0\n");
        Assert.Same(world.Folio(0, 0), world.Folio(0, 2));
        Assert.Equal(3, world.Folio(0, 0).Mapcount);
        Assert.Equal(3, world.Folio(0, 0).StableNode!.Items.Count);
    }

    [Fact]
    public void A_store_copies_even_when_nobody_else_maps_the_page()
    {
        World world = World.After(TwoPages + " write mm0 p0\n drain\n write mm0 p1\n");
        Assert.False(world.Folio(0, 1).Ksm);
        Assert.Equal(2, world.FoliosInUse);
        Assert.True(world.Pte(0, 1).Writable);
    }

    [Fact]
    public void Unmerging_gives_every_address_a_page_of_its_own_that_is_still_read_only()
    {
        World world = World.After(TwoPages + " unmerge mm0 p0 2\n");
        Assert.True(world.Effective[^1]);
        Assert.NotSame(world.Folio(0, 0), world.Folio(0, 1));
        Assert.False(world.Folio(0, 0).Ksm || world.Folio(0, 1).Ksm);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void A_page_that_fork_has_shared_gets_an_item_when_ksmd_comes_by()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup writezero mm0 p0\n writezero mm0 p1\n merge mm0 p0 mm0 p1\n fork mm0 mm1\n"
            + " merge mm1 p0 mm0 p0\n");
        Assert.True(world.Effective[^1]);
        Assert.Equal(4, world.Folio(0, 0).Mapcount);
        Assert.Equal(3, world.Folio(0, 0).StableNode!.Items.Count);
    }

    [Fact]
    public void Reclaim_finds_every_mapping_of_a_merged_page_by_its_items()
    {
        World world = World.After(TwoPages.Replace("pages 2", "pages 2 slots 1", StringComparison.Ordinal)
            + " drain\n reclaim 4\n age 4\n reclaim 4\n");
        Assert.True(world.Pte(0, 0).IsSwap && world.Pte(0, 1).IsSwap);
        Assert.False(world.Pte(0, 0).Exclusive);
        Assert.Equal(2, world.Swap.Count(0));
    }

    [Fact]
    public void Swapin_copies_for_an_address_that_the_folio_does_not_belong_to()
    {
        World world = World.After(TwoPages.Replace("pages 2", "pages 2 slots 1", StringComparison.Ordinal)
            + " drain\n reclaim 4\n age 4\n reclaim 4\n reclaim 4\n read mm0 p0\n read mm0 p1\n");
        Assert.NotSame(world.Folio(0, 0), world.Folio(0, 1));
        Assert.False(world.Folio(0, 0).Ksm);
        Assert.Equal(1, world.Folio(0, 1).Index);
        Assert.True(world.Folio(0, 1).Has(PageFlag.AnonExclusive));
    }

    [Fact]
    public void Swapin_of_a_page_that_still_is_a_KSM_page_takes_it_as_it_is()
    {
        World world = World.After(TwoPages + " drain\n reclaim 4\n age 4\n reclaim 4\n read mm0 p1\n");
        Folio folio = world.Folio(0, 1);
        Assert.True(folio.Ksm);
        Assert.False(world.Pte(0, 1).Writable || folio.Has(PageFlag.AnonExclusive));
    }

    [Fact]
    public void Migration_takes_the_node_along()
    {
        World world = World.After(TwoPages + " drain\n migrate mm0 p1\n");
        Folio folio = world.Folio(0, 0);
        Assert.Same(folio, world.Folio(0, 1));
        Assert.True(folio.Ksm);
        Assert.Equal(folio.Pfn, folio.StableNode!.Pfn);
        Assert.NotEqual(0, folio.Pfn);
    }

    [Fact]
    public void A_node_whose_folio_is_gone_is_dropped_when_somebody_comes_by()
    {
        World world = World.After(
            TwoPages + " dontneed mm0 p0 2\n writezero mm0 p0\n writezero mm0 p1\n merge mm0 p0 mm0 p1\n");
        int live = 0;
        foreach (StableNode node in world.Kernel.Ksm.Nodes)
        {
            live += node.Live ? 1 : 0;
        }

        Assert.Equal(1, live);
        Assert.True(world.Folio(0, 0).Ksm);
    }

    [Fact]
    public void A_stable_page_that_no_item_is_about_any_more_is_merged_with_nobody()
    {
        World world = World.After(
            TwoProcesses.Replace("mms 2", "mms 3", StringComparison.Ordinal)
            + " fork mm0 mm2\n write mm0 p0\n write mm1 p0\n merge mm0 p0 mm1 p0\n merge mm1 p0 mm0 p0\n"
            + " writezero mm0 p0\n merge mm0 p0 mm1 p0\n");
        Assert.False(world.Effective[^1]);
        Assert.False(world.Folio(0, 0).Ksm);
        Assert.Empty(world.Folio(2, 0).StableNode!.Items);
    }

    [Fact]
    public void A_pinned_page_is_not_merged()
    {
        World world = World.After(
            "shape pages 2\nsetup writezero mm0 p0\n writezero mm0 p1\n pin mm0 p0\n merge mm0 p0 mm0 p1\n");
        Assert.False(world.Effective[^1]);
        Assert.True(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void What_ksmd_knows_of_a_process_that_is_gone_it_forgets_when_it_comes_by()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup writezero mm0 p0\n fork mm0 mm1\n writezero mm1 p0\n merge mm0 p0 mm1 p0\n"
            + " exit mm1\n writezero mm0 p1\n merge mm0 p1 mm0 p0\n");
        Assert.All(world.Kernel.Ksm.Items, item => Assert.Same(world.Mm(0), item.Mm));
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
    }

    [Theory]
    [InlineData("merge mm0 p0 mm0 p1", "write mm0 p1")]
    [InlineData("merge mm0 p0 mm0 p1", "pageout mm0 p0")]
    [InlineData("merge mm0 p0 mm0 p1", "migrate mm0 p0")]
    [InlineData("merge mm0 p0 mm0 p1", "pin mm0 p0")]
    [InlineData("merge mm0 p0 mm0 p1", "munmap mm0 p0 1")]
    [InlineData("merge mm0 p0 mm0 p1", "merge mm0 p1 mm0 p0")]
    public void Merging_is_safe_against_whatever_else_happens_to_the_pages(string first, string second) => Races.Safe(
        $"shape pages 2 slots 2\nsetup writezero mm0 p0\n writezero mm0 p1\n drain\ncpu0 {first}\ncpu1 {second}", 1);

    [Theory]
    [InlineData("migrate mm0 p0")]
    [InlineData("write mm0 p0")]
    [InlineData("unmerge mm0 p0 2")]
    [InlineData("dontneed mm0 p0 2")]
    [InlineData("fork mm0 mm1")]
    public void A_third_page_joins_safely_whatever_happens_to_the_stable_one(string other) => Races.Safe(
        "shape mms 2 pages 3 slots 2\nsetup writezero mm0 p0\n writezero mm0 p1\n merge mm0 p0 mm0 p1\n"
        + $" writezero mm0 p2\n drain\ncpu0 merge mm0 p2 mm0 p0\ncpu1 {other}", 1);
}
