using Mm.State;
using Xunit;

namespace Tests.Mm;

/// <summary>What folios and swap slots are charged to.</summary>
public class MemcgTests
{
    private const string Shape = "shape mms 2 pages 2 slots 4 device sync memcgs 3\n";

    [Fact]
    public void A_page_is_charged_to_the_memcg_of_the_process_that_faults_it_in()
    {
        World world = World.After(Shape + "setup attach mm0 memcg1\n write mm0 p0");
        Memcg memcg = world.Kernel.Memcgs[1];
        Assert.Same(memcg, world.Folio(0, 0).Memcg);
        Assert.Equal((1, 1), (memcg.Usage, memcg.AnonMapped));
        Assert.Equal((1, 0), (world.Kernel.Memcgs.Root.Usage, world.Kernel.Memcgs.Root.AnonMapped));
    }

    [Fact]
    public void A_page_stays_charged_where_it_was_when_its_process_moves()
    {
        World world = World.After(Shape + "setup write mm0 p0\n attach mm0 memcg2\n write mm0 p1");
        Assert.Same(world.Kernel.Memcgs.Root, world.Folio(0, 0).Memcg);
        Assert.Same(world.Kernel.Memcgs[2], world.Folio(0, 1).Memcg);
        Assert.Equal((2, 1), (world.Kernel.Memcgs.Root.Usage, world.Kernel.Memcgs.Root.AnonMapped));
    }

    [Fact]
    public void A_copy_is_charged_to_the_process_that_writes_and_the_last_unmap_ends_the_statistics()
    {
        World world = World.After(
            Shape + "setup write mm0 p0\n fork mm0 mm1\n attach mm1 memcg1\n write mm1 p0\n dontneed mm0 p0 1");
        Assert.Same(world.Kernel.Memcgs[1], world.Folio(1, 0).Memcg);
        Assert.Equal((1, 0), (world.Kernel.Memcgs.Root.Usage, world.Kernel.Memcgs.Root.AnonMapped));
        Assert.Equal(1, world.Kernel.Memcgs[1].AnonMapped);
    }

    [Fact]
    public void A_child_starts_in_the_memcg_of_its_parent()
    {
        World world = World.After(Shape + "setup attach mm0 memcg1\n write mm0 p0\n fork mm0 mm1");
        Assert.Same(world.Kernel.Memcgs[1], world.Mm(1).Memcg);
        Assert.Equal(1, world.Kernel.Memcgs[1].AnonMapped);
    }

    [Fact]
    public void A_slot_is_charged_to_the_memcg_of_the_folio_and_the_folio_that_comes_back_to_that_of_the_slot()
    {
        World world = World.After(Shape + "setup attach mm0 memcg1\n write mm0 p0\n pageout mm0 p0");
        Memcg memcg = world.Kernel.Memcgs[1];
        Assert.Same(memcg, world.Swap.Record(world.Pte(0, 0).Target));
        Assert.Equal((0, 1, 1), (memcg.Usage, memcg.SwapUsage, world.Kernel.Memcgs.Root.SwapUsage));

        world = World.After(
            Shape + "setup attach mm0 memcg1\n write mm0 p0\n pageout mm0 p0\n attach mm0 memcg2\n write mm0 p0");
        Assert.Same(world.Kernel.Memcgs[1], world.Folio(0, 0).Memcg);
    }

    [Fact]
    public void A_slot_of_a_memcg_that_is_gone_comes_back_to_the_memcg_of_the_process()
    {
        World world = World.After(
            Shape + "setup attach mm0 memcg1\n write mm0 p0\n pageout mm0 p0\n attach mm0 memcg2\n offline memcg1\n"
            + " read mm0 p0");
        Assert.True(world.Effective[4]);
        Assert.Same(world.Kernel.Memcgs[2], world.Folio(0, 0).Memcg);
    }

    [Fact]
    public void A_page_that_is_read_ahead_is_charged_to_the_memcg_of_the_caller_when_that_of_the_slot_is_gone()
    {
        World world = World.After(
            Shape + "setup attach mm0 memcg1\n write mm0 p0\n pageout mm0 p0\n attach mm0 memcg2\n offline memcg1\n"
            + " readahead mm0 p0");
        Assert.Equal(1, world.Kernel.Memcgs[2].Usage);
    }

    [Fact]
    public void A_slot_for_a_folio_of_a_memcg_that_is_gone_is_charged_to_its_parent()
    {
        World world = World.After(
            Shape + "setup attach mm0 memcg1\n write mm0 p0\n attach mm0 memcg0\n offline memcg1\n pageout mm0 p0");
        Assert.Same(world.Kernel.Memcgs.Root, world.Swap.Record(world.Pte(0, 0).Target));
    }

    [Fact]
    public void A_memcg_with_a_process_and_the_root_cannot_be_removed_and_one_that_is_removed_takes_nobody()
    {
        World world = World.After(
            Shape + "setup attach mm0 memcg1\n offline memcg1\n offline memcg0\n offline memcg2\n offline memcg2\n"
            + " attach mm0 memcg2\n attach mm0 memcg1");
        Assert.Equal([true, false, false, true, false, false, false], world.Effective);
    }

    [Fact]
    public void The_memcg_of_a_process_that_is_gone_can_be_removed()
    {
        World world = World.After(
            Shape + "setup write mm0 p0\n fork mm0 mm1\n attach mm1 memcg1\n exit mm1\n offline memcg1\n"
            + " attach mm1 memcg2");
        Assert.Equal([true, true, true, true, true, false], world.Effective);
    }

    [Fact]
    public void A_migrated_folio_takes_the_charge_along()
    {
        World world = World.After(
            Shape + "setup attach mm0 memcg1\n write mm0 p0\n attach mm0 memcg2\n drain\n migrate mm0 p0");
        Memcg memcg = world.Kernel.Memcgs[1];
        Assert.True(world.Effective[4]);
        Assert.NotEqual(0, world.Folio(0, 0).Pfn);
        Assert.Same(memcg, world.Folio(0, 0).Memcg);
        Assert.Equal((1, 1), (memcg.Usage, memcg.AnonMapped));
    }

    [Fact]
    public void A_pinned_page_is_copied_by_fork_at_the_cost_of_the_parent()
    {
        World world = World.After(
            Shape + "setup attach mm0 memcg1\n pinwrite mm0 p0\n fork mm0 mm1");
        Assert.NotEqual(world.Folio(0, 0), world.Folio(1, 0));
        Assert.Equal((2, 2), (world.Kernel.Memcgs[1].Usage, world.Kernel.Memcgs[1].AnonMapped));
    }

    [Fact]
    public void A_process_may_move_while_another_one_swaps_in_what_they_share() => Races.Safe(
        """
        shape mms 2 pages 1 slots 1 device sync memcgs 2
        setup write mm0 p0
              fork mm0 mm1
              reclaim 1
              reclaim 1
        cpu0  read mm1 p0
              dontneed mm1 p0 1
        cpu1  attach mm0 memcg1
        """,
        preemptions: 2);

    [Fact]
    public void Swapin_and_the_removal_of_the_memcg_of_the_slot_leave_every_charge_where_it_belongs() => Races.Safe(
        """
        shape mms 1 pages 1 slots 1 device sync memcgs 2
        setup attach mm0 memcg1
              write mm0 p0
              pageout mm0 p0
        cpu0  read mm0 p0
        cpu1  attach mm0 memcg0
              offline memcg1
        """,
        preemptions: 2);
}
