using Fuzz.Schedules;
using Interleave;
using Xunit;

namespace Tests.Schedules;

public class RandomSchedulerTests
{
    [Theory]
    [InlineData(0b11ul, 0ul)]
    [InlineData(0b1010010ul, 0ul)]
    [InlineData(0b11111111ul, 0ul)]
    [InlineData(1ul << 63 | 1, 0b100101ul)]
    public void Every_lane_that_can_run_is_equally_likely(ulong low, ulong high)
    {
        LaneSet enabled = new(low, high);
        const int Draws = 80_000;
        Machine machine = new(new PointTable());
        RandomScheduler scheduler = new(new Rng(3));
        int[] counts = new int[Machine.CpusMax];
        for (int i = 0; i < Draws; i++)
        {
            counts[scheduler.Next(new Choice(machine, enabled, 0, i))]++;
        }

        Choice choice = new(machine, enabled, 0, 0);
        double expected = (double)Draws / choice.Count;
        double chiSquare = 0;
        for (int cpu = 0; cpu < counts.Length; cpu++)
        {
            Assert.Equal(choice.Can(cpu), counts[cpu] > 0);
            chiSquare += choice.Can(cpu) ? Math.Pow(counts[cpu] - expected, 2) / expected : 0;
        }

        // At most 7 degrees of freedom: a fair die exceeds 24.3 once in 1,000 runs.
        Assert.True(chiSquare < 24.3, $"chi-square {chiSquare}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_executions()
    {
        Toys.LaneRunner lanes = Toys.LaneRunner.Independent(6, 7, 8);
        string[] Orders(ulong seed)
        {
            RandomScheduler scheduler = new(new Rng(seed));
            return [.. Enumerable.Range(0, 20).Select(_ => { lanes.Run(scheduler); return lanes.Order; })];
        }

        Assert.Equal(Orders(5), Orders(5));
        Assert.NotEqual(Orders(5), Orders(6));
    }
}
