using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class SwapoffTests
{
    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void Swapoff_brings_pages_back_and_empties_the_device(string device)
    {
        World world = World.After(
            $"shape mms 2 pages 2 slots 3 device {device}\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p0\n"
            + " pageout mm0 p1\n fork mm0 mm1\n swapoff");
        Assert.Equal(0, world.Swap.InUse());
        Assert.False(world.Swap.Live || world.Swap.Writable);
        for (int page = 0; page < 2; page++)
        {
            Assert.Same(world.Folio(0, page), world.Folio(1, page));
            Assert.Equal(world.Mm(0).TruthData[page], world.Folio(0, page).Data);
        }

        Assert.Equal((2, 0), (world.Mm(1).AnonPages, world.Mm(1).SwapEntries));
        Assert.False(world.Mm(0).OnMmlist || world.Mm(1).OnMmlist);
    }

    [Fact]
    public void An_exclusive_page_comes_back_read_only_and_exclusive()
    {
        World world = World.After("shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n swapoff");
        Assert.False(world.Pte(0, 0).Writable);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.False(world.Folio(0, 0).Has(PageFlag.Swapcache));
        Assert.True(world.Folio(0, 0).Has(PageFlag.Dirty));
    }

    [Fact]
    public void Swapoff_drops_a_copy_that_nobody_owns()
    {
        World world = World.After(
            "shape pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0\n swapoff");
        Assert.Equal(0, world.Swap.InUse());
        Assert.False(world.Folio(0, 0).Has(PageFlag.Swapcache));
    }

    [Fact]
    public void Without_a_device_nothing_is_paged_out_until_it_is_back()
    {
        World world = World.After("shape pages 1 slots 2\nsetup write mm0 p0\n swapoff\n swapoff\n pageout mm0 p0");
        Assert.Equal([true, true, false, true], world.Effective);
        Assert.True(world.Pte(0, 0).IsPresent);

        World back = World.After(
            "shape pages 1 slots 2\nsetup write mm0 p0\n swapon\n swapoff\n swapon\n pageout mm0 p0");
        Assert.Equal([true, false, true, true, true], back.Effective);
        Assert.True(back.Pte(0, 0).IsSwap);
    }

    [Theory]
    [InlineData("read mm0 p0")]
    [InlineData("write mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("readahead mm0 p0")]
    [InlineData("reclaim 1")]
    public void Swapoff_of_an_exclusive_page_is_safe(string other)
    {
        foreach (string device in new[] { "async", "sync" })
        {
            Safe(
                $"shape mms 2 pages 1 slots 2 device {device}\nsetup write mm0 p0\n pageout mm0 p0\n readahead mm0 p0\n"
                + $"cpu0 swapoff\ncpu1 {other}",
                preemptions: 2);
        }
    }

    [Theory]
    [InlineData("read mm1 p0")]
    [InlineData("write mm1 p0")]
    [InlineData("exit mm1")]
    [InlineData("dontneed mm0 p0 1")]
    public void Swapoff_of_a_shared_page_is_safe(string other) =>
        Safe(
            "shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n"
            + $"cpu0 swapoff\ncpu1 {other}",
            preemptions: 1);

    [Theory]
    [InlineData("pageout mm0 p0")]
    [InlineData("swapoff")]
    [InlineData("swapon")]
    public void Swapoff_is_safe_while_the_device_is_filled_or_changed(string other) =>
        Safe(
            $"shape pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p1\ncpu0 swapoff\ncpu1 {other}",
            preemptions: 2);
}
