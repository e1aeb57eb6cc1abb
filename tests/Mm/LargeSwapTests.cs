using Mm.State;
using Xunit;

namespace Tests.Mm;

/// <summary>Large folios on their way to swap and back.</summary>
public class LargeSwapTests
{
    private const string Huge = "shape mms 2 pages 4 slots 8 thp pmd\nsetup ";
    private const string Sizes = "shape mms 2 pages 7 slots 8 pmd 3 thp mthp\nsetup ";
    private const string Stores = "write mm0 p0\n write mm0 p1\n write mm0 p2\n write mm0 p3\n ";
    private const string Sync = "shape mms 2 pages 7 slots 8 device sync pmd 3 thp mthp\nsetup ";

    /// <summary>The folio stays in the swap cache: a load brings it back before a second pass could free it.</summary>
    private const string Cached = $"{Sizes}{Stores}pageoutrange mm0 p0\n ";

    [Fact]
    public void A_huge_folio_is_swapped_out_whole_into_aligned_slots()
    {
        World world = World.After(
            $"shape mms 1 pages 8 slots 12 thp pmd\nsetup {Stores}split mm0 p1\n pageout mm0 p0\n write mm0 p5\n "
            + "pageoutrange mm0 p4");
        Folio folio = world.Swap.Cached(4)!;
        Assert.Equal((2, 4, 4), (folio.Order, folio.SwapSlot, folio.Refcount));
        Assert.All([4, 5, 6, 7], page =>
        {
            Assert.Equal(new Pte(PteKind.Swap, (ushort)page, PteFlag.Exclusive), world.Pte(0, page));
            Assert.Equal((folio, 1), (world.Swap.Cached(page), world.Swap.Count(page)));
        });
        Assert.Equal(0, folio.Mapcount);
    }

    [Theory]
    [InlineData("", 4)]
    [InlineData("writezero mm0 p2\n ", 1)]
    public void Slots_of_which_only_some_are_all_zeroes_do_not_come_back_together(string zero, int pages)
    {
        World world = World.After(
            $"{Sync}write mm0 p0\n split mm0 p0\n {Stores}{zero}pageout mm0 p0\n pageout mm0 p1\n pageout mm0 p2\n "
            + "pageout mm0 p3\n read mm0 p1");
        Assert.Equal(pages, world.Folio(0, 1).PageCount);
        Assert.Equal((pages, 4 - pages), (world.Mm(0).AnonPages, world.Mm(0).SwapEntries));
    }

    [Fact]
    public void A_clean_folio_without_mappings_leaves_the_swap_cache_whole()
    {
        World world = World.After(
            "shape pages 4 slots 4 device sync thp pmd\nsetup write mm0 p0\n pageoutrange mm0 p0");
        Assert.Equal(0, world.FoliosInUse);
        Assert.All([0, 1, 2, 3], slot =>
        {
            Assert.Equal(1, world.Swap.Count(slot));
            Assert.False(world.Swap.HasCache(slot));
            Assert.Null(world.Swap.Cached(slot));
        });
    }

    [Fact]
    public void Without_slots_in_a_row_the_folio_is_split()
    {
        World world = World.After($"shape pages 4 slots 3 thp pmd\nsetup {Stores}pageoutrange mm0 p0");
        Assert.Equal(3, world.Swap.InUse());
        Assert.Single([0, 1, 2, 3], page => world.Pte(0, page).IsPresent);
        Assert.All(world.Kernel.Folios, folio => Assert.False(!folio.Free && folio.IsLarge));
    }

    [Fact]
    public void One_page_of_a_folio_is_split_off_for_pageout()
    {
        World world = World.After($"{Huge}{Stores}pageout mm0 p1");
        Assert.True(world.Pte(0, 1).IsSwap);
        Assert.All([0, 2, 3], page => Assert.False(world.Folio(0, page).IsLarge));
    }

    [Fact]
    public void A_folio_that_two_processes_map_is_left_alone()
    {
        World world = World.After($"{Huge}write mm0 p0\n fork mm0 mm1\n pageoutrange mm0 p0\n pageout mm1 p1");
        Assert.Equal([true, true, false, false], world.Effective);
        Assert.True(world.Folio(1, 1).IsLarge);
    }

    [Fact]
    public void A_partially_mapped_folio_is_split_rather_than_swapped()
    {
        World world = World.After($"{Sizes}{Stores}dontneed mm0 p3 1\n reclaim 4\n reclaim 4");
        Assert.Equal([0, 1, 2], Enumerable.Range(0, 4).Where(page => world.Pte(0, page).IsSwap));
        Assert.All(world.Kernel.Folios, folio => Assert.False(!folio.Free && folio.IsLarge));
    }

    [Fact]
    public void A_load_maps_all_of_a_folio_that_is_in_the_swap_cache()
    {
        World world = World.After($"{Cached}read mm0 p2");
        Folio folio = world.Folio(0, 0);
        Assert.Equal((2, 4, 8), (folio.Order, folio.Mapcount, folio.Refcount));
        Assert.All([0, 1, 2, 3], page =>
        {
            Assert.True(world.Pte(0, page).Writable);
            Assert.True(world.Kernel.PageOf(world.Pte(0, page)).Has(PageFlag.AnonExclusive));
            Assert.Equal((0, true), (world.Swap.Count(page), world.Swap.HasCache(page)));
        });
        Assert.Equal((4, 0), (world.Mm(0).AnonPages, world.Mm(0).SwapEntries));
    }

