using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MigrateTests
{
    [Theory]
    [InlineData("migrate mm0 p0")]
    [InlineData("drain\n compact 1")]
    public void Migration_changes_the_frame_and_nothing_else(string migrate)
    {
        World before = World.After("shape pages 1\nsetup write mm0 p0");
        World after = World.After($"shape pages 1\nsetup write mm0 p0\n {migrate}");
        Assert.True(after.Effective[^1]);
        Assert.NotEqual(before.Folio(0, 0).Pfn, after.Folio(0, 0).Pfn);
        Assert.Equal(before.Folio(0, 0).Data, after.Folio(0, 0).Data);
        Assert.Equal(before.Pte(0, 0).Flags, after.Pte(0, 0).Flags);
        Assert.Equal(before.Mm(0).AnonPages, after.Mm(0).AnonPages);
        Assert.Equal(1, after.Folio(0, 0).Mapcount);
        Assert.True(after.Folio(0, 0).Has(PageFlag.AnonExclusive | PageFlag.Swapbacked | PageFlag.Uptodate));
        Assert.Same(after.Mm(0).Vmas[0].AnonVma, after.Folio(0, 0).Mapping);
        Assert.Equal(1, after.FoliosInUse);
    }

    [Fact]
    public void A_shared_page_moves_for_all_processes()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n migrate mm1 p0");
        Assert.NotEqual(0, world.Folio(0, 0).Pfn);
        Assert.Same(world.Folio(0, 0), world.Folio(1, 0));
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
        Assert.False(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(0, 0).Writable || world.Pte(1, 0).Writable);
    }

    [Theory]
    [InlineData("migrate mm0 p0")]
    [InlineData("drain\n compact 1")]
    public void A_pinned_page_is_not_migrated(string migrate)
    {
        World world = World.After($"shape pages 1\nsetup pinwrite mm0 p0\n {migrate}");
        Assert.Equal(0, world.Folio(0, 0).Pfn);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.True(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void The_swap_copy_moves_along()
    {
        World world = World.After(
            "shape pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0\n migrate mm0 p0");
        Folio folio = world.Folio(0, 0);
        Assert.NotEqual(0, folio.Pfn);
        Assert.Same(folio, world.Swap.Cached(0));
        Assert.True(folio.Has(PageFlag.Swapcache));
        Assert.Equal(0, folio.SwapSlot);
        Assert.Equal(1, world.FoliosInUse);
    }

    [Fact]
    public void An_unmapped_page_in_the_swap_cache_is_compacted()
    {
        World world = World.After(
            "shape pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n drain\n compact 1\n read mm0 p0");
        Assert.True(world.Effective[3]);
        Assert.NotEqual(0, world.Folio(0, 0).Pfn);
        Assert.Same(world.Swap.Cached(0), world.Folio(0, 0));
    }

    [Fact]
    public void An_active_page_stays_active()
    {
        World world = World.After(
            "shape pages 1 slots 2\nsetup write mm0 p0\n reclaim 1\n read mm0 p0\n reclaim 1\n migrate mm0 p0\n drain");
        Assert.True(world.Folio(0, 0).Has(PageFlag.Active | PageFlag.Lru));
        Assert.Equal(1, world.Kernel.Lruvec.Active.Count);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    public void Compaction_takes_the_nth_folio_and_counts_round(int nth, int moved)
    {
        World world = World.After($"shape pages 2\nsetup write mm0 p0\n write mm0 p1\n drain\n compact {nth}");
        Assert.NotEqual(moved, world.Folio(0, moved).Pfn);
        Assert.Equal(1 - moved, world.Folio(0, 1 - moved).Pfn);
    }

    [Theory]
    [InlineData("read mm0 p0\n migrate mm0 p0")]
    [InlineData("write mm0 p0\n pageout mm0 p0\n migrate mm0 p0")]
    [InlineData("munmap mm0 p0 1\n migrate mm0 p0")]
    [InlineData("write mm0 p0\n compact 1")]
    public void Migration_of_what_is_no_folio_on_the_lru_is_a_no_op(string setup) =>
        Assert.False(World.After($"shape pages 1 slots 2\nsetup {setup}").Effective[^1]);

    [Theory]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("write mm0 p0")]
    [InlineData("read mm0 p0")]
    [InlineData("migrate mm0 p0")]
    [InlineData("compact 1")]
    [InlineData("pin mm0 p0")]
    [InlineData("pinwrite mm0 p0")]
    [InlineData("pageout mm0 p0")]
    [InlineData("reclaim 1")]
    public void Migration_of_an_exclusive_page_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n drain\ncpu0 migrate mm0 p0\ncpu1 {other}",
            preemptions: 2);

    [Theory]
    [InlineData("write mm1 p0")]
    [InlineData("exit mm1")]
    [InlineData("dontneed mm1 p0 1")]
    [InlineData("fork mm1 mm2")]
    [InlineData("munmap mm1 p0 1")]
    [InlineData("pin mm1 p0")]
    [InlineData("migrate mm1 p0")]
    public void Migration_of_a_shared_page_is_safe(string other) =>
        Safe(
            "shape mms 3 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n drain\n"
            + $"cpu0 migrate mm0 p0\ncpu1 {other}",
            preemptions: 1);

    [Theory]
    [InlineData("read mm0 p0")]
    [InlineData("write mm1 p0")]
    [InlineData("readahead mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("swapoff")]
    [InlineData("reclaim 1")]
    public void Compaction_of_a_page_in_the_swap_cache_is_safe(string other) =>
        Safe(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n drain\n"
            + $"cpu0 compact 1\ncpu1 {other}",
            preemptions: 2);
}
