using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class PageGetTests
{
    [Fact]
    public void A_reference_is_one_and_goes_when_the_pipe_is_read()
    {
        World before = World.After("shape pages 1\nsetup write mm0 p0");
        World during = World.After("shape pages 1\nsetup write mm0 p0\n getpage mm0 p0");
        World after = World.After("shape pages 1\nsetup write mm0 p0\n getpage mm0 p0\n putpage mm0 p0");
        Assert.Equal(before.Folio(0, 0).Refcount + 1, during.Folio(0, 0).Refcount);
        Assert.Equal(before.Folio(0, 0).Refcount, after.Folio(0, 0).Refcount);
        Assert.False(World.After("shape pages 1\nsetup write mm0 p0\n putpage mm0 p0").Effective[^1]);
    }

    [Fact]
    public void It_faults_the_page_in_but_takes_no_zero_page()
    {
        World world = World.After("shape pages 2 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n getpage mm0 p0\n"
            + " getpage mm0 p1");
        Assert.Equal(1, world.Folio(0, 0).TruthHolders(Holder.Get));
        Assert.False(world.Effective[^1]);
    }

    [Fact]
    public void A_store_of_the_owner_after_fork_copies_what_the_pipe_of_the_child_has()
    {
        World world = World.After(
            "shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n getpage mm1 p0\n munmap mm1 p0 1\n"
            + " write mm0 p0\n putpage mm1 p0");
        Assert.All(world.Effective, Assert.True);
    }

    [Fact]
    public void A_reference_that_races_with_fork_and_stores_sees_no_store_of_the_parent() => Safe(
        "shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n"
        + "cpu0 getpage mm1 p0\n munmap mm1 p0 1\n putpage mm1 p0\ncpu1 write mm0 p0\n", 2);

    [Fact]
    public void A_rule_that_counts_mappings_only_shows_the_child_what_its_parent_stores() => Fails(
        "shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n getpage mm1 p0\n munmap mm1 p0 1\n"
        + "cpu0 write mm0 p0\n putpage mm1 p0\n",
        with: "wp-reuse-by-mapcount", law: "spliced-page: ");
}
