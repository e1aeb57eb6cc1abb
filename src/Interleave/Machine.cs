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

    private const int Nobody = -1;

    private readonly Cpu[] cpus;
    private TraceStep[] trace = new TraceStep[256];
    private int steps;
    private int active;

    /// <summary>The lanes that are not done.</summary>
    private uint live;

    /// <summary>The lanes that wait, ready or not.</summary>
    private uint waiting;

    /// <summary>Those of them that wait for something that does not announce its changes: asked before every
    /// choice.</summary>
    private uint asked;

    /// <summary>Those of them that wait for a lock and cannot have it now: asked only when the lock announces a
    /// change.</summary>
    private uint blocked;

    /// <summary>Numbers of lanes, or <see cref="Nobody"/>: storing a number is cheaper than storing a
    /// reference.</summary>
    private int current = Nobody;
    private int pending = Nobody;
    private bool solo;
    private int soloSteps;
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

    internal FlowPools Pools { get; } = new();

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
    public Cpu? Current => current < 0 ? null : cpus[current];

    /// <summary>How often the last execution switched away from a lane that could have gone on.</summary>
    public int Preemptions
    {
        get
        {
            int count = 0;
            foreach (TraceStep step in Trace)
            {
                count += step.Preempts ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Forgets everything of the last execution and sets the number of lanes.</summary>
    public void Reset(int lanes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, CpusMax);
        for (int i = 0; i < Math.Max(active, lanes); i++)
        {
            cpus[i].Reset();
        }

        active = lanes;
        live = 0;
        waiting = 0;
        asked = 0;
        blocked = 0;
        steps = 0;
        current = Nobody;
        pending = Nobody;
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
        cpu.ParkAtStart();
        live |= cpu.Bit;
    }

    /// <summary>Runs one body alone on lane 0 to its end: every point is passed without asking anybody.</summary>
    /// <returns>False when it had to wait for something nobody can bring, or threw.</returns>
    public bool RunSolo(Func<Cpu, Flow> body)
    {
        Cpu cpu = cpus[0];
        live |= cpu.Bit;
        solo = true;
        soloSteps = 0;
        current = 0;
        Start(cpu, body);
        solo = false;
        current = Nobody;
        if (Error is not null)
        {
            Ending = Ending.Fault;
            return false;
        }

        if (!cpu.Done)
        {
            Ending = soloSteps < StepsMax ? Ending.Deadlock : Ending.Livelock;
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
        while (pending >= 0)
        {
            Cpu next = cpus[pending];
            if (next.Leaf is { } leaf)
            {
                leaf.MoveNext();
            }
            else
            {
                Start(next, next.Body!);
            }

            if (stopping)
            {
                break;
            }

            if (next.Done)
            {
                pending = Advance();
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

    /// <summary>Whether that lane has run to its end.</summary>
    internal bool IsDone(Cpu cpu) => (live & cpu.Bit) == 0;

    /// <summary>Notes that a lane waits before its next step, for something that must be asked before every
    /// choice.</summary>
    internal void Waits(Cpu cpu)
    {
        waiting |= cpu.Bit;
        asked |= cpu.Bit;
    }

    /// <summary>Notes that a lane waits before its next step, for a lock that announces its changes.</summary>
    internal void WaitsForLock(Cpu cpu)
    {
        waiting |= cpu.Bit;
        blocked |= cpu.IsEnabled ? 0 : cpu.Bit;
    }

    /// <summary>A lock was taken or given back: asks the lanes that wait for it.</summary>
    internal void Announce(SharedObject changed)
    {
        for (uint rest = waiting & ~asked; rest != 0; rest &= rest - 1)
        {
            Cpu cpu = cpus[BitOperations.TrailingZeroCount(rest)];
            if (cpu.Target == changed)
            {
                blocked = cpu.IsEnabled ? blocked & ~cpu.Bit : blocked | cpu.Bit;
            }
        }
    }

    /// <summary>A lane arrived at its next point. Returns whether it goes straight on.</summary>
    internal bool Arrive(Cpu cpu)
    {
        if (solo)
        {
            return ++soloSteps < StepsMax && cpu.IsEnabled && Enter(cpu);
        }

        int next = Advance();
        pending = next;
        return next == cpu.Index;
    }

    /// <summary>The routine of a lane ended, perhaps by throwing.</summary>
    internal void End(Cpu cpu, Exception? error)
    {
        live &= ~cpu.Bit;
        if (error is not null)
        {
            Error = error;
            Stop();
            Ending = Ending.Fault;
        }
    }

    private void Start(Cpu cpu, Func<Cpu, Flow> body)
    {
        try
        {
            cpu.Started(body(cpu));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            End(cpu, error);
        }
    }

    /// <summary>Ends the step of the current lane, chooses who is next and begins the step of that lane.</summary>
    private int Advance()
    {
        if (check is not null && !check.AfterStep(cpus[current], Points[trace[steps - 1].Point]))
        {
            Stop();
        }

        return stopping ? Nobody : Choose();
    }

    /// <summary>Begins the step of the chosen lane.</summary>
    private void Begin(int chosen, uint ready)
    {
        Cpu cpu = cpus[chosen];

        // With nobody as the current lane the mask is shifted by 31, where no bit is ever set.
        bool preempts = (ready >> current & 1) != 0 & current != chosen;
        current = chosen;
        TraceStep step = new(cpu.ParkedId, cpu.TargetId, (byte)chosen, cpu.Tag, cpu.TargetKind, preempts);
        int at = steps++;
        TraceStep[] room = trace;
        if ((uint)at < (uint)room.Length)
        {
            room[at] = step;
        }
        else
        {
            Array.Resize(ref trace, at * 2);
            trace[at] = step;
        }

        if ((waiting >> chosen & 1) != 0)
        {
            Enter(cpu);
        }
    }

    /// <summary>The wait is over; takes what was waited for.</summary>
    private bool Enter(Cpu cpu)
    {
        waiting &= ~cpu.Bit;
        asked &= ~cpu.Bit;
        cpu.EndWait();
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Choose()
    {
        uint ready = live & ~blocked;
        for (uint rest = ready & asked; rest != 0; rest &= rest - 1)
        {
            // Without a branch: whether a lock is free is as good as random, so a branch would be mispredicted.
            int i = BitOperations.TrailingZeroCount(rest);
            uint notYet = cpus[i].IsEnabled ? 0u : 1u;
            ready &= ~(notYet << i);
        }

        if (ready == 0 || steps >= StepsMax)
        {
            Ending = live == 0 ? Ending.Completed : ready == 0 ? Ending.Deadlock : Ending.Livelock;
            return Nobody;
        }

        int chosen = (ready & (ready - 1)) == 0 && !seesForced
            ? BitOperations.TrailingZeroCount(ready)
            : scheduler.Next(new Choice(this, ready, current, steps));

        // "Stop" is caught by this too: a shift by -1 is one by 31.
        if ((ready >> chosen & 1) == 0)
        {
            return Refuse(chosen);
        }

        Begin(chosen, ready);
        return chosen;
    }

    /// <summary>The scheduler chose to stop, or a lane that cannot run.</summary>
    private int Refuse(int chosen)
    {
        if (chosen >= 0)
        {
            throw new InvalidOperationException($"{scheduler.GetType().Name} chose cpu{chosen}, which cannot run");
        }

        Stop();
        return Nobody;
    }
}
