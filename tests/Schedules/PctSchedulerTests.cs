using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Schedules;

/// <summary>The guarantee of PCT, in the manner of Shuttle's figure 5: PCT must hit what a random walk must
/// miss.</summary>
public class PctSchedulerTests
{
    /// <summary>Steps that the long lane takes while the other one must stand still.</summary>
    private const int Long = 30;

    private const int Window = 10;
    private static readonly PointTable Points = new();
    private static readonly Point At = Points.Add("PctStep", "toy", Access.Write);
    private static readonly Word X = new(0, "x");
    private static readonly Word Hit = new(1, "hit");

    [Fact]
    public void Pct_of_depth_1_finds_a_lane_that_outruns_the_other()
    {
        // The lane with the higher priority runs alone: it is the long one in 1/2 of the executions.
        // 20 executions all miss with 2^-20; of 1,000, 500 +- 16 hit, and 400 is 6 standard deviations below.
        Assert.InRange(Hits(new PctScheduler(1, new Rng(1)), Outrun(), 20), 1, 20);
        Assert.InRange(Hits(new PctScheduler(1, new Rng(2)), Outrun(), 1000), 400, 600);
    }

    [Fact]
    public void A_random_walk_misses_a_lane_that_outruns_the_other()
    {
        // The long lane must be chosen 30 times in a row: 2^-30 an execution, 10^-5 in 10,000.
        Assert.Equal(0, Hits(new RandomScheduler(new Rng(1)), Outrun(), 10_000));
    }

    [Fact]
    public void Pct_of_depth_2_finds_a_whole_lane_inside_a_window_of_one_step()
    {
        // n = 2 lanes and k < 54 choices: at least 1/(n * k) = 1/108 of the executions hit. All of 1,500 miss with
        // (107/108)^1500 < 10^-6; 5,400 expect 50 and more, and 25 is 3.5 standard deviations below.
        Assert.InRange(Hits(new PctScheduler(2, new Rng(1)), Inside(), 1500), 1, 1500);
        Assert.InRange(Hits(new PctScheduler(2, new Rng(2)), Inside(), 5400), 25, 5400);
    }

    [Fact]
    public void Pct_of_depth_1_and_a_random_walk_miss_a_whole_lane_inside_a_window_of_one_step()
    {
        // Depth 1 never preempts. Random must choose one lane 30 times in a row: 10^-5 in 10,000 executions.
        Assert.Equal(0, Hits(new PctScheduler(1, new Rng(1)), Inside(), 10_000));
        Assert.Equal(0, Hits(new RandomScheduler(new Rng(1)), Inside(), 10_000));
    }

    [Fact]
    public void A_depth_below_1_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PctScheduler(0, new Rng(1)));

    private static int Hits(IScheduler scheduler, LaneRunner lanes, int executions)
    {
        int hits = 0;
        for (int i = 0; i < executions; i++)
        {
            Assert.Equal(Ending.Completed, lanes.Run(scheduler));
            hits += Hit.Value;
        }

        return hits;
    }

    private static void Reset()
    {
        X.Value = 0;
        Hit.Value = 0;
    }

    /// <summary>Hits when the long lane is done before the short one has taken its only step.</summary>
    private static LaneRunner Outrun() => new(
        Points, Reset, Short, async cpu =>
        {
            for (int i = 0; i < Long; i++)
            {
                await cpu.At(At, X);
            }

            Hit.Value = X.Value == 0 ? 1 : 0;
        });

    /// <summary>Hits when the long lane begins and ends while the other one stands between two of its steps.</summary>
    private static LaneRunner Inside() => new(
        Points, Reset, WithWindow, async cpu =>
        {
            await cpu.At(At, X);
            bool open = X.Value == 1;
            for (int i = 0; i < Long; i++)
            {
                await cpu.At(At, X);
            }

            Hit.Value = open && X.Value == 1 ? 1 : 0;
        });

    private static async Flow Short(Cpu cpu)
    {
        await cpu.At(At, X);
        X.Value = 1;
    }

    private static async Flow WithWindow(Cpu cpu)
    {
        for (int i = 0; i < 2 * Window; i++)
        {
            await cpu.At(At, X);
            X.Value = i == Window ? 1 : 0;
        }
    }
}
