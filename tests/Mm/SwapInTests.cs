using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class SwapInTests
{
    private const string Exclusive = "setup write mm0 p0\n pageout mm0 p0\n";
    private const string ThroughCache = "swapin-through-cache";
    private const string Shared = "setup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n";

    [Fact]
    public void A_synchronous_device_is_read_past_the_swap_cache()
    {
        World world = World.After($"shape pages 1 slots 2 device sync\n{Exclusive} read mm0 p0");
        Folio folio = world.Folio(0, 0);
        Assert.False(folio.Has(PageFlag.Swapcache));
        Assert.True(folio.Has(PageFlag.AnonExclusive));
        Assert.True(world.Pte(0, 0).Writable);
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal((1, 0), (world.Mm(0).AnonPages, world.Mm(0).SwapEntries));
    }

    [Fact]
    public void Since_v7_0_a_synchronous_device_is_read_through_the_swap_cache_which_the_page_leaves_dirty()
    {
        World world = World.After($"shape pages 1 slots 3 device sync\n{Exclusive} read mm0 p0", ThroughCache);
        Folio folio = world.Folio(0, 0);
        Assert.False(folio.Has(PageFlag.Swapcache));
        Assert.True(folio.Has(PageFlag.AnonExclusive) && folio.Has(PageFlag.Dirty) && world.Pte(0, 0).Writable);
        Assert.Equal(0, world.Swap.InUse());
    }

    [Fact]
    public void Since_v7_0_a_page_whose_slot_has_another_owner_stays_in_the_swap_cache_until_he_comes()
    {
        string text = $"shape mms 2 pages 1 slots 3 device sync\n{Shared} read mm0 p0";
        Assert.True(World.After(text, ThroughCache).Folio(0, 0).Has(PageFlag.Swapcache));
        Assert.False(World.After($"{text}\n read mm1 p0", ThroughCache).Folio(0, 0).Has(PageFlag.Swapcache));
    }

    [Fact]
    public void Since_v7_0_a_large_folio_is_read_into_the_swap_cache_too()
    {
        const string Text = "shape pages 7 pmd 3 slots 8 thp mthp device sync\n"
            + "setup write mm0 p0\n pageoutrange mm0 p0\n read mm0 p1";
        World world = World.After(Text, ThroughCache);
        Assert.Equal(2, world.Folio(0, 3).Order);
        Assert.True(world.Folio(0, 3).Has(PageFlag.Dirty));
        Assert.False(World.After(Text).Folio(0, 3).Has(PageFlag.Dirty));
        Assert.Equal(0, world.Swap.InUse());
    }

    [Theory]
    [InlineData("read mm0 p0", "read mm0 p0")]
    [InlineData("write mm0 p0", "read mm0 p0")]
    [InlineData("write mm0 p0", "dontneed mm0 p0 1")]
    [InlineData("write mm0 p0", "fork mm0 mm1")]
    [InlineData("read mm0 p0", "readahead mm0 p0")]
    public void Swapin_of_v7_0_is_safe(string first, string second) => Safe(
        $"shape mms 2 pages 1 slots 2 device sync\n{Exclusive} reclaim 1\ncpu0 {first}\ncpu1 {second}", preemptions: 2,
        ThroughCache);

    [Fact]
    public void A_page_comes_back_through_the_swap_cache_and_leaves_its_copy_there_while_slots_are_plenty()
    {
        World world = World.After($"shape pages 1 slots 3\n{Exclusive} read mm0 p0");
        Assert.Same(world.Swap.Cached(0), world.Folio(0, 0));
        Assert.Equal(0, world.Swap.Count(0));
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.True(world.Pte(0, 0).Writable);
    }

    [Theory]
    [InlineData("shape pages 1 slots 1", "read")]
    [InlineData("shape pages 1 slots 3", "write")]
    public void A_swap_copy_goes_when_slots_are_scarce_or_the_page_is_stored_to(string shape, string access)
    {
        World world = World.After($"{shape}\n{Exclusive} {access} mm0 p0");
        Assert.Equal(0, world.Swap.InUse());
        Assert.False(world.Folio(0, 0).Has(PageFlag.Swapcache));
    }

    [Fact]
    public void A_swapped_page_reads_back_what_was_stored()
    {
        World world = World.After($"shape pages 1 slots 2\n{Exclusive} read mm0 p0");
        Assert.NotEqual(0, world.Folio(0, 0).Data);
        Assert.Equal(world.Mm(0).TruthData[0], world.Folio(0, 0).Data);
    }

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void A_page_of_a_shared_slot_comes_back_read_only(string device)
    {
        World world = World.After($"shape mms 2 pages 1 slots 3 device {device}\n{Shared} read mm0 p0");
        Assert.False(world.Pte(0, 0).Writable);
        Assert.False(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.Equal(1, world.Swap.Count(0));
        Assert.True(world.Pte(1, 0).IsSwap);
    }

    [Fact]
    public void Both_owners_of_a_slot_map_the_same_folio()
    {
        World world = World.After($"shape mms 2 pages 1 slots 3\n{Shared} read mm0 p0\n read mm1 p0");
        Assert.Same(world.Folio(0, 0), world.Folio(1, 0));
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
        Assert.Equal(0, world.Swap.Count(0));
    }

    [Fact]
    public void A_store_to_a_shared_swapped_page_copies_what_it_reads()
    {
        World world = World.After($"shape mms 2 pages 1 slots 3\n{Shared} write mm0 p0\n read mm1 p0");
        Assert.NotSame(world.Folio(0, 0), world.Folio(1, 0));
        Assert.NotEqual(world.Folio(0, 0).Data, world.Folio(1, 0).Data);
    }

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void The_last_owner_of_a_slot_makes_the_page_its_own(string device)
    {
        World world = World.After($"shape mms 2 pages 1 slots 3 device {device}\n{Shared} exit mm1\n write mm0 p0");
        Assert.True(world.Pte(0, 0).Writable);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.Equal(0, world.Swap.InUse());
    }

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void Readahead_fills_the_swap_cache_and_maps_nothing(string device)
    {
        World world = World.After($"shape pages 1 slots 3 device {device}\n{Exclusive} reclaim 1\n readahead mm0 p0");
        Assert.True(world.Pte(0, 0).IsSwap);
        Assert.NotNull(world.Swap.Cached(0));
        Assert.False(world.Swap.Cached(0)!.Mapped);
        Assert.Equal((0, 1), (world.Mm(0).AnonPages, world.Mm(0).SwapEntries));
    }

    [Fact]
    public void A_page_in_the_swap_cache_is_found_there()
    {
        World world = World.After($"shape pages 1 slots 3 device sync\n{Exclusive} readahead mm0 p0\n read mm0 p0");
        Assert.True(world.Folio(0, 0).Has(PageFlag.Swapcache));
        Assert.Equal(1, world.FoliosInUse);
    }

    [Fact]
    public void Readahead_of_a_page_that_is_not_swapped_is_a_no_op() =>
        Assert.Equal([true, false], World.After("shape pages 1\nsetup write mm0 p0\n readahead mm0 p0").Effective);

    [Theory]
    [InlineData("read mm0 p0", "read mm0 p0")]
    [InlineData("write mm0 p0", "read mm0 p0")]
    [InlineData("read mm0 p0", "dontneed mm0 p0 1")]
    [InlineData("write mm0 p0", "dontneed mm0 p0 1")]
    [InlineData("read mm0 p0", "munmap mm0 p0 1")]
    [InlineData("read mm0 p0", "exit mm0")]
    [InlineData("write mm0 p0", "fork mm0 mm1")]
    [InlineData("read mm0 p0", "readahead mm0 p0")]
    [InlineData("readahead mm0 p0", "dontneed mm0 p0 1")]
    [InlineData("readahead mm0 p0", "readahead mm0 p0")]
    [InlineData("read mm0 p0", "pin mm0 p0")]
    public void Swapin_of_an_exclusive_page_is_safe(string first, string second)
    {
        foreach (string device in new[] { "async", "sync" })
        {
            Safe(
                $"shape mms 2 pages 1 slots 2 device {device}\n{Exclusive} reclaim 1\ncpu0 {first}\ncpu1 {second}",
                preemptions: 2);
        }
    }

    [Theory]
    [InlineData("read mm0 p0", "read mm1 p0")]
    [InlineData("write mm0 p0", "read mm1 p0")]
    [InlineData("write mm0 p0", "write mm1 p0")]
    [InlineData("write mm0 p0", "dontneed mm1 p0 1")]
    [InlineData("write mm0 p0", "exit mm1")]
    public void Swapin_of_a_shared_page_is_safe(string first, string second)
    {
        foreach (string device in new[] { "async", "sync" })
        {
            Safe(
                $"shape mms 2 pages 1 slots 2 device {device}\n{Shared} reclaim 1\ncpu0 {first}\ncpu1 {second}",
                preemptions: 2);
        }
    }

    [Theory]
    [InlineData("read mm0 p0")]
    [InlineData("write mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    public void A_page_that_is_read_ahead_while_its_slot_is_reused_is_safe(string first) =>
        Safe(
            $"shape pages 1 slots 1 device sync\n{Exclusive}cpu0 {first}\ncpu1 write mm0 p0; pageout mm0 p0",
            preemptions: 2);

    [Fact]
    public void Without_the_slot_pinned_a_swapin_maps_a_copy_of_another_use_of_the_slot() =>
        Fails(
            $"shape pages 1 slots 1 device sync\n{Exclusive}cpu0 read mm0 p0\ncpu1 read mm0 p0; pageout mm0 p0",
            with: "no-swapcache-pin", law: "swapin-copy");

    [Fact]
    public void Without_a_second_look_at_the_swap_cache_a_swapin_maps_what_left_it() =>
        Fails(
            $"shape pages 1 slots 1\n{Exclusive}cpu0 read mm0 p0\ncpu1 dontneed mm0 p0 1; write mm0 p0; pageout mm0 p0",
            with: "no-swapcache-recheck", law: "swapin-copy");

    [Theory]
    [InlineData("anon-test-before-lock")]
    [InlineData("swapin-without-folio-lock")]
    public void Without_the_folio_lock_two_swapins_both_make_the_first_mapping(string variant) =>
        Fails(
            $"shape mms 2 pages 1 slots 2 device sync\n{Shared}cpu0 read mm0 p0\ncpu1 read mm1 p0",
            with: variant, law: "first-map: folio is first-mapped twice");

    [Fact]
    public void A_first_mapping_that_is_always_exclusive_breaks_what_fork_shared() =>
        Fails(
            $"shape mms 2 pages 1 slots 2 device sync\n{Shared}cpu0 read mm0 p0",
            with: "new-rmap-always-exclusive", law: "exclusive-slot");

    [Fact]
    public void A_plain_store_of_the_flags_word_loses_a_sleeper() =>
        Fails(
            $"shape mms 2 pages 1 slots 2 device sync\n{Shared}cpu0 read mm0 p0\ncpu1 read mm1 p0",
            with: "non-atomic-swapbacked", law: "flags-word: PG_waiters lost");
}
