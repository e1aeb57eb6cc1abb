using System.Numerics;
using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>How an execution ended.</summary>
public enum Ending
{
    /// <summary>Every lane ran to its end.</summary>
    Completed,

    /// <summary>Nobody can run and somebody is not done.</summary>
    Deadlock,

    /// <summary>The step limit was reached.</summary>
    Livelock,

    /// <summary>The check or the scheduler stopped it.</summary>
    Stopped,

    /// <summary>A routine threw: a defect of the engine.</summary>
    Fault,
}

/// <summary>Runs lanes step by step under a scheduler. Reused from execution to execution; not thread-safe.</summary>
public sealed class Machine
{
    /// <summary>Most lanes a machine can have.</summary>
    public const int CpusMax = 8;

    private readonly Cpu[] cpus;
    private TraceStep[] trace = new TraceStep[256];
    private int steps;
    private int active;
    private Cpu? current;
    private Cpu? pending;
    private bool solo;
    private bool stopping;
    private bool seesForced;
    private IScheduler scheduler = null!;
    private IStepCheck? check;

    /// <summary>A machine for an engine with these points.</summary>
    public Machine(PointTable points)
    {
        Points = points;
        cpus = new Cpu[CpusMax];
        for (int i = 0; i < CpusMax; i++)
        {
            cpus[i] = new Cpu(this, i);
        }
    }

    /// <summary>The engine's points.</summary>
    public PointTable Points { get; }

    /// <summary>All lanes, also those without a body in this execution.</summary>
    public ReadOnlySpan<Cpu> Cpus => cpus.AsSpan(0, Math.Max(active, 1));

    /// <summary>Most steps of one execution before it is called a livelock.</summary>
    public int StepsMax { get; set; } = 20_000;

    /// <summary>Steps taken by the concurrent part.</summary>
    public int Steps => steps;

    /// <summary>The steps taken, in order.</summary>
    public ReadOnlySpan<TraceStep> Trace => trace.AsSpan(0, steps);

    /// <summary>How the last execution ended.</summary>
    public Ending Ending { get; private set; }

    /// <summary>What a routine threw, when <see cref="Ending"/> is <see cref="Ending.Fault"/>.</summary>
    public Exception? Error { get; private set; }

    /// <summary>The lane that is running.</summary>
    public Cpu? Current => current;

    /// <summary>Whether lanes run alone, without a scheduler (see <see cref="RunSolo"/>).</summary>
    public bool IsSolo => solo;

    /// <summary>Forgets everything of the last execution and sets the number of lanes.</summary>
    public void Reset(int lanes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, CpusMax);
        for (int i = 0; i < Math.Max(active, lanes); i++)
        {
            cpus[i].Reset();
        }

        active = lanes;
        steps = 0;
        current = null;
        pending = null;
        stopping = false;
        solo = false;
        Error = null;
        Ending = Ending.Completed;
    }

    /// <summary>Gives lane <paramref name="index"/> its body.</summary>
    public void SetBody(int index, Func<Cpu, Flow> body)
    {
        Cpu cpu = cpus[index];
        cpu.Body = body;
        cpu.Done = false;
    }

    /// <summary>Runs one body alone on lane 0 to its end: every point is passed without asking anybody.</summary>
    /// <returns>False when it had to wait for something nobody can bring, or threw.</returns>
    public bool RunSolo(Func<Cpu, Flow> body)
    {
        Cpu cpu = cpus[0];
        cpu.Done = false;
        solo = true;
        current = cpu;
        _ = Lane(cpu, body);
        solo = false;
        current = null;
        if (Error is not null)
        {
            Ending = Ending.Fault;
            return false;
        }

        if (!cpu.Done)
        {
            Ending = Ending.Deadlock;
            return false;
        }

        return true;
    }

    /// <summary>Runs all lanes that have a body, one step at a time, until all are done or nobody can go on.</summary>
    public Ending Run(IScheduler scheduler, IStepCheck? check = null)
    {
        this.scheduler = scheduler;
        this.check = check;
        seesForced = scheduler.SeesForcedSteps;
        scheduler.Begin(active);
        Ending = Ending.Completed;
        pending = Choose();
        while (pending is { } next)
        {
            pending = null;
            BeginStep(next);
            FlowBox? leaf = next.Leaf;
            if (leaf is not null)
            {
                next.Leaf = null;
                leaf.MoveNext();
            }
            else
            {
                _ = Lane(next, next.Body!);
            }

            if (stopping)
            {
                break;
            }

            if (next.Done)
            {
                pending = EndStep(next) ? Choose() : null;
            }
        }

        return Ending;
    }

    /// <summary>Stops the execution after the step that is running.</summary>
    public void Stop()
    {
        stopping = true;
        Ending = Ending.Stopped;
    }

    /// <summary>A lane arrived at its next point. Returns whether it goes straight on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Arrive(Cpu cpu)
    {
        if (solo)
        {
            return cpu.IsEnabled;
        }

        return EndStep(cpu) && GoOn(cpu);
    }

    private bool GoOn(Cpu cpu)
    {
        Cpu? next = Choose();
        if (next != cpu)
        {
            pending = next;
            return false;
        }

        BeginStep(cpu);
        return true;
    }

    private bool EndStep(Cpu cpu)
    {
        if (check is not null && !check.AfterStep(cpu, Points[trace[steps - 1].Point]))
        {
            Stop();
        }

        return !stopping;
    }

    private void BeginStep(Cpu cpu)
    {
        if (steps == trace.Length)
        {
            Array.Resize(ref trace, trace.Length * 2);
        }

        SharedObject? target = cpu.Target;
        bool preempts = current is not null && current != cpu && !current.Done && current.IsEnabled;
        trace[steps++] = target is null
            ? new TraceStep(cpu.Parked.Id, TraceStep.NoTarget, (byte)cpu.Index, cpu.Tag, 0, preempts)
            : new TraceStep(cpu.Parked.Id, target.Id, (byte)cpu.Index, cpu.Tag, target.Kind, preempts);
        current = cpu;
    }

    private Cpu? Choose()
    {
        uint enabled = 0;
        bool anybody = false;
        for (int i = 0; i < active; i++)
        {
            Cpu cpu = cpus[i];
            if (cpu.Done)
            {
                continue;
            }

            anybody = true;
            if (cpu.IsEnabled)
            {
                enabled |= 1u << i;
            }
        }

        if (enabled == 0)
        {
            Ending = anybody ? Ending.Deadlock : Ending.Completed;
            return null;
        }

        if (steps >= StepsMax)
        {
            Ending = Ending.Livelock;
            return null;
        }

        if ((enabled & (enabled - 1)) == 0 && !seesForced)
        {
            return cpus[BitOperations.TrailingZeroCount(enabled)];
        }

        int chosen = scheduler.Next(new Choice(this, enabled, current?.Index ?? -1, steps));
        if (chosen < 0)
        {
            Stop();
            return null;
        }

        if ((enabled >> chosen & 1) == 0)
        {
            throw new InvalidOperationException($"{scheduler.GetType().Name} chose cpu{chosen}, which cannot run");
        }

        return cpus[chosen];
    }

    private async Flow Lane(Cpu cpu, Func<Cpu, Flow> body)
    {
        try
        {
            await body(cpu);
            cpu.Done = true;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Error = error;
            cpu.Done = true;
            Stop();
            Ending = Ending.Fault;
        }
    }
}
