using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class RmapWalkTests
{
    private const string Family = "shape mms 3 pages 2 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n fork mm1 mm2\n";

    [Fact]
    public void Reclaim_unmaps_a_page_from_every_process()
    {
        World world = World.After($"{Family} reclaim 1\n reclaim 1");
        Assert.All(Enumerable.Range(0, 3), mm =>
            Assert.Equal(new Pte(PteKind.Swap, 0, PteFlag.None), world.Pte(mm, 0)));
        Assert.Equal(3, world.Swap.Count(0));
    }

    [Fact]
    public void Migration_finds_every_process()
    {
        World world = World.After($"{Family} migrate mm2 p0");
        Assert.Equal(3, world.Folio(0, 0).Mapcount);
        Assert.Same(world.Folio(0, 0), world.Folio(2, 0));
        Assert.NotEqual(0, world.Folio(0, 0).Pfn);
    }

    [Fact]
    public void A_walk_passes_over_mappings_that_do_not_cover_the_page()
    {
        World world = World.After($"{Family} munmap mm1 p0 1\n migrate mm0 p0");
        Assert.True(world.Pte(1, 0).IsNone);
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
        Assert.Same(world.Folio(0, 0), world.Folio(2, 0));
    }

    [Fact]
    public void A_walk_finds_a_page_in_a_mapping_that_was_split()
    {
        World world = World.After(
            "shape pages 3 slots 2\nsetup write mm0 p2\n munmap mm0 p1 1\n migrate mm0 p2\n pageout mm0 p2");
        Assert.True(world.Pte(0, 2).IsSwap);
    }

    [Fact]
    public void A_walk_passes_over_a_process_that_has_its_own_copy()
    {
        World world = World.After($"{Family} write mm1 p0\n reclaim 4\n reclaim 4\n write mm1 p0");
        Assert.Equal(2, world.Swap.Count(world.Pte(0, 0).Target));
        Assert.True(world.Folio(1, 0).Has(PageFlag.AnonExclusive));
    }

    [Theory]
    [InlineData("reclaim 1", "exit mm0")]
    [InlineData("reclaim 1", "exit mm1")]
    [InlineData("reclaim 1", "fork mm1 mm2")]
    [InlineData("reclaim 1", "munmap mm1 p0 1")]
    [InlineData("migrate mm0 p0", "exit mm0")]
    [InlineData("migrate mm0 p0", "munmap mm0 p0 1")]
    [InlineData("compact 1", "exit mm1")]
    [InlineData("compact 1", "fork mm1 mm2")]
    public void A_walk_is_safe_while_the_tree_changes(string walk, string change) =>
        Safe(
            $"shape mms 3 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n reclaim 1\ncpu0 {walk}\ncpu1 {change}",
            preemptions: 2);

    [Theory]
    [InlineData("reclaim 1")]
    [InlineData("compact 1")]
    [InlineData("migrate mm0 p0")]
    public void A_walk_is_safe_while_the_last_mapping_and_its_anon_vma_go(string walk)
    {
        foreach (string end in new[] { "exit mm0", "munmap mm0 p0 1" })
        {
            Safe($"shape pages 1 slots 2\nsetup write mm0 p0\n reclaim 1\ncpu0 {walk}\ncpu1 {end}", preemptions: 2);
        }
    }

    [Fact]
    public void With_the_mapcount_dropped_late_a_walk_steps_on_a_freed_anon_vma() =>
        Fails(
            "shape pages 1 slots 1\nsetup write mm0 p0\ncpu0 reclaim 1\ncpu1 exit mm0",
            with: "delayed-anon-rmap", law: "kernel: BUG: kernel NULL pointer dereference");

    [Fact]
    public void With_the_mapcount_dropped_late_migration_meets_a_mapped_folio_without_an_anon_vma() =>
        Fails(
            "shape pages 1\nsetup write mm0 p0\ncpu0 migrate mm0 p0\ncpu1 munmap mm0 p0 1",
            with: "delayed-anon-rmap", law: "kernel: VM_BUG_ON_FOLIO(folio_test_anon(src)");
}
