using Interleave;

namespace Fuzz.Schedules;

/// <summary>What ends a turn.</summary>
public enum TurnEnd
{
    /// <summary>The lane gets parked at a named point.</summary>
    Point,

    /// <summary>The lane cannot go on: it waits for somebody.</summary>
    Blocked,

    /// <summary>The lane has run to its end.</summary>
    Done,
}

/// <summary>One lane runs alone until something happens. Every turn takes at least one step.</summary>
/// <param name="Cpu">The lane.</param>
/// <param name="UntilPoint">Name of the point where it stops; null unless <paramref name="End"/> is
/// <see cref="TurnEnd.Point"/>.</param>
/// <param name="Occurrence">Which time in this turn the lane is parked there, from 1; 1 for the other ends.</param>
/// <param name="End">What ends the turn.</param>
public readonly record struct Turn(int Cpu, string? UntilPoint, int Occurrence, TurnEnd End)
{
    /// <summary>Runs until the lane is parked at a point for the n-th time in this turn.</summary>
    public static Turn Until(int cpu, string point, int occurrence = 1) => new(cpu, point, occurrence, TurnEnd.Point);

    /// <summary>Runs until the lane cannot go on.</summary>
    public static Turn UntilBlocked(int cpu) => new(cpu, null, 1, TurnEnd.Blocked);

    /// <summary>Runs until the lane is done.</summary>
    public static Turn UntilDone(int cpu) => new(cpu, null, 1, TurnEnd.Done);

    /// <summary>What ends the turn, as it is written: <c>ZapClearPte#2</c>, <c>blocked</c>, <c>done</c>.</summary>
    public string EndText => End switch
    {
        TurnEnd.Blocked => "blocked",
        TurnEnd.Done => "done",
        _ => Occurrence == 1 ? UntilPoint! : $"{UntilPoint}#{Occurrence}",
    };

    /// <summary>As it is written: <c>cpu0 until ZapClearPte</c>.</summary>
    public override string ToString() => $"cpu{Cpu} until {EndText}";
}

/// <summary>Who ran when, as turns that name points: it outlives unrelated changes to the engine. Immutable.</summary>
public sealed class Schedule : IEquatable<Schedule>
{
    private readonly Turn[] turns;

    /// <summary>A schedule of these turns.</summary>
    /// <exception cref="ArgumentException">A turn names no possible lane, no point or no occurrence.</exception>
    public Schedule(params ReadOnlySpan<Turn> turns)
    {
        foreach (Turn turn in turns)
        {
            bool endFits = turn.End == TurnEnd.Point
                ? turn.UntilPoint is not null && turn.Occurrence >= 1
                : turn.UntilPoint is null && turn.Occurrence == 1;
            if ((uint)turn.Cpu >= Machine.CpusMax || !endFits)
            {
                throw new ArgumentException($"'{turn}' is no turn", nameof(turns));
            }
        }

        this.turns = turns.ToArray();
    }

    /// <summary>No turns at all.</summary>
    public static Schedule Empty { get; } = new();

    /// <summary>The turns in order.</summary>
    public IReadOnlyList<Turn> Turns => turns;

    /// <summary>Turns that end at a point although the lane might have gone on, and are followed by another
    /// lane's.</summary>
    /// <remarks>Exact for schedules from <see cref="FromTrace"/>. A written one may name the very point where its lane
    /// is blocked; that counts too.</remarks>
    public int Preemptions
    {
        get
        {
            int count = 0;
            for (int i = 0; i + 1 < turns.Length; i++)
            {
                count += turns[i].End == TurnEnd.Point && turns[i + 1].Cpu != turns[i].Cpu ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>The schedule of the execution that a machine ran last; empty when its concurrent part never
    /// began.</summary>
    public static Schedule FromTrace(Machine machine)
    {
        ReadOnlySpan<TraceStep> trace = machine.Trace;
        List<Turn> found = [];
        int first = 0;
        while (first < trace.Length)
        {
            int last = first;
            while (last + 1 < trace.Length && trace[last + 1].Cpu == trace[first].Cpu)
            {
                last++;
            }

            found.Add(TurnOf(machine, trace, first, last));
            first = last + 1;
        }

        return new Schedule(found.ToArray());
    }

    /// <summary>Whether a lane ran to its end in the concurrent part of the last execution.</summary>
    /// <remarks>A machine that runs nobody any more has gone on to run something alone (the end of the world): all
    /// lanes were done then, whatever lane 0 has done since.</remarks>
    internal static bool IsDone(Machine machine, int cpu) => machine.Current is null || machine.Cpus[cpu].Done;

    /// <inheritdoc />
    public bool Equals(Schedule? other) => other is not null && turns.AsSpan().SequenceEqual(other.turns);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Schedule);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (Turn turn in turns)
        {
            hash.Add(turn);
        }

        return hash.ToHashCode();
    }

    /// <summary>The turns in one line: <c>cpu0 until ZapClearPte; cpu1 until done</c>.</summary>
    public override string ToString() => string.Join("; ", turns);

    private static Turn TurnOf(Machine machine, ReadOnlySpan<TraceStep> trace, int first, int last)
    {
        int cpu = trace[first].Cpu;
        int again = last + 1;
        while (again < trace.Length && trace[again].Cpu != cpu)
        {
            again++;
        }

        bool ranAgain = again < trace.Length;
        if (!ranAgain && IsDone(machine, cpu))
        {
            return Turn.UntilDone(cpu);
        }

        bool isLastTurn = last + 1 == trace.Length;
        if (isLastTurn ? machine.Ending == Ending.Deadlock : !trace[last + 1].Preempts)
        {
            return Turn.UntilBlocked(cpu);
        }

        int point = ranAgain ? trace[again].Point : machine.Cpus[cpu].Parked.Id;
        int occurrence = 1;
        foreach (TraceStep step in trace[(first + 1)..(last + 1)])
        {
            occurrence += step.Point == point ? 1 : 0;
        }

        return Turn.Until(cpu, machine.Points[point].Name, occurrence);
    }
}
