using Interleave;

namespace Fuzz.Schedules;

/// <summary>What the schedulers share that reason about events: the steps on objects that several lanes touch and some
/// change.</summary>
/// <remarks>
/// A step that is none runs at once: the start of a lane or of another lane, what only one lane ever touches, what is
/// only touched under a lock of its own (<see cref="Guards"/>), giving a lock back. Whenever it runs, the orders of the
/// events are the same. So who comes to an event late because others have to start it first is no less likely to be
/// early. Before anything is learnt of a program, all but the start of a lane are events.
/// </remarks>
public abstract class EventScheduler : IScheduler
{
    private readonly ushort[] points = new ushort[Machine.CpusMax];
    private readonly ushort[] targets = new ushort[Machine.CpusMax];
    private readonly Access[] accesses = new Access[Machine.CpusMax];
    private LaneSet known;
    private LaneSet atEvent;

    private protected EventScheduler(Rng rng, Profile? profile)
    {
        Rng = rng;
        Profile = profile ?? new Profile();
    }

    /// <inheritdoc />
    public bool SeesForcedSteps => true;

    private protected Rng Rng { get; }

    private protected Profile Profile { get; }

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        known = default;
        atEvent = default;
        BeginEvents(cpus);
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        if (choice.Current >= 0)
        {
            known.Remove(choice.Current);
        }

        LaneSet arrived = choice.Enabled.Without(known);
        foreach (int lane in arrived)
        {
            Look(choice.Machine.Cpus[lane]);
        }

        known |= arrived;
        Arrived(choice, arrived);
        LaneSet quiet = choice.Enabled.Without(atEvent);
        int chosen = quiet.IsEmpty ? NextEvent(choice) : quiet.First;
        Chosen(chosen);
        return chosen;
    }

    /// <summary>An execution begins.</summary>
    private protected abstract void BeginEvents(int cpus);

    /// <summary>The lane that runs the next event; all lanes that can run are at one.</summary>
    private protected abstract int NextEvent(in Choice choice);

    /// <summary>These lanes have come to a new step since the last choice.</summary>
    private protected virtual void Arrived(in Choice choice, LaneSet lanes)
    {
    }

    /// <summary>This lane runs its step now, event or not.</summary>
    private protected virtual void Chosen(int cpu)
    {
    }

    /// <summary>The point where a lane that can run is parked.</summary>
    private protected ushort PointOf(int cpu) => points[cpu];

    /// <summary>The object of its step.</summary>
    private protected ushort TargetOf(int cpu) => targets[cpu];

    /// <summary>Whether its step may change the object.</summary>
    private protected bool Writes(int cpu) => accesses[cpu] != Access.Read;

    /// <summary>The lane that was chosen draws its next priority, and so do those whose step races with its
    /// own.</summary>
    private protected void DrawAnew(in Choice choice, int chosen, Priorities priorities)
    {
        priorities.Draw(chosen);
        foreach (int other in choice.Enabled)
        {
            if (other != chosen && TargetOf(other) == TargetOf(chosen) && (Writes(other) || Writes(chosen)))
            {
                priorities.Draw(other);
            }
        }
    }

    private void Look(Cpu cpu)
    {
        int index = cpu.Index;
        Point point = cpu.Parked;
        points[index] = point.Id;
        targets[index] = cpu.Target?.Id ?? TraceStep.NoTarget;
        accesses[index] = point.Access;
        bool isEvent = cpu.Target is { } target
            && (Profile.Executions == 0 || (Profile.IsEvent(point.Access) && Profile.IsEvent(target.Id)));
        atEvent.Set(index, isEvent);
    }
}
