using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Mm.State;
using Xunit;

namespace Tests.Mm;

/// <summary>What becomes of the deferred split queue of a memcg that is removed.</summary>
public class SplitQueueOfMemcgTests
{
    private const string Removed =
        "shape pages 4 thp pmd memcgs 2\n"
        + "setup attach mm0 memcg1\n write mm0 p0\n attach mm0 memcg0\n offline memcg1\n";

    private static readonly string[] Newer = ["split-queue-of-parent", "split-queue-reparenting", "batch-scan"];

    [Fact]
    public void The_queue_stays_with_the_memcg_and_no_shrinker_looks_at_it_any_more()
    {
        World world = World.After(Removed + " shrinkthp 1");
        Assert.False(world.Effective[^1]);
        Assert.Equal(1, world.Kernel.QueueOf(world.Kernel.Memcgs[1]).Length);
        Assert.True(world.Folio(0, 0).IsLarge);
    }

    [Fact]
    public void Newer_kernels_hand_it_to_the_parent_whose_shrinker_splits_the_folio()
    {
        World world = World.After(Removed, Newer);
        Assert.Equal(0, world.Kernel.QueueOf(world.Kernel.Memcgs[1]).Length);
        Assert.Equal(1, world.Kernel.QueueOf(world.Kernel.Memcgs[0]).Length);
        Assert.Equal(world.Kernel.Memcgs[1], world.Folio(0, 0).Memcg);
        Assert.Equal(world.Kernel.QueueOf(world.Kernel.Memcgs[0]), world.Kernel.TruthQueueOf(world.Folio(0, 0)));
        World shrunk = World.After(Removed + " shrinkthp 1", Newer);
        Assert.True(shrunk.Effective[^1]);
        Assert.Equal(0, shrunk.Kernel.QueueOf(shrunk.Kernel.Memcgs[0]).Length);
    }

    [Fact]
    public void Folios_of_a_memcg_that_is_being_removed_are_freed_and_queued_without_harm() =>
        Passes("dontneed mm0 p0 1", "dontneed mm0 p4 4", 2);

    [Fact]
    public void A_scan_of_the_parents_queue_may_come_at_any_time() => Passes("dontneed mm0 p0 4", "shrinkthp 2", 1);

    private static void Passes(string one, string two, int preemptions)
    {
        Program program = ProgramText.Parse(
            MmLanguage.Instance,
            $"""
            shape mms 1 pages 8 slots 1 device async thp pmd memcgs 2
            setup attach mm0 memcg1
                  write mm0 p0
                  write mm0 p4
                  attach mm0 memcg0
            cpu0  {one}
            cpu1  {two}
            cpu2  offline memcg1
            """);
        Executor executor = new(new MmEngine(Newer));
        SearchResult result = ExhaustiveSearch.Within(search => executor.Run(program, search), preemptions, 100_000);
        Assert.True(result is Bounded bounded && bounded.Preemptions == preemptions, result.ToString());
    }
}
