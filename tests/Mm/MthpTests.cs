using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

/// <summary>Large folios below PMD order, and several of their pages at once.</summary>
public class MthpTests
{
    private const string Sizes = "shape mms 2 pages 7 pmd 3 thp mthp\nsetup ";

    [Fact]
    public void A_store_maps_the_largest_folio_that_fits_by_ptes()
    {
        World world = World.After($"{Sizes}write mm0 p1");
        Folio folio = world.Folio(0, 0);
        Assert.Equal(2, folio.Order);
        Assert.Equal((4, 4, 4), (folio.Refcount, folio.Mapcount, folio.Large.PagesMapped));
        Assert.Equal(-1, folio.Large.Entire);
        Assert.Equal(4, world.Mm(0).AnonPages);
        Assert.All([0, 1, 2, 3], page =>
        {
            Page frame = world.Kernel.PageOf(world.Pte(0, page));
            Assert.True(world.Pte(0, page).Writable && frame.Has(PageFlag.AnonExclusive));
            Assert.Equal((page, 1), (frame.IndexInFolio, frame.MapcountField + 1));
        });
    }

    [Fact]
    public void A_load_maps_the_zero_page_alone() =>
        Assert.Equal(Pte.ZeroPage, World.After($"{Sizes}read mm0 p1").Pte(0, 1));

    [Fact]
    public void A_range_that_is_not_empty_gets_a_small_folio()
    {
        World world = World.After($"{Sizes}read mm0 p0\n write mm0 p1");
        Assert.False(world.Folio(0, 1).IsLarge);
        Assert.True(world.Pte(0, 2).IsNone);
    }

    [Fact]
    public void A_range_that_the_vma_does_not_have_gets_a_small_folio() =>
        Assert.False(World.After($"{Sizes}write mm0 p5").Folio(0, 5).IsLarge);

    [Fact]
    public void The_largest_order_comes_first()
    {
        World world = World.After("shape pages 15 pmd 4 thp mthp\nsetup write mm0 p9\n write mm0 p3");
        Assert.Equal(2, world.Kernel.PageOf(world.Pte(0, 9)).Head.Order);
        Assert.Equal(3, world.Folio(0, 0).Order);
    }

    [Fact]
    public void Pages_that_are_zapped_together_leave_no_trace()
    {
        World world = World.After($"{Sizes}write mm0 p0\n dontneed mm0 p0 4");
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Mm(0).AnonPages);
    }

    [Fact]
    public void Fork_shares_all_pages_at_once()
    {
        World world = World.After($"{Sizes}write mm0 p0\n fork mm0 mm1");
        Folio folio = world.Folio(1, 0);
        Assert.Equal((8, 8, 4), (folio.Refcount, folio.Mapcount, folio.Large.PagesMapped));
        Assert.True(folio.Large.Shared);
        Assert.All([0, 1, 2, 3], page =>
        {
            Assert.Equal(world.Pte(0, page).Target, world.Pte(1, page).Target);
            Assert.False(world.Pte(0, page).Writable || world.Pte(1, page).Writable);
        });
    }

    [Fact]
    public void Fork_copies_every_exclusive_page_of_a_pinned_folio()
    {
        World world = World.After($"{Sizes}pinwrite mm0 p2\n fork mm0 mm1");
        Assert.All([0, 1, 2, 3], page => Assert.False(world.Folio(1, page).IsLarge));
        Assert.True(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void Aging_clears_the_accessed_bits_of_all_pages()
    {
        World world = World.After($"{Sizes}write mm0 p0\n write mm0 p3\n reclaim 1");
        Assert.False(world.Pte(0, 0).Young || world.Pte(0, 3).Young);
        Assert.True(world.Folio(0, 0).Has(PageFlag.Referenced));
    }

    [Fact]
    public void Aging_clears_the_accessed_bit_of_a_pmd() =>
        Assert.False(World.After("shape pages 4 thp pmd\nsetup write mm0 p0\n reclaim 1").Mm(0).Table(0).Pmd.Young);

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("write mm0 p3")]
    [InlineData("read mm0 p0")]
    [InlineData("dontneed mm0 p0 4")]
    [InlineData("munmap mm0 p2 2")]
    [InlineData("pin mm0 p1")]
    [InlineData("fork mm0 mm1")]
    public void Everything_beside_a_first_store_is_safe(string other) =>
        Safe($"shape mms 2 pages 4 pmd 3 thp mthp\ncpu0 {other}\ncpu1 write mm0 p1", preemptions: 2);

    [Theory]
    [InlineData("dontneed mm1 p1 2")]
    [InlineData("write mm0 p0")]
    [InlineData("fork mm0 mm2")]
    [InlineData("pin mm0 p0")]
    [InlineData("reclaim 1")]
    public void Everything_beside_a_store_to_a_shared_folio_is_safe(string other) =>
        Safe(
            $"shape mms 3 pages 4 pmd 3 thp mthp\nsetup write mm0 p0\n fork mm0 mm1\ncpu0 {other}\ncpu1 write mm0 p1",
            preemptions: 2);
}
