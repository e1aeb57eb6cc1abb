using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Interleaving;

public class StateHasherTests
{
    private static readonly PointTable Points = new();
    private static readonly Point Here = Points.Add("Here", "toy", Access.Write);

    [Fact]
    public void What_the_order_of_steps_has_left_no_trace_of_is_one_state()
    {
        Assert.Equal(HashAfter(0, 0, 1, 1), HashAfter(1, 1, 0, 0));
        Assert.NotEqual(HashAfter(0, 0, 1), HashAfter(1, 1, 0));
    }

    [Fact]
    public void A_local_of_a_parked_routine_is_state()
    {
        Assert.NotEqual(HashOfParked(1), HashOfParked(2));
        Assert.Equal(HashOfParked(1), HashOfParked(1));

        static StateHash HashOfParked(int secret)
        {
            async Flow Lane(Cpu cpu)
            {
                int local = secret;
                await cpu.At(Here, new Word(1, "x"));
                GC.KeepAlive(local);
            }

            return HashWhenParked(Lane);
        }
    }

    [Fact]
    public void Where_in_a_nested_routine_a_lane_is_parked_is_state()
    {
        Word word = new(1, "x");
        Assert.NotEqual(HashAt(1), HashAt(2));

        StateHash HashAt(int steps)
        {
            async Flow Inner(Cpu cpu)
            {
                await cpu.At(Here, word);
                await cpu.At(Here, word);
                await cpu.At(Here, word);
            }

            return HashWhenParked(async cpu => await Inner(cpu), steps);
        }
    }

    [Fact]
    public void Objects_are_told_by_what_they_hold_and_how_they_hang_together_not_by_where_they_lie()
    {
        Assert.Equal(new StateHasher(new Pair(false)).Hash(), new StateHasher(new Pair(false)).Hash());
        Assert.NotEqual(new StateHasher(new Pair(false)).Hash(), new StateHasher(new Pair(true)).Hash());
    }

    [Fact]
    public void What_is_marked_as_no_state_does_not_count()
    {
        Counted state = new();
        StateHasher hasher = new(state);
        StateHash before = hasher.Hash();
        state.Statistics++;
        Assert.Equal(before, hasher.Hash());
        state.Value++;
        Assert.NotEqual(before, hasher.Hash());
    }

    [Fact]
    public void Room_that_a_list_or_an_array_has_ahead_of_need_does_not_count()
    {
        Lists state = new();
        StateHasher hasher = new(state);
        StateHash before = hasher.Hash();
        state.Items.Capacity = 64;
        state.Numbers = new int[100];
        Assert.Equal(before, hasher.Hash());
        state.Items.Add("a");
        StateHash one = hasher.Hash();
        state.Items.Clear();
        state.Numbers[99] = 1;
        Assert.Equal(3, new[] { before, one, hasher.Hash() }.Distinct().Count());
    }

    [Fact]
    public void A_class_of_the_libraries_that_nobody_has_looked_at_is_refused_by_name()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(
            () => new StateHasher(new Foreign()).Hash());
        Assert.Contains("SortedDictionary", error.Message, StringComparison.Ordinal);
    }

    private static StateHash HashAfter(params int[] order)
    {
        Word a = new(1, "a");
        Word b = new(2, "b");
        async Flow Lane(Cpu cpu)
        {
            Word word = cpu.Index == 0 ? a : b;
            await cpu.At(Here, word);
            word.Value++;
            await cpu.At(Here, word);
        }

        return Hash([Lane, Lane], order, [a, b]);
    }

    private static StateHash HashWhenParked(Func<Cpu, Flow> lane, int steps = 1) =>
        Hash([lane, lane], [.. Enumerable.Repeat(0, steps)], []);

    private static StateHash Hash(Func<Cpu, Flow>[] lanes, int[] order, object[] words)
    {
        LaneRunner runner = new(Points, () => { }, lanes);
        Stop stop = new(order, new StateHasher(new object[] { runner.Machine, words }));
        runner.Run(stop);
        return stop.Hash;
    }

    /// <summary>Follows an order, hashes the state and stops.</summary>
    private sealed class Stop(int[] order, StateHasher hasher) : IScheduler
    {
        private int at;

        public StateHash Hash { get; private set; }

        public bool SeesForcedSteps => true;

        public bool ParksLanes => true;

        public void Begin(int cpus) => at = 0;

        public int Next(in Choice choice)
        {
            if (at < order.Length)
            {
                return order[at++];
            }

            Hash = hasher.Hash();
            return -1;
        }
    }

    private sealed class Pair
    {
        private readonly int[] first = [1];
        private readonly int[] second;

        public Pair(bool same) => second = same ? first : [1];

        public int Sum => first[0] + second[0];
    }

    private sealed class Counted
    {
        [NotState("a figure for reports")]
        public int Statistics;

        public int Value;
    }

    private sealed class Lists
    {
        public List<string> Items { get; } = [];

        public int[] Numbers { get; set; } = new int[2];
    }

    private sealed class Foreign
    {
        public SortedDictionary<int, int> Items { get; } = [];
    }
}
