using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MadviseColdTests
{
    private const string Huge = "shape mms 2 pages 4 slots 4 thp pmd\nsetup write mm0 p0\n write mm0 p1\n";

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

    [Fact]
    public void A_part_of_a_large_folio_is_split_off_and_all_of_one_is_not()
    {
        Assert.False(World.After($"{Huge} cold mm0 p1 1").Folio(0, 1).IsLarge);
        World world = World.After($"{Huge} cold mm0 p0 4");
        Assert.True(world.Folio(0, 0).IsLarge);
        Assert.False(world.Mm(0).Table(0).Pmd.Young);
        Assert.True(world.Mm(0).Table(0).Pmd is { Kind: PmdKind.Huge, Dirty: true, Writable: true });
    }

    [Fact]
    public void A_shared_large_folio_is_neither_split_nor_made_old()
    {
        World world = World.After($"{Huge} fork mm0 mm1\n cold mm0 p1 1");
        Assert.True(world.Folio(0, 1).IsLarge);
        Assert.True(world.Mm(0).Table(0).Pmd is { Kind: PmdKind.Huge, Young: true });
    }

    [Theory]
    [InlineData("split mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("migrate mm0 p0")]
    [InlineData("dontneed mm0 p1 1")]
    public void Cooling_a_large_folio_is_safe(string other) =>
        Safe($"{Huge}cpu0 {other}\ncpu1 cold mm0 p0 4\n cold mm0 p2 1", preemptions: 2);

    [Fact]
    public void A_folio_that_a_pmd_entry_maps_gets_old_as_a_whole()
    {
        World world = World.After($"{Huge} cold mm0 p0 4");
        Assert.True(world.Folio(0, 0).IsLarge);
        Assert.Equal(PmdKind.Huge, world.Mm(0).Table(0).Pmd.Kind);
        Assert.False(world.Mm(0).Table(0).Pmd.Young);
    }

    [Theory]
    [InlineData("age 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("free mm0 p0 1")]
    [InlineData("migrate mm0 p0")]
    public void Deactivation_is_safe(string other) =>
        Safe($"{Active}\ncpu0 {other}\ncpu1 cold mm0 p0 1\n drain", preemptions: 2);
}
