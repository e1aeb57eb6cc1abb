using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class FolioSplitTests
{
    private const string Filled =
        "shape pages 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\n write mm0 p2\n write mm0 p3\n";

    [Theory]
    [InlineData(null, true)]
    [InlineData("split-visits-all", false)]
    [InlineData("split-restarts-walk", false)]
    public void A_folio_that_two_processes_map_by_pmds_stays_large_in_v6_18_alone(string? kernel, bool large)
    {
        World world = World.After(
            "shape mms 2 pages 4 thp pmd\nsetup write mm0 p0\n fork mm0 mm1\n split mm0 p0", [.. Named(kernel)]);
        Assert.Equal(large, world.Folio(0, 0).IsLarge);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("requeue-mapped-folio", true)]
    [InlineData("requeue-migrated", true)]
    public void A_folio_that_entries_map_counts_as_partially_mapped_once_it_has_moved_since_v7_1(
        string? kernel, bool partially)
    {
        World world = World.After(
            "shape pages 7 pmd 3 thp mthp\nsetup write mm0 p0\n migrate mm0 p0", [.. Named(kernel)]);
        Assert.True(world.Folio(0, 0).IsLarge);
        Assert.Equal(partially, world.Folio(0, 0).PartiallyMapped);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("shared-by-first-page", false)]
    public void Pageout_of_a_part_takes_what_others_map_for_shared(string? kernel, bool large)
    {
        World world = World.After(
            "shape mms 2 pages 4 thp pmd\nsetup read mm0 p0\n fork mm0 mm1\n dontneed mm0 p0 2\n"
            + " dontneed mm1 p0 2\n pageout mm0 p2",
            [.. Named(kernel)]);
        Assert.Equal(large, world.Pte(0, 2).IsPresent && world.Folio(0, 2).IsLarge);
    }

    [Fact]
    public void Every_page_becomes_a_folio_of_its_own_on_the_lru()
    {
        World world = World.After($"{Filled} split mm0 p2");
        Folio first = world.Folio(0, 0);
        for (int page = 0; page < 4; page++)
        {
            Folio folio = world.Folio(0, page);
            Assert.Equal((first.Pfn + page, page), (folio.Pfn, folio.Index));
            Assert.False(folio.IsLarge);
            Assert.Equal(1, folio.Refcount);
            Assert.Equal(1, folio.Mapcount);
            Assert.True(folio.Has(PageFlag.Lru | PageFlag.AnonExclusive | PageFlag.Uptodate));
            Assert.False(folio.Has(PageFlag.Locked));
            Assert.True(world.Pte(0, page).Writable);
        }

        Assert.Equal(4, world.Kernel.Lruvec.Inactive.Count);
        Assert.Equal(0, world.Kernel.SplitQueues[1].Length);
    }

    [Fact]
    public void The_pages_are_linked_before_the_first_one()
    {
        World world = World.After($"{Filled} split mm0 p0");
        Assert.Same(world.Folio(0, 0), world.Kernel.Lruvec.Inactive.Last);
        Assert.Same(world.Folio(0, 1), world.Kernel.Lruvec.Inactive.First);
    }

    [Fact]
    public void A_small_folio_is_not_split()
    {
        World world = World.After("shape pages 4\nsetup write mm0 p0\n split mm0 p0\n split mm0 p1");
        Assert.Equal([true, false, false], world.Effective);
    }

    [Fact]
    public void A_pinned_folio_is_left_alone()
    {
        World world = World.After($"{Filled} pin mm0 p0\n split mm0 p0");
        Assert.False(world.Effective[^1]);
        Assert.True(world.Folio(0, 0).IsLarge);
    }

    [Fact]
    public void Of_several_pmd_mappings_each_attempt_breaks_one()
    {
        World world = World.After($"{Filled.Replace("pages 4", "mms 2 pages 4", StringComparison.Ordinal)}"
            + " fork mm0 mm1\n split mm0 p0");
        Assert.Equal(1, world.Mm(0).Table(0).Pmd.IsLeaf ? 1 : world.Mm(1).Table(0).Pmd.IsLeaf ? 1 : 0);
        world = World.After($"{Filled.Replace("pages 4", "mms 2 pages 4", StringComparison.Ordinal)}"
            + " fork mm0 mm1\n split mm0 p0\n split mm0 p0");
        Assert.False(world.Folio(0, 0).IsLarge);
        Assert.Same(world.Folio(0, 3), world.Folio(1, 3));
        Assert.Equal(2, world.Folio(0, 3).Mapcount);
        Assert.False(world.Pte(1, 3).Writable);
    }

    [Fact]
    public void A_large_folio_migrates_as_a_whole()
    {
        World before = World.After(Filled);
        World world = World.After($"{Filled} migrate mm0 p1");
        Assert.NotEqual(before.Folio(0, 0).Pfn, world.Folio(0, 0).Pfn);
        Assert.True(world.Folio(0, 0).IsLarge);
        Assert.True(world.Mm(0).Table(0).Pmd is { IsHuge: true, Writable: true });
        Assert.Equal(before.Folio(0, 0).PageAt(3).Data, world.Folio(0, 0).PageAt(3).Data);
        Assert.Equal(1, world.Folio(0, 0).Refcount);
        Assert.Equal(0, world.Kernel.SplitQueues[1].Length);
    }

    [Fact]
    public void A_partially_mapped_folio_is_split_and_its_pages_migrate()
    {
        World before = World.After($"{Filled} dontneed mm0 p3 1");
        World world = World.After($"{Filled} dontneed mm0 p3 1\n migrate mm0 p1\n drain");
        Assert.False(world.Folio(0, 0).IsLarge);
        Assert.All(Enumerable.Range(0, 3), page =>
            Assert.NotEqual(before.Pte(0, page).Target, world.Pte(0, page).Target));
        Assert.Equal(3, world.FoliosInUse);
        Assert.Equal(3, world.Kernel.Lruvec.Inactive.Count);
    }

    [Theory]
    [InlineData("write mm0 p1")]
    [InlineData("dontneed mm0 p1 1")]
    [InlineData("dontneed mm0 p0 4")]
    [InlineData("migrate mm0 p1")]
    [InlineData("fork mm0 mm1")]
    [InlineData("pin mm0 p1")]
    [InlineData("split mm0 p1")]
    [InlineData("exit mm0")]
    public void Nobody_harms_a_split(string other) => Safe(
        $"shape mms 2 pages 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\ncpu0 split mm0 p0\ncpu1 {other}", 1);

    [Theory]
    [InlineData("write mm0 p1")]
    [InlineData("dontneed mm0 p1 1")]
    [InlineData("fork mm0 mm1")]
    [InlineData("migrate mm0 p1")]
    public void Nobody_harms_the_migration_of_a_large_folio(string other) => Safe(
        $"shape mms 2 pages 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\ncpu0 migrate mm0 p0\ncpu1 {other}", 1);

    private static IEnumerable<string> Named(string? variant) => variant is null ? [] : [variant];
}
