using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MlockTests
{
    private const PageFlag Locked = PageFlag.Lru | PageFlag.Unevictable | PageFlag.Mlocked;

    private const string Page = "shape pages 1 slots 3\nsetup write mm0 p0";

    private const string Two = "shape mms 3 pages 1 slots 3\nsetup write mm0 p0\n fork mm0 mm1";

    [Fact]
    public void A_page_that_one_vma_lets_go_and_the_next_one_locks_is_locked()
    {
        World world = World.After(
            "shape pages 2\nsetup mapshared mm0 p1 f0 i0\n mapprivate mm0 p0 f0 i0\n read mm0 p0\n drain\n "
            + "mlock mm0 p0 2\n drain");
        Assert.NotSame(world.Folio(0, 0), world.Folio(0, 1));
        Assert.True(world.Folio(0, 1).Has(PageFlag.Mlocked | PageFlag.Unevictable));
    }

    [Fact]
    public void A_locked_page_leaves_its_list_and_is_counted()
    {
        World world = World.After($"{Page}\n mlock mm0 p0 1");
        Assert.True(world.Folio(0, 0).Has(Locked));
        Assert.Equal((1, 1), (world.Folio(0, 0).TruthMlockCount, world.Kernel.Lruvec.MlockedPages));
        Assert.Equal((0, 1), (world.Kernel.Lruvec.Inactive.Count, world.Kernel.Lruvec.UnevictablePages));
        Assert.True(world.Mm(0).Vmas[0].CountsMlock);
    }

    [Fact]
    public void A_page_that_is_faulted_in_because_it_is_locked_is_new()
    {
        World world = World.After("shape pages 2\nsetup mlock mm0 p0 2\n drain");
        Assert.True(world.Folio(0, 0).Has(Locked));
        Assert.True(world.Pte(0, 1).Writable);
        Assert.Equal((1, 2), (world.Folio(0, 1).TruthMlockCount, world.Kernel.Lruvec.MlockedPages));
    }

    [Fact]
    public void What_lies_before_a_hole_is_locked_but_not_brought_in()
    {
        // do_mlock returns before __mm_populate when apply_vma_lock_flags has met a hole.
        World world = World.After("shape pages 2\nsetup munmap mm0 p1 1\n mlock mm0 p0 2");
        Assert.True(world.Mm(0).Vmas[0].IsLocked);
        Assert.True(world.Pte(0, 0).IsNone);
        world = World.After("shape pages 2\nsetup write mm0 p0\n munmap mm0 p1 1\n mlock mm0 p0 2");
        Assert.True(world.Folio(0, 0).Has(Locked));
        world = World.After(
            "shape pages 2 slots 1\nsetup write mm0 p0\n pageout mm0 p0\n munmap mm0 p1 1\n mlock mm0 p0 2");
        Assert.True(world.Pte(0, 0).IsSwap);
    }

    [Fact]
    public void What_might_be_written_to_is_dirty_once_it_is_locked()
    {
        const string ReadBack = "shape pages 1 slots 3 device sync\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0";
        World world = World.After(ReadBack);
        Assert.True(world.Pte(0, 0) is { Writable: true, Dirty: false });
        Assert.False(world.Folio(0, 0).Has(PageFlag.Dirty));
        Assert.True(World.After($"{ReadBack}\n mlock mm0 p0 1").Folio(0, 0).Has(PageFlag.Dirty));
    }

    [Fact]
    public void Nothing_is_brought_in_behind_a_page_that_cannot_be()
    {
        World world = World.After(
            "shape pages 2 filepages 1\nsetup mapshared mm0 p0 f0 i0\n truncate f0 0\n mlock mm0 p0 2");
        Assert.True(world.Mm(0).FindVma(1)!.IsLocked);
        Assert.True(world.Pte(0, 1).IsNone);
    }

    [Fact]
    public void A_page_that_is_unlocked_goes_back_to_its_list()
    {
        World world = World.After($"{Page}\n mlock mm0 p0 1\n munlock mm0 p0 1");
        Assert.Equal(PageFlag.Lru, world.Folio(0, 0).Flags & (Locked | PageFlag.Active));
        Assert.Equal((1, 0), (world.Kernel.Lruvec.Inactive.Count, world.Kernel.Lruvec.UnevictablePages));
        Assert.Equal(0, world.Kernel.Lruvec.MlockedPages);
    }

    [Fact]
    public void What_two_processes_have_locked_stays_until_both_have_unlocked_it()
    {
        const string Both = "shape mms 2 pages 1 slots 3\nsetup mapshared mm0 p0 f0 i0\n write mm0 p0\n"
            + " fork mm0 mm1\n mlock mm0 p0 1\n mlock mm1 p0 1\n drain";
        World world = World.After(Both);
        Assert.Equal((2, 1), (world.Folio(0, 0).TruthMlockCount, world.Kernel.Lruvec.MlockedPages));
        world = World.After($"{Both}\n munlock mm0 p0 1");
        Assert.True(world.Folio(1, 0).Has(Locked));
        Assert.Equal(1, world.Folio(1, 0).TruthMlockCount);
        world = World.After($"{Both}\n munlock mm0 p0 1\n exit mm1\n drain");
        Assert.False(world.Folio(0, 0).Has(PageFlag.Mlocked));
    }

    [Fact]
    public void A_child_has_not_locked_what_its_parent_has()
    {
        World world = World.After($"{Page.Replace("shape", "shape mms 2", StringComparison.Ordinal)}\n mlock mm0 p0 1\n"
            + " fork mm0 mm1");
        Assert.Equal((true, false), (world.Mm(0).Vmas[0].IsLocked, world.Mm(1).Vmas[0].IsLocked));
        Assert.Equal(1, world.Folio(1, 0).TruthMlockCount);
    }

    [Fact]
    public void Only_part_of_a_vma_is_locked_and_it_becomes_one_again()
    {
        Assert.Equal(2, World.After("shape pages 2\nsetup write mm0 p0\n mlock mm0 p1 1").Mm(0).Vmas.Count);
        Assert.Single(World.After("shape pages 2\nsetup write mm0 p0\n mlock mm0 p1 1\n munlock mm0 p0 2").Mm(0).Vmas);
    }

    [Theory]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("free mm0 p0 1")]
    [InlineData("cold mm0 p0 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("mlock mm0 p0 1")]
    public void A_locked_vma_refuses(string call) =>
        Assert.False(World.After($"{Page}\n mlock mm0 p0 1\n {call}").Effective[^1]);

    [Fact]
    public void Reclaim_does_not_find_a_locked_page() => Assert.Equal(
        PteKind.Present, World.After($"{Page}\n mlock mm0 p0 1\n reclaim 4\n age 4\n reclaim 4").Pte(0, 0).Kind);

    [Fact]
    public void Reclaim_locks_what_was_swapped_in_after_it_was_locked()
    {
        const string Swapped = "shape pages 1 slots 3 device sync\nsetup write mm0 p0\n pageout mm0 p0\n"
            + " mlock mm0 p0 1\n drain";
        World world = World.After(Swapped);
        Assert.False(world.Folio(0, 0).Has(PageFlag.Mlocked));
        world = World.After($"{Swapped}\n reclaim 4\n drain");
        Assert.True(world.Folio(0, 0).Has(Locked));
        Assert.Equal(1, world.Folio(0, 0).TruthMlockCount);
        Assert.Equal(PteKind.Present, World.After($"{Swapped}\n reclaim 4\n drain\n reclaim 4").Pte(0, 0).Kind);
    }

    [Fact]
    public void A_locked_page_that_migrates_is_counted_again()
    {
        World world = World.After($"{Page}\n mlock mm0 p0 1\n migrate mm0 p0");
        Assert.True(world.Folio(0, 0).Has(Locked));
        Assert.Equal((1, 1), (world.Folio(0, 0).TruthMlockCount, world.Kernel.Lruvec.MlockedPages));
        world = World.After($"{Page}\n mlock mm0 p0 1\n compact 1\n munlock mm0 p0 1");
        Assert.Equal(1, world.Kernel.Lruvec.Inactive.Count);
    }

    [Fact]
    public void The_lock_moves_with_the_vma() =>
        Assert.True(World.After("shape pages 3\nsetup write mm0 p0\n mlock mm0 p0 1\n munmap mm0 p2 1\n"
            + " mremap mm0 p0 p2 1").Mm(0).FindVma(2)!.IsLocked);

    [Fact]
    public void A_large_folio_is_locked_as_a_whole_and_its_parts_after_a_split()
    {
        const string Large = "shape pages 4 thp pmd\nsetup write mm0 p0\n drain\n mlock mm0 p0 4";
        World world = World.After(Large);
        Assert.Equal((4, 1), (world.Kernel.Lruvec.MlockedPages, world.Folio(0, 0).TruthMlockCount));
        world = World.After($"{Large}\n split mm0 p0");
        Assert.Equal(4, world.Kernel.Lruvec.UnevictablePages);
        Assert.True(world.Folio(0, 3).Has(Locked));
    }

    [Fact]
    public void Part_of_a_large_folio_is_not_locked() => Assert.Equal(
        0,
        World.After("shape pages 4 thp pmd\nsetup write mm0 p0\n drain\n mlock mm0 p0 2").Kernel.Lruvec.MlockedPages);

    [Fact]
    public void A_poisoned_page_is_unlocked()
    {
        World world = World.After($"{Page}\n mlock mm0 p0 1\n poison mm0 p0");
        Assert.Equal(PteKind.HwPoison, world.Pte(0, 0).Kind);
        Assert.Equal(0, world.Kernel.Lruvec.MlockedPages);
    }

    [Fact]
    public void Reclaim_that_does_not_ask_for_the_flag_swaps_out_what_is_locked() => Fails(
        $"{Page}\n drain\ncpu0 mlock mm0 p0 1\ncpu1 reclaim 1\n reclaim 1", "unmap-ignores-mlock", "rest-resident");

    [Fact]
    public void A_munlock_that_counts_what_somebody_else_has_taken_breaks_his_list() => Fails(
        $"{Page}\n mlock mm0 p0 1\ncpu0 munlock mm0 p0 1\ncpu1 compact 1", "munlock-counts-anywhere", "mlock-count");

    [Theory]
    [InlineData("write mm0 p0\n drain")]
    [InlineData("migrate mm0 p0")]
    [InlineData("reclaim 1")]
    [InlineData("compact 1")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("fork mm0 mm2")]
    public void Locking_is_safe(string other) =>
        Safe($"{Two}\n drain\ncpu0 mlock mm0 p0 1\ncpu1 {other}", preemptions: 2);
}
