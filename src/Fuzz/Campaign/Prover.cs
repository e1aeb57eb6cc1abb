using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>What came of executing the schedules of one program.</summary>
/// <param name="Result">What is proven.</param>
/// <param name="Executions">Executions that it took, those of lower bounds included.</param>
public sealed record ProofSearch(SearchResult Result, long Executions);

/// <summary>Executes every schedule of one program, by ascending number of preemptions, to say how far nothing
/// fails.</summary>
public static class Prover
{
    /// <summary>Searches until something fails, all schedules are executed, or the budget is used up.</summary>
    /// <remarks>When something fails, the executor's engine still remembers it.</remarks>
    /// <param name="program">The program.</param>
    /// <param name="executor">Runs the engine that is to be proven right.</param>
    /// <param name="executionsMax">The budget.</param>
    /// <param name="fails">Which verdicts end the search; null for all that name a broken law.</param>
    /// <param name="cancel">Ends the search; nothing is proven then.</param>
    public static ProofSearch Search(
        Program program, Executor executor, long executionsMax, Func<Verdict, bool>? fails = null,
        CancellationToken cancel = default)
    {
        long executions = 0;
        SearchResult result = BoundedSearch.Ascending(
            search =>
            {
                executions++;
                bool passes = executor.Run(program, search) || fails?.Invoke(executor.Engine.Verdict) == false;
                return passes && !cancel.IsCancellationRequested;
            },
            BoundedSearch.Unbounded - 1, executionsMax);
        return new ProofSearch(
            result is Found && cancel.IsCancellationRequested ? new Bounded(-1, 0) : result, executions);
    }

    /// <summary>What is proven, for the header of a reproducer.</summary>
    /// <param name="passing">The search on v6.18; null when there was none.</param>
    /// <param name="failing">What the shrinker proved of the variant, or null.</param>
    /// <returns>One line, or null when nothing is proven.</returns>
    public static string? Describe(SearchResult? passing, string? failing)
    {
        string? plain = passing switch
        {
            null or Bounded { Preemptions: < 0 } => null,
            Found => "v6.18 fails, too",
            _ => $"v6.18 passes {passing}",
        };
        string? variant = failing is null ? null : $"with the variant {failing}";
        return plain is null ? variant : variant is null ? plain : $"{plain}; {variant}";
    }
}
