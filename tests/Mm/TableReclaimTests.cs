using Mm.State;
using Xunit;

namespace Tests.Mm;

public class TableReclaimTests
{
    /// <summary>A page table with something in it, and a neighbour that stays.</summary>
    private const string Filled = "shape mms 2 pages 8 slots 4 thp pmd\nsetup "
        + "write mm0 p0\n write mm0 p4\n dontneed mm0 p0 1\n dontneed mm0 p4 1\n";

    [Fact]
    public void A_table_that_madvise_has_emptied_goes_and_the_next_store_gets_a_thp()
    {
        World world = World.After($"{Filled} dontneed mm0 p0 4");
        Assert.True(world.Mm(0).Table(0).Pmd.IsNone);
        Assert.Equal(PmdKind.Table, world.Mm(0).Table(4).Pmd.Kind);
        Assert.Equal(PmdKind.Huge, World.After($"{Filled} dontneed mm0 p0 4\n write mm0 p1").Mm(0).Table(0).Pmd.Kind);
    }

    [Theory]
    [InlineData("dontneed mm0 p1 3")]
    [InlineData("dontneed mm0 p0 3\n free mm0 p3 1")]
    public void A_table_of_which_only_a_part_is_zapped_stays_although_it_is_empty(string calls) =>
        Assert.Equal(PmdKind.Table, World.After($"{Filled} {calls}").Mm(0).Table(0).Pmd.Kind);

    [Fact]
    public void It_stayed_before_pages_tables_were_reclaimed() => Assert.Equal(
        PmdKind.Table, World.After($"{Filled} dontneed mm0 p0 4", "empty-tables-stay").Mm(0).Table(0).Pmd.Kind);

    [Fact]
    public void Swap_entries_go_with_their_table()
    {
        World world = World.After($"{Filled} pageout mm0 p1\n dontneed mm0 p0 4");
        Assert.True(world.Mm(0).Table(0).Pmd.IsNone);
        Assert.Equal((0, 0), (world.Swap.InUse(), world.Mm(0).SwapEntries));
    }

    [Theory]
    [InlineData("dontneed mm0 p0 4\n read mm0 p0")]
    [InlineData("dontneed mm0 p0 4\n write mm0 p1")]
    [InlineData("dontneed mm0 p0 4\n pin mm0 p0")]
    public void A_zap_whose_table_another_zap_has_freed_looks_what_is_there_now(string other) => Races.Safe(
        $"shape mms 1 pages 4 slots 1 thp pmd\nsetup read mm0 p0\n pageout mm0 p0\n"
        + $"cpu0 dontneed mm0 p0 4\ncpu1 {other}",
        preemptions: 2);
}
