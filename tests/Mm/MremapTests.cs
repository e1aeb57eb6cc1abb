using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MremapTests
{
    [Fact]
    public void A_moved_page_is_read_at_its_new_address_with_the_index_that_it_had()
    {
        World world = World.After("shape pages 3\nsetup write mm0 p0\n mremap mm0 p0 p2 1\n read mm0 p2");
        Assert.True(world.Pte(0, 0).IsNone);
        Folio folio = world.Folio(0, 2);
        Assert.Equal((1, 0), (folio.Data, folio.PageIndex));
        Vma moved = world.Mm(0).FindVma(2)!;
        Assert.Equal((2, 3, 0), (moved.Start, moved.End, moved.Offset));
        Assert.Null(world.Mm(0).FindVma(0));
        Assert.Equal([true, true, true], world.Effective);
    }

    [Fact]
    public void The_old_address_is_mapped_no_more_and_the_new_one_is_what_was_there_no_more()
    {
        World world = World.After(
            "shape pages 2\nsetup write mm0 p0\n write mm0 p1\n drain\n mremap mm0 p0 p1 1\n read mm0 p0");
        Assert.False(world.Effective[^1]);
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(1, world.Folio(0, 1).Data);
    }

    [Fact]
    public void A_vma_that_nobody_faulted_in_takes_the_index_of_its_new_address()
    {
        World world = World.After("shape pages 3\nsetup mremap mm0 p0 p2 1\n write mm0 p2");
        Assert.Equal(2, world.Folio(0, 2).PageIndex);
    }

    [Fact]
    public void A_page_that_comes_back_beside_its_neighbours_merges_with_their_vma()
    {
        World world = World.After(
            "shape pages 4\nsetup write mm0 p0\n write mm0 p1\n mremap mm0 p1 p3 1\n mremap mm0 p3 p1 1");
        Vma[] vmas = [.. world.Mm(0).Vmas.Where(vma => vma.AnonVma is not null && vma.Covers(1))];
        Assert.Equal((0, 3, 0), (Assert.Single(vmas).Start, vmas[0].End, vmas[0].Offset));
        Assert.Single(vmas[0].Chain);
    }

    [Fact]
    public void Swap_entries_move_with_their_bits()
    {
        World world = World.After(
            "shape pages 2 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n mremap mm0 p0 p1 1\n read mm0 p1");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal((1, 0), (world.Folio(0, 1).Data, world.Folio(0, 1).PageIndex));
    }

    [Fact]
    public void A_merged_page_is_copied_before_it_moves()
    {
        World world = World.After(
            "shape pages 3\nsetup writezero mm0 p0\n writezero mm0 p1\n merge mm0 p1 mm0 p0\n mremap mm0 p1 p2 1");
        Assert.False(world.Folio(0, 2).Ksm);
    }

    [Fact]
    public void A_large_mapping_is_split_and_its_pages_move()
    {
        World world = World.After(
            "shape pages 8 pmd 2 thp pmd\nsetup write mm0 p0\n write mm0 p1\n mremap mm0 p0 p4 2\n read mm0 p4\n"
            + " read mm0 p5");
        Assert.Equal(PteKind.Present, world.Pte(0, 5).Kind);
        Assert.True(world.Kernel.Folios[world.Pte(0, 5).Target].Head.IsLarge);
        Assert.True(world.Pte(0, 1).IsNone);
    }

    [Fact]
    public void A_thread_that_stores_while_its_page_moves_is_not_lost() => Safe(
        "shape pages 2\nsetup write mm0 p0\ncpu0 mremap mm0 p0 p1 1\n read mm0 p1\ncpu1 write mm0 p0\n read mm0 p1", 2);

    [Fact]
    public void Reclaim_migration_and_mremap_agree() => Safe(
        "shape pages 2 slots 2\nsetup write mm0 p0\n drain\ncpu0 mremap mm0 p0 p1 1\n read mm0 p1\n"
        + "cpu1 migrate mm0 p0\n reclaim 1\n", 2);

    [Fact]
    public void Without_a_flush_the_old_address_still_shows_the_page() => Fails(
        "shape pages 2\nsetup write mm0 p0\ncpu0 mremap mm0 p0 p1 1\ncpu1 write mm0 p0\n write mm0 p0\n",
        with: "mremap-without-flush", law: "tlb: stale");
}
