using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class ForkTests
{
    [Fact]
    public void Fork_copies_by_address_so_that_the_lowest_vma_takes_an_anon_vma_that_is_idle()
    {
        World world = World.After(
            "shape mms 2 pages 4\nsetup write mm0 p0\n fork mm0 mm1\n exit mm0\n fork mm1 mm0\n munmap mm0 p2 1\n "
            + "exit mm1\n munmap mm0 p0 1\n fork mm0 mm1");
        Vma low = world.Mm(1).FindVma(1)!;
        Vma high = world.Mm(1).FindVma(3)!;
        Assert.Equal((1, 0), (low.AnonVma!.Children, high.AnonVma!.Children));
    }

    [Fact]
    public void Fork_shares_a_page_and_takes_its_exclusivity()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1");
        Folio folio = world.Folio(0, 0);
        Assert.Same(folio, world.Folio(1, 0));
        Assert.False(folio.Has(PageFlag.AnonExclusive));
        Assert.Equal(2, folio.Mapcount);
        Assert.Equal(2, folio.TruthHolders(Holder.Mapping));
        Assert.False(world.Pte(0, 0).Writable || world.Pte(1, 0).Writable);
        Assert.Equal(1, world.Mm(1).AnonPages);
    }

    [Fact]
    public void Fork_shares_a_swap_entry_and_takes_its_exclusivity()
    {
        World world = World.After("shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1");
        Assert.Equal(new Pte(PteKind.Swap, 0, PteFlag.None), world.Pte(0, 0));
        Assert.Equal(world.Pte(0, 0), world.Pte(1, 0));
        Assert.Equal(2, world.Swap.Count(0));
        Assert.Equal(1, world.Mm(1).SwapEntries);
        Assert.True(world.Mm(1).OnMmlist);
    }

    [Fact]
    public void Fork_copies_the_zero_page_for_nothing()
    {
        // The second page gives the VMA an anon_vma: without one, fork copies no entries at all.
        World world = World.After("shape mms 2 pages 2\nsetup read mm0 p0\n write mm0 p1\n fork mm0 mm1");
        Assert.Equal(Pte.ZeroPage, world.Pte(1, 0));
        Assert.Equal(1, world.Mm(1).AnonPages);
    }

    [Fact]
    public void Fork_of_memory_that_was_never_stored_to_copies_no_entries()
    {
        World world = World.After("shape mms 2 pages 1\nsetup read mm0 p0\n fork mm0 mm1");
        Assert.True(world.Pte(1, 0).IsNone);
        Assert.Null(world.Mm(1).Vmas[0].AnonVma);
    }

    [Fact]
    public void A_pinned_page_is_copied_at_fork()
    {
        World world = World.After("shape mms 2 pages 1\nsetup pinwrite mm0 p0\n dma mm0 p0\n fork mm0 mm1");
        Assert.NotSame(world.Folio(0, 0), world.Folio(1, 0));
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.True(world.Folio(1, 0).Has(PageFlag.AnonExclusive));
        Assert.True(world.Pte(0, 0).Writable && world.Pte(1, 0).Writable);
        Assert.Equal(world.Folio(0, 0).Data, world.Folio(1, 0).Data);
    }

    [Fact]
    public void A_page_that_was_pinned_is_shared_again()
    {
        World world = World.After("shape mms 2 pages 1\nsetup pinwrite mm0 p0\n unpin mm0 p0\n fork mm0 mm1");
        Assert.Same(world.Folio(0, 0), world.Folio(1, 0));
        Assert.False(world.Mm(1).HasPinned);
    }

    [Fact]
    public void Fork_copies_every_mapping_and_its_holes()
    {
        World world = World.After(
            "shape mms 2 pages 4\nsetup write mm0 p0\n munmap mm0 p1 1\n write mm0 p3\n fork mm0 mm1");
        Assert.Equal(
            world.Mm(0).Vmas.Select(vma => (vma.Start, vma.End)), world.Mm(1).Vmas.Select(vma => (vma.Start, vma.End)));
        Assert.Same(world.Folio(0, 3), world.Folio(1, 3));
    }

    [Theory]
    [InlineData("fork mm0 mm0")]
    [InlineData("fork mm1 mm2")]
    [InlineData("fork mm0 mm1\n fork mm0 mm1")]
    public void Fork_into_a_number_that_is_taken_or_from_nobody_is_a_no_op(string forks) =>
        Assert.False(World.After($"shape mms 3 pages 1\nsetup write mm0 p0\n {forks}").Effective[^1]);

    [Fact]
    public void A_grandchild_shares_with_all()
    {
        World world = World.After("shape mms 3 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n fork mm1 mm2");
        Assert.Equal(3, world.Folio(2, 0).Mapcount);
    }

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("migrate mm0 p0")]
    [InlineData("compact 1")]
    [InlineData("pin mm0 p0")]
    [InlineData("pinwrite mm0 p0")]
    [InlineData("fork mm0 mm2")]
    [InlineData("exit mm0")]
    public void Fork_of_a_present_page_is_safe(string other) =>
        Safe(
            $"shape mms 3 pages 1 slots 2\nsetup write mm0 p0\n drain\ncpu0 {other}\ncpu1 fork mm0 mm1",
            preemptions: 2);

    [Theory]
    [InlineData("read mm0 p0")]
    [InlineData("write mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("readahead mm0 p0")]
    [InlineData("swapoff")]
    [InlineData("reclaim 1")]
    public void Fork_of_a_swapped_page_is_safe(string other) =>
        Safe(
            "shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n readahead mm0 p0\n"
            + $"cpu0 {other}\ncpu1 fork mm0 mm1",
            preemptions: 2);

    [Fact]
    public void Fork_of_a_pinned_page_is_safe_against_the_device() =>
        Safe(
            "shape mms 2 pages 1\nsetup pinwrite mm0 p0\ncpu0 dma mm0 p0; unpin mm0 p0\ncpu1 fork mm0 mm1",
            preemptions: 2);
}
