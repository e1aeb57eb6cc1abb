using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>Executes every schedule of one program, by ascending number of preemptions, to say how far nothing
/// fails.</summary>
public static class Prover
{
    /// <summary>Searches until something fails, all schedules are executed, or the budget is used up.</summary>
    /// <param name="program">The program.</param>
    /// <param name="engine">The engine that is to be proven right.</param>
    /// <param name="executionsMax">The budget.</param>
    /// <param name="cancel">Ends the search; nothing is proven then.</param>
    public static SearchResult Search(
        Program program, IEngine engine, long executionsMax, CancellationToken cancel = default)
    {
        Executor executor = new(engine);
        SearchResult result = BoundedSearch.Ascending(
            search => executor.Run(program, search) && !cancel.IsCancellationRequested, BoundedSearch.Unbounded - 1,
            executionsMax);
        return result is Found && cancel.IsCancellationRequested ? new Bounded(-1, 0) : result;
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
