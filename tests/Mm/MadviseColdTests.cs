using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MadviseColdTests
{
    private const string Active = "shape pages 1 slots 3\nsetup write mm0 p0\n reclaim 1\n read mm0 p0\n reclaim 1";

    [Fact]
    public void A_cold_page_is_old_and_inactive_once_the_batch_is_drained()
    {
        Assert.Equal(1, World.After(Active).Kernel.Lruvec.Active.Count);
        World world = World.After($"{Active}\n cold mm0 p0 1\n drain");
        Assert.Equal((0, 1), (world.Kernel.Lruvec.Active.Count, world.Kernel.Lruvec.Inactive.Count));
        Assert.False(world.Pte(0, 0).Young);
        Assert.False(world.Folio(0, 0).Has(PageFlag.Referenced));
    }

    [Fact]
    public void A_shared_page_stays_as_it_is() =>
        Assert.Equal(
            1,
            World.After($"{Active.Replace("shape", "shape mms 2", StringComparison.Ordinal)}\n fork mm0 mm1\n"
                + " cold mm0 p0 1\n drain").Kernel.Lruvec.Active.Count);

    [Fact]
    public void Cold_where_nothing_is_mapped_is_a_no_op() =>
        Assert.Equal([true, false], World.After("shape pages 1\nsetup munmap mm0 p0 1\n cold mm0 p0 1").Effective);

    [Theory]
    [InlineData("age 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("free mm0 p0 1")]
    [InlineData("migrate mm0 p0")]
    public void Deactivation_is_safe(string other) =>
        Safe($"{Active}\ncpu0 {other}\ncpu1 cold mm0 p0 1\n drain", preemptions: 2);
}
