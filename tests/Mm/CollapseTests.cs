using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class CollapseTests
{
    private const string Shape = "shape mms 2 pages 4 slots 4 thp pmd\nsetup ";

    /// <summary>Small folios on the LRU, two of them swapped out.</summary>
    private const string Filled = Shape
        + "write mm0 p0\n write mm0 p1\n write mm0 p2\n write mm0 p3\n drain\n split mm0 p0\n"
        + " pageout mm0 p2\n pageout mm0 p3\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_range_without_a_writable_entry_is_collapsed_since_v6_18(bool since)
    {
        World world = World.After(
            $"{Shape} write mm0 p0\n drain\n split mm0 p0\n readonly mm0 p0 4\n collapse mm0 p0",
            since ? [] : ["collapse-needs-writable"]);
        Assert.Equal(since, world.Effective[^1]);
    }

    [Fact]
    public void Small_folios_become_one_that_a_pmd_entry_maps()
    {
        World world = World.After($"{Filled} collapse mm0 p1");
        MmStruct mm = world.Mm(0);
        Folio folio = world.Folio(0, 0);
        Assert.True(world.Effective[^1]);
        Assert.True(folio.IsLarge);
        Assert.Equal(PmdKind.Huge, mm.Table(0).Pmd.Kind);
        Assert.True(mm.Table(0).Pmd.Writable && mm.Table(0).Pmd.Dirty);
        Assert.Equal((1, 4, 0), (folio.Mapcount, mm.AnonPages, mm.SwapEntries));
        Assert.True(folio.Has(PageFlag.AnonExclusive | PageFlag.Uptodate));
        Assert.All(Enumerable.Range(0, 4), page => Assert.True(mm[page].IsNone));
    }

    [Fact]
    public void What_a_child_shares_is_copied_and_stays_the_childs()
    {
        World world = World.After($"{Filled} fork mm0 mm1\n collapse mm0 p0\n write mm0 p0\n read mm1 p0");
        Assert.True(world.Effective[^3]);
        Assert.NotEqual(world.Folio(0, 0).Pfn, world.Folio(1, 0).Pfn);
        Assert.Equal(1, world.Folio(1, 0).Mapcount);
    }

    [Theory]
    [InlineData("pin mm0 p0")]
    [InlineData("munmap mm0 p3 1")]
    [InlineData("poison mm0 p1")]
    public void A_range_with_a_pin_a_hole_or_broken_memory_is_left_alone(string call)
    {
        World world = World.After($"{Filled} {call}\n collapse mm0 p0");
        Assert.False(world.Effective[^1]);
        Assert.Equal(PmdKind.Table, world.Mm(0).Table(0).Pmd.Kind);
        Assert.All(world.Kernel.Folios, folio => Assert.False(!folio.Free && folio.Has(PageFlag.Locked)));
    }

    [Fact]
    public void A_range_that_a_pmd_entry_maps_already_is_left_alone() =>
        Assert.Equal([true, false], World.After($"{Shape}write mm0 p0\n collapse mm0 p0").Effective);

    [Fact]
    public void Without_large_folios_there_is_nothing_to_do() =>
        Assert.Equal([true, false], World.After("shape pages 4\nsetup write mm0 p0\n collapse mm0 p0").Effective);

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("read mm0 p2")]
    [InlineData("pageout mm0 p1")]
    [InlineData("reclaim 2")]
    [InlineData("dontneed mm0 p1 1")]
    [InlineData("migrate mm0 p0")]
    [InlineData("split mm0 p0")]
    [InlineData("collapse mm0 p0")]
    [InlineData("pinwrite mm0 p0; dma mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("swapoff")]
    public void A_collapse_beside_anything_is_safe(string other) =>
        Safe($"{Filled}cpu0 collapse mm0 p0\ncpu1 {other}", preemptions: 1);

    [Fact]
    public void Fast_gup_that_does_not_see_the_collapse_pins_what_is_no_longer_mapped() =>
        Fails(
            $"{Filled}cpu0 collapse mm0 p0\ncpu1 pinwrite mm0 p0", "fast-gup-ignores-collapse",
            "pinned-page: pinned page was replaced");
}
