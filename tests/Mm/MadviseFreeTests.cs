using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MadviseFreeTests
{
    private const string Written = "shape pages 1 slots 3\nsetup write mm0 p0\n drain";

    [Fact]
    public void A_freed_page_keeps_its_content_until_reclaim_wants_it()
    {
        World world = World.After($"{Written}\n free mm0 p0 1\n drain\n read mm0 p0");
        Folio folio = world.Folio(0, 0);
        Assert.Equal(1, folio.Data);
        Assert.False(folio.Has(PageFlag.Swapbacked));
        Assert.Same(world.Kernel.Lruvec.InactiveFile.First, folio);
        Assert.Equal(0, world.Kernel.Lruvec.Inactive.Count);
    }

    [Fact]
    public void The_entry_is_clean_and_old_but_still_writable()
    {
        Pte pte = World.After($"{Written}\n free mm0 p0 1").Pte(0, 0);
        Assert.Equal((true, false, false), (pte.Writable, pte.Dirty, pte.Young));
    }

    [Fact]
    public void Reclaim_drops_a_freed_page_without_swap()
    {
        World world = World.After($"{Written}\n free mm0 p0 1\n reclaim 1");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal((0, 0), (world.Mm(0).AnonPages, world.Swap.InUse()));
    }

    [Fact]
    public void A_dropped_page_reads_zero_from_then_on()
    {
        World world = World.After($"{Written}\n free mm0 p0 1\n reclaim 1\n read mm0 p0\n read mm0 p0");
        Assert.Equal(Pte.ZeroPage, world.Pte(0, 0));
        Assert.False(world.Mm(0).TruthMayBeFreed[0]);
    }

    [Fact]
    public void A_store_keeps_the_page_for_good()
    {
        World world = World.After($"{Written}\n free mm0 p0 1\n drain\n write mm0 p0\n reclaim 1\n reclaim 1");
        Assert.True(world.Folio(0, 0).Has(PageFlag.Swapbacked | PageFlag.Active));
        Assert.False(world.Mm(0).TruthMayBeFreed[0]);
    }

    [Fact]
    public void A_page_that_was_freed_and_stored_to_is_swapped_out_later()
    {
        World world = World.After(
            $"{Written}\n free mm0 p0 1\n drain\n write mm0 p0\n reclaim 1\n reclaim 1\n pageout mm0 p0\n read mm0 p0");
        Assert.Equal(world.Mm(0).TruthData[0], world.Folio(0, 0).Data);
    }

    [Fact]
    public void Free_of_a_swapped_page_drops_it_at_once()
    {
        World world = World.After($"{Written}\n pageout mm0 p0\n free mm0 p0 1\n drain");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal((0, 0, 0), (world.FoliosInUse, world.Swap.InUse(), world.Mm(0).SwapEntries));
    }

    [Fact]
    public void Free_of_a_page_in_the_swap_cache_takes_its_copy_in_swap_along()
    {
        World world = World.After($"{Written}\n pageout mm0 p0\n read mm0 p0\n drain\n free mm0 p0 1\n drain");
        Assert.Equal(0, world.Swap.InUse());
        Assert.False(world.Folio(0, 0).Has(PageFlag.Dirty));
        Assert.False(world.Folio(0, 0).Has(PageFlag.Swapbacked));
    }

    [Fact]
    public void A_dirty_page_that_is_shared_is_left_alone()
    {
        World world = World.After(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n read mm0 p0\n"
            + " read mm1 p0\n drain\n free mm0 p0 1\n drain");
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
        Assert.True(world.Folio(0, 0).Has(PageFlag.Swapbacked));
        Assert.False(world.Mm(0).TruthMayBeFreed[0]);
    }

    [Fact]
    public void A_forked_page_is_kept_for_the_process_that_did_not_free_it()
    {
        World world = World.After(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n drain\n fork mm0 mm1\n free mm0 p0 1\n reclaim 1\n"
            + " read mm1 p0");
        Assert.Equal(1, world.Folio(1, 0).Data);
    }

    [Fact]
    public void A_pinned_page_is_not_dropped()
    {
        World world = World.After(
            "shape pages 1\nsetup pinwrite mm0 p0\n drain\n free mm0 p0 1\n reclaim 1\n dma mm0 p0");
        Assert.Equal(1, world.Folio(0, 0).Mapcount);
    }

    [Fact]
    public void Free_where_nothing_is_mapped_is_a_no_op() =>
        Assert.Equal([true, false], World.After("shape pages 1\nsetup munmap mm0 p0 1\n free mm0 p0 1").Effective);

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("read mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("migrate mm0 p0")]
    [InlineData("pageout mm0 p0")]
    [InlineData("free mm0 p0 1")]
    [InlineData("pinwrite mm0 p0")]
    public void Reclaim_of_a_freed_page_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n drain\n free mm0 p0 1\n drain\n"
            + $"cpu0 {other}\ncpu1 reclaim 1",
            preemptions: 2);

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("reclaim 1")]
    [InlineData("migrate mm0 p0")]
    public void Free_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n drain\ncpu0 {other}\ncpu1 free mm0 p0 1\n reclaim 1",
            preemptions: 2);

    [Fact]
    public void A_lazyfree_page_goes_although_a_device_has_it_when_references_are_not_counted() =>
        Fails(
            "shape pages 1\nsetup write mm0 p0\n drain\n free mm0 p0 1\n drain\ncpu0 pinwrite mm0 p0\n dma mm0 p0\n"
            + "cpu1 reclaim 1",
            "lazyfree-ignores-references", "pinned-page");

    [Fact]
    public void A_store_after_madvise_free_is_lost_when_the_dirty_mark_is_not_read() =>
        Fails(
            "shape pages 1\nsetup write mm0 p0\n drain\n free mm0 p0 1\n drain\ncpu0 write mm0 p0\n"
            + "cpu1 reclaim 1\n reclaim 1",
            "lazyfree-ignores-dirty", "rest-content");
}
