using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Schedules;

public class ExhaustiveSearchTests
{
    [Theory]
    [InlineData(new[] { 5 }, 1)]
    [InlineData(new[] { 3, 4 }, 35)] // 7! / (3! 4!)
    [InlineData(new[] { 2, 3, 4 }, 1260)] // 9! / (2! 3! 4!)
    [InlineData(new[] { 2, 2, 2, 2 }, 2520)] // 8! / (2!)^4
    public void All_schedules_of_independent_lanes_are_the_multinomial_number(int[] steps, int schedules)
    {
        LaneRunner lanes = LaneRunner.Independent(steps);
        HashSet<string> seen = [];
        SearchResult result = ExhaustiveSearch.Within(
            search => { lanes.Run(search); return seen.Add(lanes.Order); }, ExhaustiveSearch.Unbounded, 10_000);
        Assert.Equal(new Complete(schedules), result);
        Assert.Equal(schedules, seen.Count);
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(6, 6)]
    [InlineData(2, 9)]
    public void Two_lanes_have_the_counted_number_of_schedules_for_each_bound(int a, int b)
    {
        // Exactly 0: one lane after the other, 2. Exactly 1: the first lane stops inside, the other one runs to its
        // end: (a - 1) + (b - 1). Exactly 2: both stop inside once, then the first runs to its end: (a - 1)(b - 1),
        // twice.
        int[] exactly = [2, a - 1 + b - 1, 2 * (a - 1) * (b - 1)];
        LaneRunner lanes = LaneRunner.Independent(a, b);
        int expected = 0;
        for (int bound = 0; bound < exactly.Length; bound++)
        {
            expected += exactly[bound];
            SearchResult result = ExhaustiveSearch.Within(Execute, bound, 10_000);
            Assert.Equal(expected, result.Executions);
        }

        bool Execute(ExhaustiveSearch search)
        {
            lanes.Run(search);
            Assert.Equal(lanes.Preemptions, search.Preemptions);
            return search.Preemptions <= search.PreemptionsMax;
        }
    }

    [Fact]
    public void Ascending_bounds_end_with_the_complete_number()
    {
        LaneRunner lanes = LaneRunner.Independent(3, 3);
        SearchResult result = ExhaustiveSearch.Ascending(search => Execute(lanes, search), 100, 1000);
        Assert.Equal(new Complete(20), result); // 6! / (3! 3!)
    }

    [Fact]
    public void A_budget_that_ends_leaves_the_bound_that_was_finished()
    {
        LaneRunner lanes = LaneRunner.Independent(6, 6);
        Assert.Equal(
            new Bounded(1, 12), ExhaustiveSearch.Ascending(search => Execute(lanes, search), 5, 2 + 12 + 30));
        Assert.Equal(new Bounded(-1, 0), ExhaustiveSearch.Ascending(search => Execute(lanes, search), 5, 1));
        Assert.Equal(new Bounded(0, 2), ExhaustiveSearch.Ascending(search => Execute(lanes, search), 0, 1000));
    }

    [Fact]
    public void Waiting_for_a_lock_is_no_preemption()
    {
        PointTable points = new();
        Point take = points.Add("Take", "toy", Access.Acquire);
        Point inside = points.Add("Inside", "toy", Access.Write);
        KernelSpinlock spinlock = new(1, 1, "lock");
        async Flow Lane(Cpu cpu)
        {
            await spinlock.Acquire(cpu, take);
            await cpu.At(inside, spinlock);
            spinlock.Release(cpu);
        }

        // Without preemptions: 2 orders. One preemption: after the start of the first lane the other runs to its end
        // (2), or inside the lock, when the other starts, waits, and the first goes on to its end (2); or when the lock
        // is free again there is nothing left to preempt.
        LaneRunner lanes = new(points, spinlock.Reset, Lane, Lane);
        Assert.Equal(new Bounded(0, 2), ExhaustiveSearch.Within(search => Execute(lanes, search), 0, 100));
        Assert.Equal(6, ExhaustiveSearch.Within(search => Execute(lanes, search), 1, 100).Executions);
    }

    [Fact]
    public void The_lost_mapcount_needs_exactly_one_preemption()
    {
        Executor executor = new(new MapcountEngine(defect: true));
        Program program = new(MapcountEngine.Mapcounts, [1], [], [[new Call(0)], [new Call(0)]]);
        SearchResult result = ExhaustiveSearch.Ascending(search => executor.Run(program, search), 5, 1000);
        Found found = Assert.IsType<Found>(result);
        Assert.Equal(1, found.Preemptions);
        Assert.Equal(new Bounded(0, 2), found.Below);
        Assert.NotNull(executor.Engine.Verdict.Find(MapcountEngine.MapcountWrong));
    }

    [Fact]
    public void All_schedules_of_the_right_fault_pass()
    {
        Executor executor = new(new MapcountEngine(defect: false));
        Program program = new(MapcountEngine.Mapcounts, [1], [], [[new Call(0), new Call(1)], [new Call(0)]]);
        SearchResult result = ExhaustiveSearch.Within(
            search => executor.Run(program, search), ExhaustiveSearch.Unbounded, 100_000);
        Assert.IsType<Complete>(result);
    }

    [Fact]
    public void An_engine_that_is_not_deterministic_is_an_error()
    {
        PointTable points = new();
        Point point = points.Add("Step", "toy", Access.Write);
        Word word = new(1, "word");
        int executions = 0;
        async Flow Lane(Cpu cpu)
        {
            for (int i = 0; i < 3 - executions; i++)
            {
                await cpu.At(point, word);
            }
        }

        LaneRunner lanes = new(points, () => { }, Lane, Lane);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => ExhaustiveSearch.Within(
            search => { lanes.Run(search); executions++; return true; }, 2, 100));
        Assert.Contains("not deterministic", error.Message, StringComparison.Ordinal);
    }

    private static bool Execute(LaneRunner lanes, ExhaustiveSearch search)
    {
        lanes.Run(search);
        return true;
    }
}
