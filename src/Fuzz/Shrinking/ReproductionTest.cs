using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Shrinking;

/// <summary>How hard a candidate is tried, in executions.</summary>
/// <param name="Bounded">Systematic ones, with 0, 1 and 2 preemptions.</param>
/// <param name="Random">Random ones after them: a random walk and PCT in turn.</param>
public sealed record ReproductionBudget(int Bounded = 800, int Random = 1200);

/// <summary>Another failure that was met while chasing one. It is a find of its own.</summary>
/// <param name="Signature">What was broken first.</param>
/// <param name="Program">The program, as it stood.</param>
/// <param name="Schedule">The schedule.</param>
public sealed record Slipped(Signature Signature, Program Program, Schedule Schedule);

/// <summary>Says whether a program still fails under some schedule, with exactly the signature that is
/// chased.</summary>
/// <remarks>
/// Tries the schedule of the last failure, leniently (most simpler programs fail under much the same one), then every
/// schedule with at most 0, 1, 2 preemptions, then random ones. A program all of whose schedules fit in the budget is
/// judged exactly; of others it may say too early that they pass, and then the result is less simple than it could be,
/// but never wrong. Deterministic: the random part starts from the same seed for every candidate.
/// </remarks>
public sealed class ReproductionTest : ICandidateTest
{
    private const int PreemptionsMax = 2;
    private const ulong Seed = 1;
    private readonly Executor executor;
    private readonly Signature target;
    private readonly ReproductionBudget budget;
    private readonly List<Slipped> slipped = [];

    /// <summary>A test that knows one failing schedule to begin with.</summary>
    public ReproductionTest(
        Executor executor, Signature target, Schedule failing, ReproductionBudget? budget = null)
    {
        this.executor = executor;
        this.target = target;
        this.budget = budget ?? new ReproductionBudget();
        Schedule = failing;
    }

    /// <summary>The schedule of the last candidate that failed.</summary>
    public Schedule Schedule { get; private set; }

    /// <summary>Executions so far.</summary>
    public long Executions { get; private set; }

    /// <summary>Other failures that were met, each signature once, in the order in which they were met.</summary>
    public IReadOnlyList<Slipped> Slipped => slipped;

    /// <inheritdoc />
    public bool Fails(Program candidate)
    {
        PointTable points = executor.Engine.Machine.Points;
        if (Execute(candidate, new ReplayScheduler(Schedule, points, strict: false)))
        {
            return true;
        }

        SearchResult searched = ExhaustiveSearch.Ascending(
            search => !Execute(candidate, search), PreemptionsMax, budget.Bounded);
        return searched switch
        {
            Found => true,
            Complete => false,
            _ => FailsAtRandom(candidate),
        };
    }

    /// <summary>Executes once; keeps the schedule if it fails as chased, and the find if it fails otherwise.</summary>
    /// <returns>Whether it failed as chased.</returns>
    public bool Execute(Program program, IScheduler scheduler)
    {
        Executions++;
        if (executor.Run(program, scheduler))
        {
            return false;
        }

        Verdict verdict = executor.Engine.Verdict;
        Schedule schedule = Schedule.FromTrace(executor.Engine.Machine);
        if (verdict.Find(target) is not null)
        {
            Schedule = schedule;
            return true;
        }

        Signature other = verdict.Violations[0].Signature;
        if (!slipped.Exists(s => s.Signature == other))
        {
            slipped.Add(new Slipped(other, program, schedule));
        }

        return false;
    }

    /// <summary>
    /// Leaves out turns of the known schedule, one at a time, for as long as the program still fails with fewer
    /// preemptions.
    /// </summary>
    /// <remarks>
    /// A schedule as a random search finds it is full of switches that do not matter; without them it fits simpler
    /// programs too. Ends because every success has fewer preemptions.
    /// </remarks>
    public void LeaveOutTurns(Program program)
    {
        Schedule best = Schedule;
        int fewest = PreemptionsOf(program, best);
        for (int i = 0; i < best.Turns.Count;)
        {
            Schedule candidate = new([.. best.Turns.Take(i), .. best.Turns.Skip(i + 1)]);
            int preemptions = PreemptionsOf(program, candidate);
            if (preemptions < fewest)
            {
                best = Schedule;
                fewest = preemptions;
                i = 0;
            }
            else
            {
                i++;
            }
        }

        Schedule = best;
    }

    /// <summary>Preemptions of the execution that a schedule leads to; more than any if the program does not fail
    /// so.</summary>
    private int PreemptionsOf(Program program, Schedule schedule)
    {
        Machine machine = executor.Engine.Machine;
        return Execute(program, new ReplayScheduler(schedule, machine.Points, strict: false))
            ? machine.Preemptions
            : int.MaxValue;
    }

    private bool FailsAtRandom(Program candidate)
    {
        Rng rng = new(Seed);
        IScheduler[] schedulers =
            [new PctScheduler(3, rng), new PctScheduler(2, rng), new PctScheduler(3, rng), new RandomScheduler(rng)];
        for (int i = 0; i < budget.Random; i++)
        {
            if (Execute(candidate, schedulers[i % schedulers.Length]))
            {
                return true;
            }
        }

        return false;
    }
}
