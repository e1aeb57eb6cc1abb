using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

/// <summary>Which VMAs become one, and whose anon_vma that has.</summary>
public class VmaMergeTests
{
    [Fact]
    public void A_new_mapping_makes_its_faulted_neighbour_larger_so_that_fork_copies_its_zero_page()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n munmap mm0 p1 1\n map mm0 p1 1\n read mm0 p1\n fork mm0 mm1");
        Vma vma = Assert.Single(world.Mm(0).Vmas);
        Assert.Single(vma.Chain);
        Assert.Equal(PteKind.Zero, world.Pte(1, 1).Kind);
    }

    [Fact]
    public void A_mapping_that_was_forked_is_no_neighbour_for_a_new_one()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n fork mm0 mm1\n write mm1 p0\n munmap mm1 p1 1\n map mm1 p1 1");
        Assert.Equal(2, world.Mm(1).Vmas.Count);
    }

    [Fact]
    public void A_hole_that_is_filled_makes_one_of_both_neighbours() =>
        Assert.Single(World.After("shape pages 3\nsetup write mm0 p0\n munmap mm0 p1 1\n map mm0 p1 1").Mm(0).Vmas);

    [Fact]
    public void Two_neighbours_with_anon_vmas_of_their_own_stay_apart()
    {
        World world = World.After(
            "shape pages 3\nsetup munmap mm0 p1 1\n write mm0 p0\n write mm0 p2\n map mm0 p1 1");
        Assert.Equal(2, world.Mm(0).Vmas.Count);
        Assert.NotNull(world.Mm(0).FindVma(1)!.AnonVma);
    }

    [Fact]
    public void Pages_that_move_beside_unfaulted_memory_bring_their_anon_vma_along()
    {
        World world = World.After(
            "shape pages 3\nsetup write mm0 p0\n mremap mm0 p0 p2 1\n munmap mm0 p0 2\n map mm0 p0 2\n"
            + " mremap mm0 p2 p0 1\n migrate mm0 p0");
        Assert.Equal([true, true, true, true, true, true], world.Effective);
        Vma vma = Assert.Single(world.Mm(0).Vmas);
        Assert.Equal(world.Folio(0, 0).Mapping, vma.AnonVma);
    }

    [Fact]
    public void Unfaulted_memory_that_moves_by_its_own_end_stays_one_mapping()
    {
        World world = World.After("shape pages 3\nsetup munmap mm0 p2 1\n mremap mm0 p0 p2 1");
        Vma vma = Assert.Single(world.Mm(0).Vmas);
        Assert.Equal((1, 3, 1), (vma.Start, vma.End, vma.Offset));
    }

    [Fact]
    public void A_mapping_of_a_file_goes_on_where_the_last_one_ends()
    {
        World world = World.After(
            "shape pages 3 files 1 filepages 3\nsetup mapshared mm0 p0 f0 i0\n mapshared mm0 p1 f0 i1");
        Assert.Single(world.Mm(0).Vmas);
    }

    [Theory]
    [InlineData("migrate mm0 p2")]
    [InlineData("compact 1")]
    [InlineData("pageout mm0 p2")]
    [InlineData("write mm0 p1")]
    [InlineData("read mm0 p0")]
    [InlineData("dontneed mm0 p1 1")]
    public void Merging_is_safe_beside(string other) =>
        Safe(
            "shape pages 3 slots 2\nsetup write mm0 p0\n drain\n mremap mm0 p0 p2 1\n munmap mm0 p0 2\n map mm0 p0 2\n"
            + $"cpu0 mremap mm0 p2 p0 1\ncpu1 {other}",
            preemptions: 2);
}
