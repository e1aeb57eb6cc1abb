using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class UffdMoveTests
{
    [Fact]
    public void A_shared_file_is_refused_and_gets_no_anon_vma()
    {
        World world = World.After("shape pages 2 files 1\nsetup mapshared mm0 p0 f0 i0\n move mm0 p1 p0 1");
        Assert.False(world.Effective[^1]);
        Assert.Null(world.Mm(0).FindVma(0)!.AnonVma);
    }

    [Fact]
    public void A_page_moves_and_takes_the_index_of_its_new_address()
    {
        World world = World.After("shape pages 2\nsetup write mm0 p0\n move mm0 p0 p1 1\n read mm0 p1\n read mm0 p0");
        Assert.Equal(PteKind.Zero, world.Pte(0, 0).Kind);
        Assert.Equal((1, 1), (world.Folio(0, 1).Data, world.Folio(0, 1).PageIndex));
        Assert.True(world.Pte(0, 1).Writable);
        Assert.All(world.Effective, Assert.True);
    }

    [Fact]
    public void Nothing_moves_to_where_something_is() => Assert.False(
        World.After("shape pages 2\nsetup write mm0 p0\n write mm0 p1\n move mm0 p0 p1 1").Effective[^1]);

    [Fact]
    public void A_flag_that_is_no_right_does_not_keep_a_page_from_moving() => Assert.True(
        World.After("shape pages 2\nsetup write mm0 p0\n dontfork mm0 p1 1\n move mm0 p0 p1 1").Effective[^1]);

    [Fact]
    public void A_hole_does_not_move() => Assert.False(
        World.After("shape pages 2\nsetup write mm0 p1\n dontneed mm0 p1 1\n move mm0 p0 p1 1").Effective[^1]);

    [Fact]
    public void A_shared_or_pinned_page_does_not_move()
    {
        Assert.False(World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n fork mm0 mm1\n move mm0 p0 p1 1").Effective[^1]);
        Assert.False(World.After("shape pages 2\nsetup pinwrite mm0 p0\n move mm0 p0 p1 1").Effective[^1]);
    }

    [Fact]
    public void A_page_with_a_short_reference_moves()
    {
        World world = World.After(
            "shape pages 2\nsetup write mm0 p0\n getpage mm0 p0\n move mm0 p0 p1 1\n putpage mm0 p0");
        Assert.All(world.Effective, Assert.True);
    }

    [Fact]
    public void Pages_move_in_batches_until_one_stays()
    {
        World world = World.After(
            "shape pages 6 pmd 4\nsetup write mm0 p0\n write mm0 p1\n read mm0 p2\n move mm0 p0 p3 3");
        Assert.True(world.Pte(0, 0).IsNone && world.Pte(0, 1).IsNone && world.Pte(0, 2).IsNone);
        Assert.Equal([3, 4], [world.Folio(0, 3).PageIndex, world.Folio(0, 4).PageIndex]);
        Assert.Equal(PteKind.Zero, world.Pte(0, 5).Kind);
    }

    [Fact]
    public void A_swap_entry_moves_and_its_folio_in_the_swap_cache_with_it()
    {
        World world = World.After(
            "shape pages 2 slots 2 device async\nsetup write mm0 p0\n pageout mm0 p0\n readahead mm0 p0\n"
            + " move mm0 p0 p1 1\n read mm0 p1");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal((1, 1), (world.Folio(0, 1).Data, world.Folio(0, 1).PageIndex));
    }

    [Fact]
    public void A_poisoned_page_does_not_move() => Assert.False(
        World.After("shape pages 2\nsetup write mm0 p0\n poison mm0 p0\n move mm0 p0 p1 1").Effective[^1]);

    [Fact]
    public void A_page_of_a_read_only_vma_does_not_move() => Assert.False(
        World.After("shape pages 2\nsetup write mm0 p0\n readonly mm0 p0 2\n move mm0 p0 p1 1").Effective[^1]);

    [Fact]
    public void A_thread_that_stores_while_its_page_moves_is_not_lost() => Safe(
        "shape pages 2\nsetup write mm0 p0\ncpu0 move mm0 p0 p1 1\n read mm0 p1\ncpu1 write mm0 p0\n read mm0 p0", 2);

    [Fact]
    public void A_page_that_fast_gup_pins_at_the_last_moment_stays_where_it_is()
    {
        // UffdRestoreSrcPte is reached between GupFastAddBias and GupFastRecheckPte.
        Safe("shape pages 2\nsetup write mm0 p0\ncpu0 move mm0 p0 p1 1\ncpu1 pin mm0 p0", 2);
    }

    [Fact]
    public void Reclaim_and_aging_meet_a_page_that_moves() => Safe(
        "shape pages 2 slots 2\nsetup write mm0 p0\n drain\ncpu0 move mm0 p0 p1 1\n read mm0 p1\ncpu1 reclaim 1\n", 2,
        "uffd-move-clears-error");

    [Fact]
    public void A_cached_folio_that_keeps_its_old_index_is_copied_by_the_next_fault() => Fails(
        "shape pages 2 slots 2 device async\nsetup write mm0 p0\n getpage mm0 p0\n pageout mm0 p0\n"
        + "cpu0 move mm0 p0 p1 1\n read mm0 p1\n",
        with: "uffd-move-ignores-swapcache", law: "needless-copy: ");

    [Fact]
    public void A_shared_page_that_moves_is_lost_to_the_reverse_map() => Fails(
        "shape mms 2 pages 2\nsetup write mm0 p0\n fork mm0 mm1\n"
        + "cpu0 move mm0 p0 p1 1\n write mm0 p0\n move mm0 p0 p1 1\n",
        with: "uffd-move-ignores-exclusive", law: "");
}
