using Interleave;

namespace Fuzz.Schedules;

/// <summary>What the executions of one program have shown so far, for the schedulers that need to know it: events of
/// each lane and object, who starts whom, and hand-offs.</summary>
/// <remarks>
/// <code>
/// machine.Run(scheduler);
/// profile.Learn(machine);
/// </code>
/// Nothing is known before the first execution; schedulers say what they do then.
/// </remarks>
public sealed class Profile
{
    private readonly Dictionary<ushort, ObjectEvents> byId = [];
    private readonly List<ObjectEvents> targets = [];
    private readonly Guards guards = new();
    private readonly HashSet<ushort> events = [];
    private readonly int[] parents = new int[Machine.CpusMax];
    private int lanes;

    /// <summary>Which objects more than one lane touches; shared with PCT.</summary>
    public Contention Contention { get; } = new();

    /// <summary>The hand-offs that executions showed, and those that may be.</summary>
    public Handoffs Handoffs { get; } = new();

    /// <summary>Executions learnt from.</summary>
    public int Executions { get; private set; }

    /// <summary>Another program comes.</summary>
    public void NewProgram()
    {
        Contention.NewProgram();
        Handoffs.NewProgram();
        guards.NewProgram();
        events.Clear();
        byId.Clear();
        targets.Clear();
        lanes = 0;
        Executions = 0;
    }

    /// <summary>Learns from the execution that a machine ran last.</summary>
    /// <returns>How much of it was new; 0 for nothing.</returns>
    public int Learn(Machine machine)
    {
        Executions++;
        Contention.Learn(machine.Trace);
        for (; lanes < machine.Cpus.Length; lanes++)
        {
            parents[lanes] = -1;
        }

        foreach (Cpu cpu in machine.Cpus)
        {
            parents[cpu.Index] = cpu.Parent?.Index ?? parents[cpu.Index];
        }

        foreach (ref readonly TraceStep step in machine.Trace)
        {
            Access access = machine.Points[step.Point].Access;
            if (step.Target != TraceStep.NoTarget && IsEvent(access))
            {
                EventsOf(step.Target).Count(step.Cpu, access);
            }
        }

        guards.Learn(machine);
        targets.Clear();
        events.Clear();
        foreach (ObjectEvents found in byId.Values.OrderBy(found => found.Id))
        {
            found.EndExecution();
            if (Contention.IsShared(found.Id) && found.IsWritten && !guards.Has(found.Id))
            {
                events.Add(found.Id);
                targets.Add(found);
            }
        }

        return Handoffs.Learn(machine, this);
    }

    /// <summary>Whether such a step can be an event: giving a lock back sooner only lets others go on.</summary>
    internal static bool IsEvent(Access access) => access is not (Access.None or Access.Release);

    /// <summary>Whether steps on that object are events: several lanes have touched it, some have changed it, and it
    /// has no lock of its own; or nothing is known yet.</summary>
    public bool IsEvent(ushort id) => Executions == 0 || events.Contains(id);

    /// <summary>An object that several lanes touch and some write, each as likely as it has events; null where nothing
    /// is known.</summary>
    internal ObjectEvents? Draw(Rng rng)
    {
        int total = 0;
        foreach (ObjectEvents target in targets)
        {
            total += target.Total;
        }

        int at = total == 0 ? 0 : rng.Next(total);
        foreach (ObjectEvents target in targets)
        {
            if (at < target.Total)
            {
                return target;
            }

            at -= target.Total;
        }

        return null;
    }

    /// <summary>Adds up each lane's events on those objects, or on all; lanes that another one starts count for that
    /// one, too.</summary>
    internal void CountEvents(ObjectEvents? of, Span<int> into)
    {
        into.Clear();
        int known = Math.Min(lanes, into.Length);
        foreach (ObjectEvents target in targets)
        {
            for (int cpu = 0; cpu < known && (of is null || of == target); cpu++)
            {
                into[cpu] += target.Of(cpu);
            }
        }

        // Lanes are numbered in the order in which they are started, more often than not; else some are left out.
        for (int cpu = known - 1; cpu >= 0; cpu--)
        {
            if (parents[cpu] >= 0)
            {
                into[parents[cpu]] += into[cpu];
            }
        }
    }

    private ObjectEvents EventsOf(ushort id)
    {
        if (!byId.TryGetValue(id, out ObjectEvents? found))
        {
            byId.Add(id, found = new ObjectEvents(id));
        }

        return found;
    }
}

/// <summary>The events of one object: how many steps each lane takes on it, at most.</summary>
/// <param name="id">The object's.</param>
internal sealed class ObjectEvents(ushort id)
{
    private readonly int[] most = new int[Machine.CpusMax];
    private readonly int[] now = new int[Machine.CpusMax];
    private int lanes;

    public ushort Id => id;

    /// <summary>Whether a step may change it.</summary>
    public bool IsWritten { get; private set; }

    /// <summary>Those of all lanes.</summary>
    public int Total { get; private set; }

    public int Of(int cpu) => most[cpu];

    public void Count(int cpu, Access access)
    {
        now[cpu]++;
        lanes = Math.Max(lanes, cpu + 1);
        IsWritten |= access is not (Access.Read or Access.None);
    }

    public void EndExecution()
    {
        Total = 0;
        for (int cpu = 0; cpu < lanes; cpu++)
        {
            most[cpu] = Math.Max(most[cpu], now[cpu]);
            now[cpu] = 0;
            Total += most[cpu];
        }
    }
}
