using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>Runs lanes step by step under a scheduler. Reused from execution to execution; not thread-safe.</summary>
public sealed class Machine
{
    /// <summary>Most lanes a machine can have: one less than a <see cref="LaneSet"/> has bits, so that the last one
    /// stands for nobody.</summary>
    public const int CpusMax = 127;

    private const int Nobody = -1;
    private const string Past = "how the state came about";
    private const string Control = "of whoever runs the execution";

    private Cpu[] cpus = [];
    [NotState(Past)]
    private TraceStep[] trace = new TraceStep[256];
    [NotState(Past)]
    private int steps;
    private int active;

    /// <summary>The lanes that are not done.</summary>
    private LaneSet live;

    /// <summary>The lanes that wait, ready or not.</summary>
    private LaneSet waiting;

    /// <summary>Those of them that wait for something that does not announce its changes: asked before every
    /// choice.</summary>
    private LaneSet asked;

    /// <summary>Those of them that wait for a lock and cannot have it now: asked only when the lock announces a
    /// change.</summary>
    private LaneSet blocked;

    /// <summary>Numbers of lanes, or <see cref="Nobody"/>: storing a number is cheaper than storing a
    /// reference.</summary>
    [NotState(Past)]
    private int current = Nobody;
    [NotState(Past)]
    private int pending = Nobody;
    [NotState(Control)]
    private Pace pace;
    [NotState(Past)]
    private int soloSteps;
    [NotState(Control)]
    private bool stopping;
    [NotState(Control)]
    private bool seesForced;
    [NotState(Past)]
    private TouchLog? log;
    [NotState(Control)]
    private IScheduler scheduler = null!;
    [NotState(Control)]
    private IStepCheck? check;

    /// <summary>A machine for an engine with these points.</summary>
    public Machine(PointTable points)
    {
        Points = points;
        MakeRoom(1);
    }

    /// <summary>The engine's points.</summary>
    public PointTable Points { get; }

    [field: NotState("free memory")]
    internal FlowPools Pools { get; } = new();

    /// <summary>All lanes, also those without a body in this execution.</summary>
    public ReadOnlySpan<Cpu> Cpus => cpus.AsSpan(0, Math.Max(active, 1));

    /// <summary>Most steps of one execution before it is called a livelock.</summary>
    [field: NotState(Control)]
    public int StepsMax { get; set; } = 20_000;

    /// <summary>Steps taken by the concurrent part.</summary>
    public int Steps => steps;

    /// <summary>The steps taken, in order.</summary>
    public ReadOnlySpan<TraceStep> Trace => trace.AsSpan(0, steps);

    /// <summary>What each step has touched, in order; empty unless the scheduler asks for it.</summary>
    public ReadOnlySpan<Touch> Touches => log is null ? default : log.Touches;

    /// <summary>How the last execution ended.</summary>
    [field: NotState(Past)]
    public Ending Ending { get; private set; }

    /// <summary>What a routine threw, when <see cref="Ending"/> is <see cref="Ending.Fault"/>.</summary>
    [field: NotState(Past)]
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
        MakeRoom(lanes);
        for (int i = 0; i < Math.Max(active, lanes); i++)
        {
            cpus[i].Reset();
        }

