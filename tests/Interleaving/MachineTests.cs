using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Interleaving;

public class MachineTests
{
    private static readonly PointTable Points = new();
    private static readonly Point TakeA = Points.Add("TakeA", "toy_a", Access.Acquire);
    private static readonly Point TakeB = Points.Add("TakeB", "toy_b", Access.Acquire);
    private static readonly Point Touch = Points.Add("Touch", "toy_touch", Access.Write);
    private static readonly Word X = new(7, "x");
    private readonly KernelSpinlock a = new(1, 1, "lock a");
    private readonly KernelSpinlock b = new(1, 2, "lock b");

    [Fact]
    public void A_deadlock_names_the_cycle_and_who_holds_what()
    {
        LaneRunner lanes = new(
            Points, Reset, cpu => Both(cpu, a, TakeA, b, TakeB), cpu => Both(cpu, b, TakeB, a, TakeA));
        Assert.Equal(Ending.Completed, lanes.Run(new FixedOrder(0, 0, 0, 0)));
        Assert.Equal(Ending.Deadlock, lanes.Run(new FixedOrder(0, 0, 1, 1)));
        Assert.Equal(
            "cpu0 at TakeB waits for lock b, held by cpu1, holding lock a\n"
            + "cpu1 at TakeA waits for lock a, held by cpu0, holding lock b",
            WaitGraph.Describe(lanes.Machine));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_deadlock_is_named_by_the_circle_and_not_by_who_waits_for_it_or_by_numbers(int bystander)
    {
        KernelSpinlock c = new(1, 3, "lock c");
        List<Func<Cpu, Flow>> bodies =
            [cpu => Both(cpu, a, TakeA, b, TakeB), cpu => Both(cpu, b, TakeB, a, TakeA)];
        bodies.Insert(bystander, cpu => Both(cpu, c, Touch, a, TakeA));
        int[] circle = [.. Enumerable.Range(0, 3).Where(lane => lane != bystander)];
        LaneRunner lanes = new(Points, Reset, [.. bodies]);
        Assert.Equal(
            Ending.Deadlock,
            lanes.Run(new FixedOrder(circle[0], circle[0], circle[1], circle[1], bystander, bystander)));
        Cpu culprit = WaitGraph.Culprit(lanes.Machine)!;
        Assert.NotEqual(bystander, culprit.Index);
        Assert.Equal(
            circle.Min(lane => lanes.Machine.Cpus[lane].Parked.Function), culprit.Parked.Function,
            StringComparer.Ordinal);
    }

    [Fact]
    public void A_lane_that_waits_for_what_nobody_gives_is_a_deadlock_that_says_so()
    {
        LaneRunner lanes = new(Points, Reset, async cpu => await cpu.At(Touch, X, new Never()), cpu => Steps(cpu, 3));
        Assert.Equal(Ending.Deadlock, lanes.Run(new RandomScheduler(new Rng(1))));
        Assert.Equal("cpu0 at Touch waits for x, which nobody will give", WaitGraph.Describe(lanes.Machine));
        Assert.Equal(0, WaitGraph.Culprit(lanes.Machine)!.Index);
    }

    [Fact]
    public void A_lane_that_never_ends_is_a_livelock()
    {
        LaneRunner lanes = new(
            Points, Reset, cpu => Steps(cpu, 3), async cpu =>
            {
                while (X.Value == 0)
                {
                    await cpu.At(Touch, X);
                }
            });
        lanes.Machine.StepsMax = 500;
        Assert.Equal(Ending.Livelock, lanes.Run(new RandomScheduler(new Rng(1))));
        Assert.Equal(500, lanes.Machine.Steps);
        Assert.Contains("cpu1 at Touch", WaitGraph.Describe(lanes.Machine), StringComparison.Ordinal);
    }

    [Fact]
    public void The_trace_tells_points_objects_lanes_and_preemptions()
    {
        LaneRunner lanes = new(Points, Reset, cpu => Steps(cpu, 2), cpu => Steps(cpu, 1));
        Assert.Equal(Ending.Completed, lanes.Run(new FixedOrder(0, 0, 1, 0)));
        Assert.Equal("00101", lanes.Order);
        TraceStep[] trace = lanes.Machine.Trace.ToArray();

        // Lane 0 could have gone on when lane 1 began, and lane 1 when lane 0 went on; the last switch was forced.
        Assert.Equal([false, false, true, true, false], trace.Select(step => step.Preempts));
        Assert.Equal(
            new TraceStep(Touch.Id, X.Id, Cpu: 0, Tag: 0, X.Kind, Preempts: false), trace[1]);
        Assert.Equal(
            new TraceStep(Points.Start.Id, TraceStep.NoTarget, Cpu: 1, Tag: 0, Kind: 0, Preempts: true), trace[2]);
    }

    [Fact]
    public void A_scheduler_that_stops_ends_the_execution()
    {
        LaneRunner lanes = new(Points, Reset, cpu => Steps(cpu, 2), cpu => Steps(cpu, 2));
        Assert.Equal(Ending.Stopped, lanes.Run(new FixedOrder(0, 1, -1)));
        Assert.Equal(2, lanes.Machine.Steps);
    }

    [Fact]
    public void A_scheduler_that_chooses_a_lane_that_cannot_run_is_told_so()
    {
        LaneRunner lanes = new(Points, Reset, cpu => Steps(cpu, 2), cpu => Steps(cpu, 2));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => lanes.Run(new FixedOrder(5)));
        Assert.Equal("FixedOrder chose cpu5, which cannot run", error.Message);
    }

