using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class ZapTests
{
    [Fact]
    public void Dontneed_frees_the_page_and_keeps_the_mapping()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0\n drain\n dontneed mm0 p0 1");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Mm(0).AnonPages);
        Assert.NotNull(world.Mm(0).FindVma(0));
    }

    [Fact]
    public void A_dropped_page_reads_zero_again() =>
        Assert.Equal(
            Pte.ZeroPage,
            World.After("shape pages 1\nsetup write mm0 p0\n dontneed mm0 p0 1\n read mm0 p0").Pte(0, 0));

    [Fact]
    public void A_dropped_page_stays_in_its_batch_until_that_is_drained()
    {
        const string Dropped = "shape pages 1\nsetup write mm0 p0\n dontneed mm0 p0 1";
        World world = World.After(Dropped);
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(0, World.After($"{Dropped}\n drain").FoliosInUse);
    }

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void Dontneed_of_a_swapped_page_frees_its_slot(string device)
    {
        World world = World.After(
            $"shape pages 1 slots 3 device {device}\nsetup write mm0 p0\n pageout mm0 p0\n dontneed mm0 p0 1\n drain");
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Mm(0).SwapEntries);
    }

    [Fact]
    public void Dontneed_of_a_shared_slot_leaves_the_other_owner()
    {
        World world = World.After(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n dontneed mm0 p0 1");
        Assert.Equal(1, world.Swap.Count(0));
        Assert.True(world.Pte(1, 0).IsSwap);
    }

    [Fact]
    public void Dontneed_of_a_page_in_the_swap_cache_takes_its_copy_along()
    {
        World world = World.After(
            "shape pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0\n drain\n dontneed mm0 p0 1");
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(0, world.FoliosInUse);
    }

    [Fact]
    public void Dontneed_of_one_process_leaves_the_page_of_the_other()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n dontneed mm0 p0 1");
        Assert.Equal(1, world.Folio(1, 0).Mapcount);
    }

    [Fact]
    public void Dontneed_drops_exactly_its_range()
    {
        World world = World.After(
            "shape pages 4\nsetup write mm0 p0\n write mm0 p1\n write mm0 p2\n write mm0 p3\n dontneed mm0 p1 2");
        Assert.Equal([false, true, true, false], Enumerable.Range(0, 4).Select(page => world.Pte(0, page).IsNone));
        Assert.Equal(2, world.Mm(0).AnonPages);
    }

    [Fact]
    public void Dontneed_where_nothing_is_mapped_is_a_no_op() =>
        Assert.Equal([true, false], World.After("shape pages 1\nsetup munmap mm0 p0 1\n dontneed mm0 p0 1").Effective);

    [Theory]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("write mm0 p0")]
    [InlineData("read mm0 p0")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("migrate mm0 p0")]
    [InlineData("compact 1")]
    [InlineData("pin mm0 p0")]
    [InlineData("reclaim 1")]
    public void Dontneed_of_a_present_page_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n reclaim 1\ncpu0 {other}\ncpu1 dontneed mm0 p0 1",
            preemptions: 2);

    [Fact]
    public void Dontneed_of_a_page_that_is_being_drained_is_safe() =>
        Safe("shape pages 1\nsetup write mm0 p0\ncpu0 drain\ncpu1 dontneed mm0 p0 1", preemptions: 3);

    [Theory]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("swapoff")]
    [InlineData("reclaim 1")]
    public void Dontneed_of_a_swapped_page_is_safe(string other)
    {
        foreach (string device in new[] { "async", "sync" })
        {
            Safe(
                $"shape mms 2 pages 1 slots 2 device {device}\nsetup write mm0 p0\n pageout mm0 p0\n"
                + $" readahead mm0 p0\ncpu0 {other}\ncpu1 dontneed mm0 p0 1",
                preemptions: 2);
        }
    }
}
