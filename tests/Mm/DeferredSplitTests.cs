using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class DeferredSplitTests
{
    [Fact]
    public void A_huge_folio_is_queued_as_soon_as_it_is_mapped()
    {
        World world = World.After("shape pages 4 thp pmd\nsetup write mm0 p0");
        Assert.Equal([world.Folio(0, 0)], Queue(world));
        Assert.False(world.Folio(0, 0).PartiallyMapped);
    }

    [Fact]
    public void A_folio_that_loses_a_page_is_flagged_and_queued_once()
    {
        World world = World.After("shape pages 4 thp pmd\nsetup write mm0 p0\n dontneed mm0 p1 1\n dontneed mm0 p2 1");
        Assert.Equal([world.Folio(0, 0)], Queue(world));
        Assert.True(world.Folio(0, 0).PartiallyMapped);
        Assert.Equal(1, world.Kernel.PartiallyMapped);
    }

    [Theory]
    [InlineData("exit mm0")]
    [InlineData("munmap mm0 p0 4")]
    [InlineData("dontneed mm0 p0 1\n dontneed mm0 p1 3")]
    public void A_folio_that_is_freed_leaves_the_queue(string how)
    {
        World world = World.After($"shape pages 4 thp pmd\nsetup write mm0 p0\n {how}");
        Assert.Empty(Queue(world));
        Assert.Equal(0, world.Kernel.PartiallyMapped);
        Assert.Equal(0, world.FoliosInUse);
    }

    [Fact]
    public void The_shrinker_splits_a_folio_of_zeroes_and_maps_the_zero_page_instead()
    {
        World world = World.After("shape pages 4 thp pmd\nsetup write mm0 p1\n shrinkthp 1");
        Assert.Empty(Queue(world));
        Assert.False(world.Folio(0, 1).IsLarge);
        Assert.Equal(
            [PteKind.Zero, PteKind.Present, PteKind.Zero, PteKind.Zero],
            Enumerable.Range(0, 4).Select(page => world.Pte(0, page).Kind));
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(1, world.Mm(0).AnonPages);
    }

    [Fact]
    public void The_shrinker_drops_a_folio_that_is_in_use()
    {
        World world = World.After(
            "shape pages 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\n shrinkthp 1\n shrinkthp 1");
        Assert.Equal([true, true, true, false], world.Effective);
        Assert.Empty(Queue(world));
        Assert.True(world.Folio(0, 0).IsLarge);
    }

    [Fact]
    public void The_shrinker_splits_a_partially_mapped_folio_and_frees_what_nobody_maps()
    {
        World world = World.After(
            "shape pages 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\n write mm0 p2\n dontneed mm0 p2 1\n"
            + " shrinkthp 1");
        Assert.Empty(Queue(world));
        Assert.Equal(2, world.FoliosInUse);
        Assert.Equal(PteKind.Zero, world.Pte(0, 3).Kind);
        Assert.Equal(PteKind.None, world.Pte(0, 2).Kind);
    }

    [Fact]
    public void A_folio_whose_split_fails_stays_at_the_tail_of_the_queue()
    {
        World world = World.After(
            "shape pages 8 thp pmd\nsetup write mm0 p0\n pin mm0 p0\n dontneed mm0 p3 1\n write mm0 p4\n write mm0 p5\n"
            + " dontneed mm0 p6 1\n shrinkthp 1");
        Assert.Equal(2, Queue(world).Count);
        Assert.Same(world.Folio(0, 0), Queue(world)[1]);
        Assert.True(world.Folio(0, 0).IsLarge);
    }

    [Fact]
    public void A_scan_goes_backwards_through_what_it_has_collected()
    {
        World world = World.After(
            "shape pages 8 thp pmd\nsetup write mm0 p0\n write mm0 p1\n pin mm0 p0\n dontneed mm0 p3 1\n"
            + " write mm0 p4\n write mm0 p5\n pin mm0 p4\n dontneed mm0 p7 1\n shrinkthp 2");
        Assert.Equal([world.Folio(0, 4), world.Folio(0, 0)], Queue(world));
        Assert.Null(world.Folio(0, 0).TruthScanner);
    }

    [Theory]
    [InlineData("split mm0 p0")]
    [InlineData("shrinkthp 1")]
    [InlineData("exit mm0")]
    [InlineData("migrate mm0 p0")]
    [InlineData("write mm0 p1")]
    public void Nobody_harms_a_scan_of_a_folio_of_zeroes(string other) =>
        Safe($"shape pages 4 thp pmd\nsetup write mm0 p0\ncpu0 shrinkthp 1\ncpu1 {other}", 1);

    [Theory]
    [InlineData("dontneed mm0 p1 1")]
    [InlineData("split mm0 p0")]
    [InlineData("munmap mm0 p0 4")]
    [InlineData("migrate mm0 p0")]
    public void Nobody_harms_a_scan_of_a_partially_mapped_folio(string other) => Safe(
        $"shape pages 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\n dontneed mm0 p3 1\ncpu0 shrinkthp 1\ncpu1 {other}",
        1);

    [Fact]
    public void Without_the_lock_a_folio_is_dropped_beside_one_that_nobody_pins() => Fails(
        "shape pages 8 thp pmd\nsetup write mm0 p0\n write mm0 p1\n write mm0 p4\n write mm0 p5\n pin mm0 p4\n"
        + " dontneed mm0 p7 1\ncpu0 shrinkthp 2",
        "unlocked-scan-drop", "safe-neighbour: folio is taken off beside one that is not safe");

    [Fact]
    public void A_split_in_between_makes_the_safe_folio_unsafe() => Fails(
        "shape pages 12 thp pmd\nsetup write mm0 p0\n write mm0 p1\n write mm0 p4\n write mm0 p5\n dontneed mm0 p7 1\n"
        + " write mm0 p8\n write mm0 p9\n pin mm0 p8\n dontneed mm0 p11 1\ncpu0 shrinkthp 3",
        "safe-folio-lost-by-split", "safe-neighbour: folio is taken off beside one that is not safe");

    [Fact]
    public void The_folio_before_may_be_gone_when_the_next_one_is_dropped() => Shows(
        "shape pages 8 thp pmd\nsetup write mm0 p0\n write mm0 p1\n write mm0 p4\n write mm0 p5\n pin mm0 p4\n"
        + " dontneed mm0 p7 1\ncpu0 shrinkthp 2\ncpu1 unpin mm0 p4\n dontneed mm0 p4 3",
        "unlocked-scan-drop", "preceding-folio: preceding folio on the list has no reference");

    [Fact]
    public void Migration_without_a_freeze_takes_a_folio_off_with_references() => Fails(
        "shape pages 4 thp pmd\nsetup write mm0 p0\ncpu0 migrate mm0 p0",
        "migration-unqueues-late", "unqueue: folio with references is taken off its list");

    [Fact]
    public void A_folio_that_was_queued_meanwhile_is_queued_twice() => Shows(
        "shape pages 4 thp pmd\nsetup write mm0 p0\n pin mm0 p0\ncpu0 shrinkthp 1\ncpu1 dontneed mm0 p3 1",
        "batch-scan-double-add", "double-add: folio is queued twice");

    [Fact]
    public void Migration_that_takes_the_memcg_away_leaves_the_folio_on_its_queue() => Fails(
        "shape pages 4 thp pmd\nsetup write mm0 p0\ncpu0 migrate mm0 p0",
        "migration-forgets-queue", "recharge: memcg of a queued folio changes");

    [Fact]
    public void A_migrated_folio_may_be_partially_mapped_before_it_is_queued() => Fails(
        "shape pages 4 thp pmd\nsetup write mm0 p0\ncpu0 migrate mm0 p0\ncpu1 dontneed mm0 p3 1",
        "requeue-mapped-folio", "kernel: VM_WARN_ON_FOLIO(folio_test_partially_mapped(folio))");

    private static List<Folio> Queue(World world)
    {
        DeferredSplitQueue queue = world.Kernel.SplitQueues[1];
        List<Folio> folios = [];
        for (ListHead entry = queue.Head.Next!; entry != queue.Head; entry = entry.Next!)
        {
            folios.Add(entry.Owner!);
        }

        Assert.Equal(queue.Length, folios.Count);
        return folios;
    }
}
