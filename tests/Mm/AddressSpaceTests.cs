using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class AddressSpaceTests
{
    [Fact]
    public void Munmap_of_the_middle_splits_the_mapping_in_two_with_one_anon_vma()
    {
        World world = World.After("shape pages 3\nsetup write mm0 p0\n write mm0 p2\n munmap mm0 p1 1");
        Vma low = world.Mm(0).FindVma(0)!;
        Vma high = world.Mm(0).FindVma(2)!;
        Assert.NotSame(low, high);
        Assert.Null(world.Mm(0).FindVma(1));
        Assert.Same(low.AnonVma, high.AnonVma);
        Assert.Equal(2, low.AnonVma!.ActiveVmas);
        Assert.Equal(2, low.AnonVma.Tree.Count);
        Assert.Equal(2, world.Mm(0).AnonPages);
    }

    [Theory]
    [InlineData("dontneed", true)]
    [InlineData("free", true)]
    [InlineData("dontneed", false)]
    [InlineData("free", false)]
    public void Advice_goes_by_address_and_ends_at_memory_that_is_locked(string advice, bool lockedFirst)
    {
        // The part that mlock splits off is the younger mapping, wherever it lies (madvise_walk_vmas).
        string locked = lockedFirst ? "p0" : "p1";
        World world = World.After(
            $"shape pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n mlock mm0 {locked} 1\n drain\n"
            + $" {advice} mm0 p0 2\n drain");
        bool wasDone = advice == "dontneed"
            ? world.Pte(0, 0).IsNone
            : world.Pte(0, 0).IsPresent && !world.Pte(0, 0).Dirty;
        Assert.Equal(!lockedFirst, wasDone);
        Assert.True(world.Pte(0, 1) is { IsPresent: true, Dirty: true });
    }

    [Theory]
    [InlineData("p0 1", 1, 3)]
    [InlineData("p2 1", 0, 2)]
    public void Munmap_of_an_end_shortens_the_mapping(string range, int start, int end)
    {
        World world = World.After($"shape pages 3\nsetup write mm0 p1\n munmap mm0 {range}");
        Vma only = Assert.Single(world.Mm(0).Vmas);
        Assert.Equal((start, end), (only.Start, only.End));
        Assert.Same(only, Assert.Single(only.AnonVma!.Tree).Vma);
    }

    [Fact]
    public void Munmap_of_everything_frees_pages_slots_and_the_anon_vma()
    {
        World world = World.After(
            "shape pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p1\n munmap mm0 p0 2\n drain");
        Assert.Empty(world.Mm(0).Vmas);
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(0, world.AnonVmasInUse);
        Assert.Equal((0, 0), (world.Mm(0).AnonPages, world.Mm(0).SwapEntries));
    }

    [Fact]
    public void Map_fills_holes_only()
    {
        World world = World.After("shape pages 4\nsetup munmap mm0 p1 2\n map mm0 p0 4\n map mm0 p0 4");
        Assert.Equal([true, true, false], world.Effective);
        Vma vma = Assert.Single(world.Mm(0).Vmas);
        Assert.Equal((0, 4), (vma.Start, vma.End));
    }

    [Fact]
    public void Fresh_memory_where_old_memory_was_is_empty_and_shares_an_anon_vma_with_what_is_beside_it()
    {
        const string Program = "shape pages 2\nsetup write mm0 p0\n write mm0 p1\n munmap mm0 p1 1\n map mm0 p1 1";
        Assert.True(World.After(Program).Pte(0, 1).IsNone);
        World world = World.After($"{Program}\n write mm0 p1");
        Assert.Same(world.Mm(0).FindVma(0)!.AnonVma, world.Mm(0).FindVma(1)!.AnonVma);
        Assert.Same(world.Mm(0).FindVma(1)!.AnonVma, world.Folio(0, 1).Mapping);
    }

    [Fact]
    public void Exit_leaves_no_folio_no_slot_and_no_anon_vma()
    {
        World world = World.After(
            "shape mms 2 pages 3 slots 2\nsetup write mm0 p0\n write mm0 p1\n read mm0 p2\n pageout mm0 p1\n"
            + " fork mm0 mm1\n write mm1 p0\n exit mm0\n exit mm1\n drain\n reclaim 4");
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(0, world.AnonVmasInUse);
        Assert.False(world.Mm(0).Alive || world.Mm(1).Alive);
        Assert.False(world.Mm(0).OnMmlist || world.Mm(1).OnMmlist);
    }

    [Fact]
    public void The_exit_of_a_parent_leaves_the_child_its_pages()
    {
        World world = World.After(
            "shape mms 2 pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p1\n fork mm0 mm1\n"
            + " exit mm0");
        Assert.Equal(1, world.Folio(1, 0).Mapcount);
        Assert.Equal(1, world.Swap.Count(world.Pte(1, 1).Target));
        Assert.False(world.Folio(1, 0).Mapping!.Freed);
    }

    [Fact]
    public void A_process_exits_once() =>
        Assert.Equal(
            [true, false, false], World.After("shape pages 1\nsetup exit mm0\n exit mm0\n read mm0 p0").Effective);

    [Fact]
    public void The_number_of_a_process_that_is_gone_can_be_taken_again()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n exit mm0\n fork mm1 mm0");
        Assert.True(world.Mm(0).Alive);
        Assert.Same(world.Folio(1, 0), world.Folio(0, 0));
    }

    [Theory]
    [InlineData("munmap mm0 p0 2")]
    [InlineData("write mm0 p0")]
    [InlineData("read mm0 p1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("migrate mm0 p0")]
    [InlineData("pageout mm0 p0")]
    [InlineData("reclaim 1")]
    [InlineData("pin mm0 p0")]
    [InlineData("compact 1")]
    public void Munmap_is_safe(string other) =>
        Safe(
            "shape mms 2 pages 2 slots 2\nsetup write mm0 p0\n write mm0 p1\n pageout mm0 p1\n reclaim 1\n"
            + $"cpu0 {other}\ncpu1 munmap mm0 p0 1",
            preemptions: other.StartsWith("fork", StringComparison.Ordinal) ? 1 : 2);

    [Theory]
    [InlineData("exit mm0")]
    [InlineData("exit mm1")]
    [InlineData("write mm0 p0")]
    [InlineData("write mm1 p0")]
    [InlineData("fork mm1 mm2")]
    [InlineData("migrate mm1 p0")]
    [InlineData("reclaim 1")]
    [InlineData("compact 1")]
    [InlineData("pin mm0 p0")]
    public void Exit_is_safe(string other) =>
        Safe(
            "shape mms 3 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n reclaim 1\n"
            + $"cpu0 {other}\ncpu1 exit mm0",
            preemptions: 2);

    [Fact]
    public void Map_and_munmap_are_safe() =>
        Safe(
            "shape pages 2\nsetup write mm0 p0\ncpu0 munmap mm0 p0 1; map mm0 p0 1\ncpu1 write mm0 p0; map mm0 p0 2",
            preemptions: 1);
}
