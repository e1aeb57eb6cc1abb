using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Shrinking;

/// <summary>A failure made as simple as it can be: first the program, then its schedule.</summary>
/// <param name="Program">The simplest program found.</param>
/// <param name="Fewest">Its schedule with the fewest preemptions, and what is proven about fewer.</param>
/// <param name="Slipped">Other failures that were met on the way.</param>
/// <param name="Tests">Programs that were tested.</param>
/// <param name="Executions">Executions that it took.</param>
public sealed record ShrunkFailure(
    Program Program, FewestPreemptions Fewest, IReadOnlyList<Slipped> Slipped, int Tests, long Executions)
{
    /// <summary>Shrinks a failure.</summary>
    /// <param name="executor">Runs the engine with the variant that fails.</param>
    /// <param name="program">The program.</param>
    /// <param name="schedule">The schedule under which it fails.</param>
    /// <param name="target">The signature that is kept.</param>
    /// <param name="budget">How hard each candidate is tried.</param>
    /// <param name="executionsMax">Budget of the last stage, the search for the fewest preemptions.</param>
    /// <exception cref="InvalidOperationException">The program does not fail so under that schedule.</exception>
    public static ShrunkFailure Shrink(
        Executor executor, Program program, Schedule schedule, Signature target, ReproductionBudget? budget = null,
        long executionsMax = 20_000)
    {
        ReproductionTest test = new(executor, target, schedule, budget);
        test.LeaveOutTurns(program);
        Shrinker shrinker = new(test);
        Program simplest = shrinker.Shrink(program);
        test.LeaveOutTurns(simplest);
        FewestPreemptions fewest = FewestPreemptions.Find(test, executor, simplest, executionsMax);
        return new ShrunkFailure(simplest, fewest, test.Slipped, shrinker.Tests, test.Executions);
    }
}
