using Fuzz.Execution;
using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>What was proven of a reproducer by executing every schedule within a bound.</summary>
/// <param name="Failing">On its own engine: whether fewer preemptions would do; null when the program was not enumerated.</param>
/// <param name="Passing">On v6.18: how far nothing fails. <see cref="Found"/> says that something does.</param>
public sealed record Proof(SearchResult? Failing, SearchResult? Passing)
{
    /// <summary>One line for the reproducer's header; null when nothing is proven.</summary>
    public string? Text
    {
        get
        {
            List<string> parts = [];
            string? passing = Passing switch
            {
                Found => "v6.18 fails too",
                Bounded { Preemptions: < 0 } or null => null,
                _ => $"v6.18 passes {Passing}",
            };
            string? failing = Failing switch
            {
                Found { Preemptions: 0 } => "fails without any preemption",
                Found { Below: { } below } => $"with the variant none of {below} fails",
                _ => null,
            };
            parts.AddRange(new[] { passing, failing }.OfType<string>());
            return parts.Count == 0 ? null : string.Join("; ", parts);
        }
    }
}

/// <summary>Enumerates the schedules of a reproducer's program, with its variants and without.</summary>
public static class Prover
{
    /// <summary>Proves what it can within a budget.</summary>
    /// <param name="reproducer">Whose program it is.</param>
    /// <param name="failing">An engine with its variants.</param>
    /// <param name="passing">One without; null when the reproducer has no variants.</param>
    /// <param name="executionsMax">Budget for each of the two.</param>
    public static Proof Prove(Reproducer reproducer, IEngine failing, IEngine? passing, long executionsMax)
    {
        Executor bad = new(failing);
        int preemptions = reproducer.Schedule.Preemptions;
        SearchResult with = BoundedSearch.Ascending(
            search =>
            {
                bad.Run(reproducer.Program, search);
                return failing.Verdict.Find(reproducer.Violates) is null;
            },
            preemptions, executionsMax);
        if (passing is null)
        {
            return new Proof(with, null);
        }

        Executor good = new(passing);
        SearchResult without = BoundedSearch.Ascending(
            search => good.Run(reproducer.Program, search), BoundedSearch.Unbounded - 1, executionsMax);
        return new Proof(with, without);
    }
}
