using Interleave;

namespace Tests.Toys;

/// <summary>A machine with the bodies of its lanes: the shortest way from routines to an execution.</summary>
internal sealed class LaneRunner
{
    private readonly Func<Cpu, Flow>[] lanes;
    private readonly Action reset;

    public LaneRunner(PointTable points, Action reset, params Func<Cpu, Flow>[] lanes)
    {
        Machine = new Machine(points);
        this.lanes = lanes;
        this.reset = reset;
    }

    public Machine Machine { get; }

    /// <summary>One cpu index for each step of the last execution.</summary>
    public string Order => string.Concat(Machine.Trace.ToArray().Select(step => (char)('0' + step.Cpu)));

    /// <summary>Preemptions of the last execution.</summary>
    public int Preemptions => Machine.Trace.ToArray().Count(step => step.Preempts);

    /// <summary>Lanes that take those numbers of steps (1 and more, the start included) and touch nothing in
    /// common.</summary>
    public static LaneRunner Independent(params int[] steps)
    {
        PointTable points = new();
        Point point = points.Add("Step", "toy", Access.Write);
        return new LaneRunner(points, () => { }, Array.ConvertAll<int, Func<Cpu, Flow>>(steps, count => Lane));

        async Flow Lane(Cpu cpu)
        {
            Word own = new((ushort)cpu.Index, $"own {cpu.Index}");
            for (int i = 1; i < steps[cpu.Index]; i++)
            {
                await cpu.At(point, own);
            }
        }
    }

    public Ending Run(IScheduler scheduler, IStepCheck? check = null)
    {
        Machine.Reset(lanes.Length);
        reset();
        for (int i = 0; i < lanes.Length; i++)
        {
            Machine.SetBody(i, lanes[i]);
        }

        return Machine.Run(scheduler, check);
    }
}
