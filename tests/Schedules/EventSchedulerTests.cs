using Fuzz.Schedules;
using Interleave;
using Tests.SctBench;
using Tests.Toys;
using Xunit;

namespace Tests.Schedules;

/// <summary>What the schedulers promise that know of events.</summary>
public class EventSchedulerTests
{
    private static readonly PointTable Points = new();
    private static readonly Point Touch = Points.Add("EventTouch", "toy", Access.Write);
    private static readonly Point Look = Points.Add("EventLook", "toy", Access.Read);
    private static readonly Word X = new(0, "x");
    private static readonly Word Y = new(1, "y");

    [Fact]
    public void Under_a_uniform_random_walk_all_orders_of_the_events_are_equally_likely() =>
        Assert.True(ChiSquare(profile => new UrwScheduler(new Rng(1), profile), reads: 0) < UniformBelow);

    [Fact]
    public void Under_a_random_walk_they_are_not() =>
        Assert.True(ChiSquare(_ => new RandomScheduler(new Rng(1)), reads: 0) > 10 * UniformBelow);

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void The_selective_walk_makes_all_orders_on_one_object_equally_likely_however_much_lanes_read(int reads) =>
        Assert.True(ChiSquare(profile => new SurwScheduler(new Rng(1), profile), reads) < UniformBelow);

    [Fact]
    public void What_is_only_touched_under_its_lock_is_no_event_until_it_is_touched_without()
    {
        PointTable points = new();
        Point take = points.Add("GuardTake", "toy", Access.Acquire);
        Point give = points.Add("GuardGive", "toy", Access.Release);
        Point write = points.Add("GuardWrite", "toy", Access.Write);
        KernelSpinlock guard = new(1, 2, "guard");
        bool careless = false;
        async Flow Careful(Cpu cpu)
        {
            if (!careless)
            {
                await guard.Acquire(cpu, take);
            }

            await cpu.At(write, X);
            if (!careless)
            {
                await cpu.At(give, guard);
                guard.Release(cpu);
            }
        }

        Profile profile = new();
        LaneRunner lanes = new(points, guard.Reset, Careful, Careful);
        lanes.Run(new RandomScheduler(new Rng(1)));
        profile.Learn(lanes.Machine);
        Assert.True(profile.IsEvent(guard.Id));
        Assert.False(profile.IsEvent(X.Id));
        careless = true;
        lanes.Run(new RandomScheduler(new Rng(1)));
        profile.Learn(lanes.Machine);
        Assert.True(profile.IsEvent(X.Id));
    }

    [Fact]
    public void Partial_order_sampling_does_not_mind_a_chain_of_steps_that_nobody_races_with()
    {
        // The short lane's one event is first or second of two that race: as likely, however long the way to the other
        // one is. A random walk must choose one lane 9 times in a row: 2^-9.
        int late = Firsts(profile => new PosScheduler(new Rng(1), profile), 1000);
        Assert.InRange(late, 400, 600);
        Assert.InRange(Firsts(_ => new RandomScheduler(new Rng(1)), 1000), 0, 12);
    }

    [Fact]
    public void A_wish_for_a_hand_off_finds_what_a_hundred_threads_hide()
    {
        // Of the dozen hand-offs that may be, the one that fails is among the rare ones.
        Portfolio handoffs = Portfolio.Of(known => new HandoffScheduler(new Rng(1), known));
        Assert.InRange(SctSuite.SchedulesToFailure(new Reorder(99, 1), handoffs, 60), 2, 60);
    }

    [Fact]
    public void A_delay_bound_is_enough_that_is_as_large_as_the_bug_is_deep()
    {
        // deadlock01 needs one delay, at one of a dozen choices.
        Assert.InRange(Schedules(delays: 1), 2, 500);
        Assert.Equal(501, Schedules(delays: 0));

        static int Schedules(int delays) => SctSuite.SchedulesToFailure(
            new Deadlock(), Portfolio.Of(_ => new DelayBoundedScheduler(delays, new Rng(1))), 500);
    }

    [Fact]
    public void A_late_start_brings_a_short_lane_into_a_late_window()
    {
        int hits = LateHits(new StartDelayScheduler(new Rng(1)), 2000);
        int hitsOfRandom = LateHits(new RandomScheduler(new Rng(1)), 2000);
        Assert.True(hits > 20 && hits > 5 * hitsOfRandom, $"{hits} and {hitsOfRandom}");
    }

    /// <summary>What chi-square of the 15 orders of 4 and 2 steps exceeds once in 1,000 runs when they are equally
    /// likely.</summary>
    private const double UniformBelow = 36.1;

    private static double ChiSquare(Func<Profile, IScheduler> make, int reads)
    {
        const int Draws = 6000;
        const int Orders = 15;
        Profile profile = new();
        IScheduler scheduler = make(profile);
        LaneRunner lanes = new(Points, () => { }, cpu => Lane(cpu, 4, reads), cpu => Lane(cpu, 2, Math.Min(reads, 1)));
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        lanes.Run(scheduler);
        profile.Learn(lanes.Machine);
        for (int i = 0; i < Draws; i++)
        {
            lanes.Run(scheduler);
            string order = string.Concat(
                lanes.Machine.Trace.ToArray().Where(step => step.Point == Touch.Id).Select(step => step.Cpu));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        double expected = (double)Draws / Orders;
        return counts.Values.Sum(count => Math.Pow(count - expected, 2) / expected)
            + (Orders - counts.Count) * expected;
    }

    private static async Flow Lane(Cpu cpu, int writes, int reads)
    {
        for (int i = 0; i < reads; i++)
        {
            await cpu.At(Look, Y);
        }

        for (int i = 0; i < writes; i++)
        {
            await cpu.At(Touch, X);
        }
    }

    /// <summary>Executions in which the lane with the long way to x is first there.</summary>
    private static int Firsts(Func<Profile, IScheduler> make, int executions)
    {
        Profile profile = new();
        IScheduler scheduler = make(profile);
        Word[] own = [.. Enumerable.Range(2, 8).Select(i => new Word((ushort)i, $"own {i}"))];
        async Flow Long(Cpu cpu)
        {
            foreach (Word word in own)
            {
                await cpu.At(Touch, word);
            }

            await cpu.At(Touch, X);
        }

        async Flow Short(Cpu cpu) => await cpu.At(Touch, X);

        LaneRunner lanes = new(Points, () => { }, Long, Short);
        int firsts = 0;
        for (int i = 0; i < executions; i++)
        {
            lanes.Run(scheduler);
            profile.Learn(lanes.Machine);
            firsts += lanes.Machine.Trace.ToArray().First(step => step.Target == X.Id).Cpu == 0 ? 1 : 0;
        }

        return firsts;
    }

    /// <summary>Executions in which the short lane runs while a long one is in its last but one step.</summary>
    private static int LateHits(IScheduler scheduler, int executions)
    {
        int hits = 0;
        int at = 0;
        async Flow Long(Cpu cpu)
        {
            for (at = 0; at < 40; at++)
            {
                await cpu.At(Touch, X);
            }
        }

        async Flow Short(Cpu cpu)
        {
            await cpu.At(Touch, Y);
            hits += at == 38 ? 1 : 0;
        }

        LaneRunner lanes = new(Points, () => at = 0, Long, Short);
        for (int i = 0; i < executions; i++)
        {
            lanes.Run(scheduler);
        }

        return hits;
    }
}
