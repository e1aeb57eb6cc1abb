using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MadviseForkTests
{
    [Fact]
    public void A_child_lacks_what_is_left_out_and_the_parent_keeps_it_exclusive()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n write mm0 p1\n dontfork mm0 p1 1\n fork mm0 mm1");
        Assert.Null(world.Mm(1).FindVma(1));
        Assert.True(world.Pte(1, 1).IsNone);
        Assert.True(world.Pte(0, 1).Writable);
        Assert.True(world.Folio(0, 1).Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void Taking_it_in_again_merges_the_vmas()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n dontfork mm0 p1 1\n dofork mm0 p1 1\n fork mm0 mm1");
        Assert.Single(world.Mm(0).Vmas);
        Assert.Single(world.Mm(1).Vmas);
    }

    [Fact]
    public void Swap_entries_of_one_folio_can_be_shared_in_part()
    {
        World world = World.After(
            "shape mms 2 pages 2 slots 3\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p0\n pageout mm0 p1\n"
            + " dontfork mm0 p0 1\n fork mm0 mm1\n dofork mm0 p0 1");
        Assert.Equal((true, false), (world.Pte(0, 0).Exclusive, world.Pte(0, 1).Exclusive));
        Assert.Single(world.Mm(0).Vmas);
    }

    [Fact]
    public void Dofork_of_what_was_never_left_out_is_a_no_op() =>
        Assert.Equal([false], World.After("shape pages 1\nsetup dofork mm0 p0 1").Effective);

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("pageout mm0 p1")]
    [InlineData("migrate mm0 p1")]
    [InlineData("munmap mm0 p0 2")]
    public void Splitting_and_merging_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n drain\ncpu0 {other}\n"
            + "cpu1 dontfork mm0 p1 1\n dofork mm0 p1 1",
            preemptions: 2);
}