    [Fact]
    public void Forced_steps_are_shown_only_to_schedulers_that_ask_for_them()
    {
        LaneRunner lanes = new(Points, Reset, cpu => Steps(cpu, 5));
        Counting forced = new(seesForced: true);
        Counting free = new(seesForced: false);
        lanes.Run(forced);
        lanes.Run(free);
        Assert.Equal((6, 0), (forced.Asked, free.Asked));
    }

    [Fact]
    public void A_lane_alone_is_asked_nothing_and_leaves_no_trace()
    {
        Machine machine = new(Points);
        machine.Reset(1);
        X.Value = 0;
        Assert.True(machine.RunSolo(async cpu =>
        {
            await Both(cpu, a, TakeA, b, TakeB);
            X.Value = 5;
        }));
        Assert.Equal((5, 0), (X.Value, machine.Steps));
        Assert.False(machine.RunSolo(async cpu => await cpu.At(Touch, X, new Never())));
        Assert.Equal(Ending.Deadlock, machine.Ending);
        Assert.Equal((null, null), (a.Holder, b.Holder));
    }

    [Fact]
    public void The_same_choices_give_the_same_trace()
    {
        LaneRunner lanes = new(
            Points, Reset, cpu => Both(cpu, a, TakeA, b, TakeB), cpu => Both(cpu, a, TakeA, b, TakeB),
            cpu => Steps(cpu, 4));
        List<TraceStep[]> Traces()
        {
            RandomScheduler random = new(new Rng(11));
            return [.. Enumerable.Range(0, 100).Select(_ => Trace(random))];
        }

        TraceStep[] Trace(RandomScheduler random)
        {
            lanes.Run(random);
            return lanes.Machine.Trace.ToArray();
        }

        Assert.Equal(Traces(), Traces());
    }

    private static async Flow Steps(Cpu cpu, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await cpu.At(Touch, X);
        }
    }

    private static async Flow Both(
        Cpu cpu, KernelSpinlock first, Point takeFirst, KernelSpinlock second, Point takeSecond)
    {
        await first.Acquire(cpu, takeFirst);
        await second.Acquire(cpu, takeSecond);
        second.Release(cpu);
        first.Release(cpu);
    }

    private void Reset()
    {
        a.Reset();
        b.Reset();
        X.Value = 0;
    }

    private sealed class Never : IWaitable
    {
        public bool IsReady(Cpu cpu) => false;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }

    private sealed class Counting(bool seesForced) : IScheduler
    {
        public int Asked { get; private set; }

        public bool SeesForcedSteps => seesForced;

        public void Begin(int cpus)
        {
        }

        public int Next(in Choice choice)
        {
            Asked++;
            return choice.Enabled.First;
        }
    }
}