        active = lanes;
        live = default;
        waiting = default;
        asked = default;
        blocked = default;
        steps = 0;
        current = Nobody;
        pending = Nobody;
        stopping = false;
        log = null;
        pace = Pace.Asks;
        Error = null;
        Ending = Ending.Completed;
    }

    /// <summary>Gives lane <paramref name="index"/> its body: from now on it can run. Before <see cref="Run"/>, or
    /// called by a lane that runs, which so starts another one (pthread_create).</summary>
    public void SetBody(int index, Func<Cpu, Flow> body)
    {
        Cpu cpu = cpus[index];
        cpu.Body = body;
        cpu.Parent = Current;
        cpu.ParkAtStart();
        live.Add(index);
    }

    /// <summary>Runs one body alone on lane 0 to its end: every point is passed without asking anybody.</summary>
    /// <returns>False when it had to wait for something nobody can bring, or threw.</returns>
    public bool RunSolo(Func<Cpu, Flow> body)
    {
        Cpu cpu = cpus[0];
        live.Add(cpu.Index);
        pace = Pace.Solo;
        soloSteps = 0;
        current = 0;
        Start(cpu, body);
        pace = Pace.Asks;
        current = Nobody;
        Ending = Error is not null ? Ending.Fault
            : cpu.Done ? Ending.Completed
            : soloSteps < StepsMax ? Ending.Deadlock
            : Ending.Livelock;
        return Ending == Ending.Completed;
    }

    /// <summary>Runs all lanes that have a body, one step at a time, until all are done or nobody can go on.</summary>
    public Ending Run(IScheduler scheduler, IStepCheck? check = null)
    {
        this.scheduler = scheduler;
        this.check = check;
        seesForced = scheduler.SeesForcedSteps;
        log = scheduler.NotesTouches ? new TouchLog() : null;
        pace = scheduler.ParksLanes ? Pace.Parks : Pace.Asks;
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

            if (next.Done || pace == Pace.Parks)
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
    internal bool IsDone(Cpu cpu) => !live.Contains(cpu.Index);

    /// <summary>Notes that a lane waits for something that must be asked before every choice.</summary>
    internal void Waits(Cpu cpu)
    {
        waiting.Add(cpu.Index);
        asked.Add(cpu.Index);
    }

    /// <summary>Notes that a lane waits before its next step, for a lock that announces its changes.</summary>
    internal void WaitsForLock(Cpu cpu)
    {
        waiting.Add(cpu.Index);
        blocked.Set(cpu.Index, !cpu.IsEnabled);
    }

    /// <summary>A lock was taken or given back: asks the lanes that wait for it.</summary>
    internal void Announce(SharedObject changed)
    {
        log?.Note(steps - 1, changed.Id, writes: true);
        foreach (int lane in waiting.Without(asked))
        {
            Cpu cpu = cpus[lane];
            if (cpu.Target == changed)
            {
                blocked.Set(lane, !cpu.IsEnabled);
            }
        }
    }

    /// <summary>A lane arrived at its next point. Returns whether it goes straight on.</summary>
    internal bool Arrive(Cpu cpu)
    {
        if (pace != Pace.Asks)
        {
            return pace == Pace.Solo && ++soloSteps < StepsMax && cpu.IsEnabled && Enter(cpu);
        }

        int next = Advance();
        pending = next;
        return next == cpu.Index;
    }

    /// <summary>The routine of a lane ended, perhaps by throwing.</summary>
    internal void End(Cpu cpu, Exception? error)
    {
        live.Remove(cpu.Index);
        cpu.Leaf = null;
        if (error is not null)
        {
            Error = error;
            Stop();
            Ending = Ending.Fault;
        }
    }

    private void MakeRoom(int lanes)
    {
        int i = cpus.Length;
        if (i < lanes)
        {
            Array.Resize(ref cpus, lanes);
            for (; i < lanes; i++)
            {
                cpus[i] = new Cpu(this, i);
            }
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
    private void Begin(int chosen, bool preempts)
    {
        Cpu cpu = cpus[chosen];

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

        bool waits = waiting.Contains(chosen);
        log?.NoteStep(at, cpu, waits, asked.Contains(chosen));
        if (waits)
        {
            Enter(cpu);
        }
    }

    /// <summary>Notes that the running step depends on an object besides the one that its point declares.</summary>
    public void Look(SharedObject at) => log?.Note(steps - 1, at.Id, writes: false);

    /// <summary>Notes that the running step has to do with RCU.</summary>
    internal void NoteGrace(bool writes) => log?.Note(steps - 1, Touch.Grace, writes);

    /// <summary>The wait is over; takes what was waited for.</summary>
    private bool Enter(Cpu cpu)
    {
        waiting.Remove(cpu.Index);
        asked.Remove(cpu.Index);
        cpu.EndWait();
        return true;
    }

    /// <summary>Chooses who is next, and begins the step of that lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Choose() =>
        cpus.Length <= LaneSet.WordBits ? ChooseFrom(new LaneSet(live.Low & ~blocked.Low, 0)) : ChooseFromMany();

    /// <summary>Apart, so that the compiler makes one body for few lanes, where it knows the upper word.</summary>
    private int ChooseFromMany() => ChooseFrom(live.Without(blocked));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ChooseFrom(LaneSet ready)
    {
        foreach (int lane in ready & asked)
        {
            // Without a branch: whether a lock is free is as good as random, so a branch would be mispredicted.
            ready.Set(lane, cpus[lane].IsEnabled);
        }

        if (ready.IsEmpty || steps >= StepsMax)
        {
            Ending = live.IsEmpty ? Ending.Completed : ready.IsEmpty ? Ending.Deadlock : Ending.Livelock;
            return Nobody;
        }

        int chosen = ready.Count == 1 && !seesForced
            ? ready.First
            : scheduler.Next(new Choice(this, ready, current, steps));

        // "Stop" is caught by this too.
        if (!ready.Contains(chosen))
        {
            return Refuse(chosen);
        }

        Begin(chosen, ready.Contains(current) & current != chosen);
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
