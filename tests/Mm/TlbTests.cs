using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class TlbTests
{
    [Fact]
    public void A_store_caches_what_the_walk_has_found_and_leaves_the_entry_young_and_dirty()
    {
        World world = World.After("shape pages 2\nsetup write mm0 p1");
        Assert.Equal(world.Pte(0, 1), Cached(world, 1));
        Assert.True(Cached(world, 1) is { Writable: true, Dirty: true, Young: true });
        Assert.Equal(1, world.Folio(0, 1).TruthTlbEntries);
        Assert.Equal(1u, world.Mm(0).Tlb.CpuMask);
    }

    [Fact]
    public void A_load_of_fresh_memory_caches_the_zero_page_and_a_store_replaces_that()
    {
        const string Load = "shape pages 1\nsetup read mm0 p0";
        Assert.Equal(PteKind.Zero, Cached(World.After(Load), 0).Kind);
        Assert.Equal(PteKind.Present, Cached(World.After($"{Load}\n write mm0 p0"), 0).Kind);
    }

    [Fact]
    public void A_store_after_a_load_walks_again_to_set_the_dirty_bit()
    {
        // Swapin for a load maps the page writable and clean.
        const string Load = "shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0";
        World loaded = World.After(Load);
        Assert.True(Cached(loaded, 0) is { Writable: true, Dirty: false });
        Assert.False(loaded.Pte(0, 0).Dirty);
        World stored = World.After($"{Load}\n write mm0 p0");
        Assert.True(Cached(stored, 0).Dirty);
        Assert.True(stored.Pte(0, 0).Dirty);
    }

    [Fact]
    public void A_hit_does_not_make_the_entry_young_again_and_another_call_evicts() =>
        Assert.True(World.After("shape pages 1\nsetup write mm0 p0\n drain").Kernel.Tlbs[0].IsEmpty);

    [Fact]
    public void Fork_leaves_no_right_to_write_behind() => Safe(
        "shape mms 2 pages 1\nsetup write mm0 p0\n"
        + "cpu0 write mm0 p0\n write mm0 p0\ncpu1 fork mm0 mm1\n read mm1 p0", 3);

    [Fact]
    public void Copy_on_write_takes_the_old_page_from_all_threads() => Safe(
        "shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n"
        + "cpu0 read mm0 p0\n read mm0 p0\ncpu1 write mm0 p0\ncpu2 write mm1 p0", 2);

    [Theory]
    [InlineData("migrate mm0 p0")]
    [InlineData("compact 1")]
    public void Migration_takes_the_old_page_from_all_threads(string move) => Safe(
        $"shape pages 1\nsetup write mm0 p0\n drain\ncpu0 write mm0 p0\n write mm0 p0\n read mm0 p0\ncpu1 {move}", 3);

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void Reclaim_writes_what_was_stored_while_its_flush_was_put_off(string device) => Safe(
        $"shape pages 1 slots 2 device {device}\nsetup write mm0 p0\n drain\n"
        + "cpu0 write mm0 p0\n write mm0 p0\n read mm0 p0\ncpu1 pageout mm0 p0", 3);

    [Fact]
    public void Dropping_a_page_whose_flush_reclaim_has_put_off_flushes() => Safe(
        "shape pages 1 slots 2\nsetup write mm0 p0\n drain\n"
        + "cpu0 write mm0 p0\n read mm0 p0\ncpu1 pageout mm0 p0\ncpu2 dontneed mm0 p0 1", 2);

    [Fact]
    public void Two_that_drop_one_page_both_return_when_it_is_gone() => Safe(
        "shape pages 1\nsetup write mm0 p0\n"
        + "cpu0 write mm0 p0\n read mm0 p0\ncpu1 dontneed mm0 p0 1\ncpu2 dontneed mm0 p0 1", 2);

    private static Pte Cached(World world, int page) => world.Kernel.Tlbs[0].Find(world.Mm(0), page).Pte;
}