    [Fact]
    public void A_store_gives_the_slots_back_with_it()
    {
        World world = World.After($"{Cached}write mm0 p2");
        Folio folio = world.Folio(0, 0);
        Assert.Equal((4, 4, false), (folio.Mapcount, folio.Refcount, folio.Has(PageFlag.Swapcache)));
        Assert.Equal(0, world.Swap.InUse());
    }

    [Fact]
    public void Where_an_entry_is_missing_one_page_is_mapped()
    {
        World world = World.After($"{Cached}dontneed mm0 p3 1\n read mm0 p1");
        Folio folio = world.Folio(0, 1);
        Assert.Equal((2, 1, 5), (folio.Order, folio.Mapcount, folio.Refcount));
        Assert.True(world.Pte(0, 0).IsSwap && world.Pte(0, 2).IsSwap);

        // All slots go together: page 3's is kept although nobody names it.
        Assert.Equal((0, true), (world.Swap.Count(3), world.Swap.HasCache(3)));
    }

    [Fact]
    public void Where_the_exclusive_bits_differ_one_page_is_mapped()
    {
        World world = World.After($"{Cached}dontfork mm0 p0 1\n fork mm0 mm1\n dofork mm0 p0 1\n write mm0 p0");
        Assert.Equal(1, world.Folio(0, 0).Mapcount);
        Assert.All([1, 2, 3], page => Assert.True(world.Pte(0, page).IsSwap && world.Pte(1, page).IsSwap));
        Assert.True(world.Pte(1, 0).IsNone);
    }

    [Fact]
    public void Shared_entries_are_mapped_together_and_copied_on_a_store()
    {
        World world = World.After($"{Cached}fork mm0 mm1\n write mm0 p1\n read mm1 p2");
        Assert.False(world.Folio(0, 1).IsLarge);
        Folio folio = world.Folio(1, 2);
        Assert.Equal((7, folio), (folio.Mapcount, world.Folio(0, 0)));
        Assert.All([0, 1, 2, 3], page => Assert.False(world.Pte(1, page).Writable));
    }

    [Fact]
    public void A_range_of_swap_entries_is_zapped_with_what_they_name()
    {
        World world = World.After($"{Cached}dontneed mm0 p0 4");
        Assert.Equal((0, 0), (world.Swap.InUse(), world.FoliosInUse));
    }

    [Fact]
    public void The_slots_of_a_folio_are_freed_when_the_last_of_them_has_no_owner()
    {
        World world = World.After($"{Cached}dontneed mm0 p0 2\n dontneed mm0 p3 1");
        Assert.Equal(4, world.Swap.InUse());
        Assert.Equal(0, World.After($"{Cached}dontneed mm0 p0 2\n dontneed mm0 p2 2").Swap.InUse());
    }

    [Fact]
    public void Without_the_swap_cache_a_large_folio_is_read_for_all_entries()
    {
        World world = World.After($"{Sync}write mm0 p0\n pageoutrange mm0 p0\n read mm0 p2");
        Folio folio = world.Folio(0, 0);
        Assert.Equal((2, 4, 4), (folio.Order, folio.Mapcount, folio.Refcount));
        Assert.All([0, 1, 2, 3], page => Assert.True(world.Pte(0, page).Writable));
        Assert.Equal(0, world.Swap.InUse());
    }

    [Fact]
    public void Without_the_swap_cache_a_run_with_a_gap_is_read_page_by_page()
    {
        World world = World.After($"{Sync}write mm0 p0\n pageoutrange mm0 p0\n dontneed mm0 p1 1\n read mm0 p2");
        Assert.False(world.Folio(0, 2).IsLarge);
        Assert.Equal(2, world.Swap.InUse());
    }

    [Fact]
    public void Swapoff_brings_every_page_of_a_large_folio_back()
    {
        World world = World.After($"{Cached}swapoff");
        Folio folio = world.Folio(0, 0);
        Assert.Equal((2, 4, 4), (folio.Order, folio.Mapcount, folio.Refcount));
        Assert.All([0, 1, 2, 3], page => Assert.Equal(folio, world.Folio(0, page)));
    }

    [Fact]
    public void A_folio_in_the_swap_cache_can_be_split()
    {
        World world = World.After($"{Cached}read mm0 p1\n split mm0 p2");
        Assert.All([0, 1, 2, 3], page =>
        {
            Folio folio = world.Folio(0, page);
            Assert.Equal((0, page, 2), (folio.Order, folio.SwapSlot, folio.Refcount));
            Assert.Equal(folio, world.Swap.Cached(page));
        });
    }

    [Fact]
    public void A_folio_in_the_swap_cache_can_be_moved()
    {
        World world = World.After($"{Cached}read mm0 p1\n migrate mm0 p2");
        Folio folio = world.Folio(0, 0);
        Assert.Equal((2, 0, 8), (folio.Order, folio.SwapSlot, folio.Refcount));
        Assert.All([0, 1, 2, 3], slot => Assert.Equal(folio, world.Swap.Cached(slot)));
    }

    [Theory]
    [InlineData("read mm0 p1", "read mm0 p2")]
    [InlineData("write mm0 p1", "dontneed mm0 p2 1")]
    [InlineData("read mm0 p1", "readahead mm0 p2")]
    [InlineData("read mm0 p1", "fork mm0 mm1")]
    public void A_large_folio_comes_back_safely_in_v7_0(string first, string second) => Races.Safe(
        $"{Sync}{Stores}pageoutrange mm0 p0\ncpu0 {first}\ncpu1 {second}", preemptions: 1, "swapin-through-cache");
}
