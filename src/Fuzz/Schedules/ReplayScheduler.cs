using Fuzz.Programs;
using Interleave;

namespace Fuzz.Schedules;

/// <summary>Follows a schedule.</summary>
/// <remarks>
/// Strict: the first deviation is recorded as <see cref="Drift"/> and stops the execution, and <see cref="Finish"/>
/// tells whether the execution ended where the schedule does. A stopped execution has no violation, so ask before
/// calling it a pass. Lenient (for the shrinker, which edits programs and schedules): a turn that cannot begin is
/// skipped, one that misses its point ends where its lane cannot go on, and after the last turn another scheduler goes
/// on, or else the lowest lane that can run runs on, and so forth: it never stops.
/// </remarks>
public sealed class ReplayScheduler : IScheduler
{
    private readonly IReadOnlyList<Turn> turns;
    private readonly int[] pointIds;
    private readonly bool strict;
    private readonly IScheduler? rest;
    private int turn;
    private int arrivals;
    private int tail;
    private bool begun;

    /// <summary>A scheduler for executions on machines with these points.</summary>
    /// <param name="schedule">What is followed.</param>
    /// <param name="points">The machines' points.</param>
    /// <param name="strict">Whether to stop at the first deviation.</param>
    /// <param name="rest">Lenient only: who chooses after the last turn.</param>
    /// <exception cref="InputException">Strict, and the schedule names a point that does not exist.</exception>
    public ReplayScheduler(Schedule schedule, PointTable points, bool strict = true, IScheduler? rest = null)
    {
        this.rest = rest;
        turns = schedule.Turns;
        this.strict = strict;
        pointIds = new int[turns.Count];
        for (int i = 0; i < turns.Count; i++)
        {
            Point? point = turns[i].UntilPoint is { } name ? ScheduleText.Find(points, name) : null;
            if (strict && point is null && turns[i].End == TurnEnd.Point)
            {
                throw new InputException(
                    "schedule", 0, 0, $"turn {i + 1} '{turns[i]}': unknown point '{turns[i].UntilPoint}'",
                    "a point of the engine", Names.Nearest(turns[i].UntilPoint!, ScheduleText.Ends(points)));
            }

            pointIds[i] = point?.Id ?? -1;
        }
    }

    private enum Progress
    {
        GoesOn,
        Over,
        Missed,
    }

    /// <inheritdoc />
    public bool SeesForcedSteps => true;

    /// <summary>Steps of the last execution before the last turn was over; <see cref="int.MaxValue"/> when it never
    /// was.</summary>
    public int Followed { get; private set; }

    /// <summary>Where the last execution left the schedule; null when it has not (yet), and always when
    /// lenient.</summary>
    public Drift? Drift { get; private set; }

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        turn = 0;
        arrivals = 0;
        tail = -1;
        begun = false;
        Drift = null;
        Followed = int.MaxValue;
        rest?.Begin(cpus);
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        while (turn < turns.Count)
        {
            int cpu = turns[turn].Cpu;
            if (!begun && choice.Can(cpu))
            {
                begun = true;
                arrivals = 0;
                return cpu;
            }

            Progress progress = begun ? Judge(choice, cpu) : Progress.Missed;
            if (progress == Progress.GoesOn)
            {
                return cpu;
            }

            if (progress == Progress.Missed && strict)
            {
                string expected = begun ? $"cpu{cpu} until {turns[turn].EndText}" : $"cpu{cpu} to run";
                return StopAt(choice, DriftKind.Turn, expected, Describe(choice.Machine, cpu));
            }

            turn++;
            begun = false;
        }

        return strict ? StopLate(choice) : RunOn(choice);
    }

    /// <summary>Judges the end of an execution, however it came about; sets <see cref="Drift"/> where it came too
    /// early.</summary>
    /// <returns><see cref="Drift"/>: null says that the execution is the one that was written down.</returns>
    public Drift? Finish(Machine machine)
    {
        if (!strict || Drift is not null || turn >= turns.Count)
        {
            return Drift;
        }

        int unfinished = begun && IsOverAtEnd(machine) ? turn + 1 : turn;
        if (unfinished < turns.Count)
        {
            Turn next = turns[unfinished];
            string where = machine.Steps == 0 ? "" : $" with {Describe(machine, next.Cpu)}";
            Drift = new Drift(
                DriftKind.EndedEarly, unfinished + 1, machine.Steps, next.ToString(),
                $"the execution ended ({machine.Ending}){where}");
        }

        return Drift;
    }

    private Progress Judge(in Choice choice, int index)
    {
        Cpu cpu = choice.Machine.Cpus[index];
        if (!cpu.Done && cpu.Parked.Id == pointIds[turn] && ++arrivals == turns[turn].Occurrence)
        {
            return Progress.Over;
        }

        if (choice.Can(index))
        {
            return Progress.GoesOn;
        }

        TurnEnd reached = cpu.Done ? TurnEnd.Done : TurnEnd.Blocked;
        return turns[turn].End == reached ? Progress.Over : Progress.Missed;
    }

    /// <summary>Whether the turn in progress ended together with the execution: nobody was asked after its last
    /// step.</summary>
    private bool IsOverAtEnd(Machine machine)
    {
        Turn current = turns[turn];
        bool done = Schedule.IsDone(machine, current.Cpu);
        return current.End switch
        {
            TurnEnd.Done => done,
            TurnEnd.Blocked => !done && machine.Ending == Ending.Deadlock,
            _ => !done && machine.Cpus[current.Cpu].Parked.Id == pointIds[turn] && arrivals + 1 == current.Occurrence,
        };
    }

    private int StopLate(in Choice choice)
    {
        int cpu = choice.Enabled.First;
        return StopAt(choice, DriftKind.EndedLate, "the end of the execution", Describe(choice.Machine, cpu));
    }

    private int StopAt(in Choice choice, DriftKind kind, string expected, string actual)
    {
        Drift = new Drift(kind, turn + 1, choice.StepIndex, expected, actual);
        return -1;
    }

    private int RunOn(in Choice choice)
    {
        Followed = Math.Min(Followed, choice.StepIndex);
        if (rest is not null && (choice.Count > 1 || rest.SeesForcedSteps))
        {
            return rest.Next(choice);
        }

        if (!choice.Can(tail))
        {
            tail = choice.Enabled.First;
        }

        return tail;
    }

    private static string Describe(Machine machine, int index)
    {
        if (index >= machine.Cpus.Length)
        {
            return $"there is no cpu{index}";
        }

        Cpu cpu = machine.Cpus[index];
        if (Schedule.IsDone(machine, index) && machine.Steps > 0)
        {
            return $"cpu{index} done";
        }

        bool waits = cpu.Waiting is { } waitable && !waitable.IsReady(cpu);
        return waits ? $"cpu{index} blocked at {cpu.Parked}" : $"cpu{index} parked at {cpu.Parked}";
    }
}
