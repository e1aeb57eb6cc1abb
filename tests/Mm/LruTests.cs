using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class LruTests
{
    private static IEnumerable<Folio> Listed(FolioList list)
    {
        for (Folio? folio = list.First; folio is not null; folio = folio.Next)
        {
            yield return folio;
        }
    }

    [Fact]
    public void A_new_folio_waits_in_a_batch()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0");
        Assert.Equal([world.Folio(0, 0)], world.Kernel.Lruvec.Batches[0].Folios);
        Assert.False(world.Folio(0, 0).Has(PageFlag.Lru));
        Assert.Equal(2, world.Folio(0, 0).Refcount);
    }

    [Fact]
    public void A_drain_moves_it_to_the_inactive_list_and_drops_the_batch_reference()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0\n drain\n drain");
        Assert.Equal([true, true, false], world.Effective);
        Assert.Same(world.Folio(0, 0), world.Kernel.Lruvec.Inactive.First);
        Assert.True(world.Folio(0, 0).Has(PageFlag.Lru));
        Assert.Equal(1, world.Folio(0, 0).Refcount);
    }

    [Fact]
    public void A_drain_frees_what_only_the_batch_still_holds()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0\n exit mm0\n drain");
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Kernel.Lruvec.Inactive.Count);
    }

    [Fact]
    public void The_newest_folio_is_at_the_head()
    {
        World world = World.After("shape pages 2\nsetup write mm0 p0\n write mm0 p1\n drain");
        Assert.Same(world.Folio(0, 1), world.Kernel.Lruvec.Inactive.First);
        Assert.Same(world.Folio(0, 0), world.Kernel.Lruvec.Inactive.Last);
    }

    [Fact]
    public void A_folio_that_could_not_be_reclaimed_is_put_back()
    {
        World world = World.After("shape pages 1 slots 2\nsetup write mm0 p0\n pin mm0 p0\n pageout mm0 p0\n drain");
        Assert.True(world.Folio(0, 0).Has(PageFlag.Lru));
        Assert.Equal(0, world.Folio(0, 0).TruthHolders(Holder.Isolation));
    }

    [Fact]
    public void What_reclaim_has_met_dirty_is_the_next_to_go_once_it_is_written()
    {
        const string Dirty = "shape pages 2 filetype disk filepages 2\nsetup mapshared mm0 p0 f0 i0\n write mm0 p0\n "
            + "write mm0 p1\n drain\n pageout mm0 p0\n pageout mm0 p1\n drain\n ";
        World before = World.After(Dirty);
        Assert.Equal(2, before.Kernel.Lruvec.ActiveFile.Count);
        World world = World.After(Dirty + "writeback f0\n drain");
        Assert.Equal((0, 2), (world.Kernel.Lruvec.ActiveFile.Count, world.Kernel.Lruvec.InactiveFile.Count));
        Assert.Equal(1, world.Kernel.Lruvec.InactiveFile.Last?.Index);
        World again = World.After(Dirty + "write mm0 p0\n writeback f0\n drain");
        Assert.Same(again.Folio(0, 0), Assert.Single(Listed(again.Kernel.Lruvec.ActiveFile)));
    }

    [Theory]
    [InlineData("reclaim 1")]
    [InlineData("compact 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("exit mm0")]
    public void A_drain_is_safe(string other) =>
        Safe(
            $"shape pages 2 slots 2\nsetup write mm0 p0\n drain\n write mm0 p1\ncpu0 drain\ncpu1 {other}",
            preemptions: 3);

    [Theory]
    [InlineData("compact 1")]
    [InlineData("reclaim 1")]
    [InlineData("migrate mm0 p0")]
    public void A_drain_of_the_folio_that_somebody_isolates_is_safe(string other) =>
        Safe(
            $"shape pages 1 slots 2\nsetup write mm0 p0\ncpu0 drain; drain\ncpu1 read mm0 p0; {other}", preemptions: 2);

    [Theory]
    [InlineData("compact 1", "compact 1")]
    [InlineData("reclaim 1", "compact 1")]
    [InlineData("reclaim 2", "dontneed mm0 p0 2")]
    [InlineData("reclaim 1", "exit mm0")]
    public void Isolation_is_safe(string first, string second) =>
        Safe(
            $"shape pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n drain\ncpu0 {first}\ncpu1 {second}",
            preemptions: 2);

    [Fact]
    public void A_plain_store_of_the_flags_word_takes_a_folio_off_the_lru_that_was_just_put_there() =>
        Fails(
            "shape pages 1 slots 1\nsetup write mm0 p0\n pageout mm0 p0\n reclaim 1\n"
            + "cpu0 read mm0 p0\ncpu1 read mm0 p0",
            with: "non-atomic-swapbacked", law: "flags-word: PG_lru lost");

    [Fact]
    public void A_plain_store_of_the_flags_word_undoes_an_isolation() =>
        Fails(
            "shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n reclaim 1\n readahead mm0 p0\n"
            + "cpu0 swapoff\ncpu1 compact 1",
            with: "non-atomic-swapbacked", law: "flags-word: PG_lru resurrected");
}
