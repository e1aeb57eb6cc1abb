using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Interleaving;

/// <summary>Lanes that other lanes start.</summary>
public class SpawnTests
{
    private const int Children = 100;
    private static readonly PointTable Points = new();
    private static readonly Point Spawn = Points.Add("SpawnLane", "toy", Access.Write);
    private static readonly Point Touch = Points.Add("SpawnTouch", "toy", Access.Write);
    private readonly Word word = new(0, "x");
    private readonly Machine machine = new(Points);
    private readonly List<int> order = [];

    [Theory]
    [InlineData(1ul)]
    [InlineData(2ul)]
    public void A_lane_runs_only_after_another_has_started_it_and_all_run_to_their_end(ulong seed)
    {
        Assert.Equal(Ending.Completed, Run(new RandomScheduler(new Rng(seed))));
        Assert.Equal(Enumerable.Range(1, Children), order.Order());
        int started = 0;
        foreach (TraceStep step in machine.Trace)
        {
            started += step.Point == Spawn.Id ? 1 : 0;
            Assert.True(step.Cpu <= started, $"cpu{step.Cpu} runs when {started} are started");
        }

        Assert.All(machine.Cpus[1..].ToArray(), cpu => Assert.Equal(machine.Cpus[0], cpu.Parent));
        Assert.Null(machine.Cpus[0].Parent);
    }

    [Fact]
    public void The_turns_of_such_an_execution_replay_it()
    {
        Run(new RandomScheduler(new Rng(3)));
        int[] first = [.. order];
        ReplayScheduler replay = new(Schedule.FromTrace(machine), Points);
        Assert.Equal(Ending.Completed, Run(replay));
        Assert.Null(replay.Finish(machine));
        Assert.Equal(first, order);
    }

    private Ending Run(IScheduler scheduler)
    {
        order.Clear();
        machine.Reset(1 + Children);
        machine.SetBody(0, Parent);
        return machine.Run(scheduler);
    }

    private async Flow Parent(Cpu cpu)
    {
        for (int i = 1; i <= Children; i++)
        {
            await cpu.At(Spawn, word);
            cpu.Machine.SetBody(i, Child);
        }
    }

    private async Flow Child(Cpu cpu)
    {
        await cpu.At(Touch, word);
        order.Add(cpu.Index);
    }
}
