using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Tests.Proofs;

/// <summary>All that the schedules of one program lead to.</summary>
/// <param name="Result">The search.</param>
/// <param name="AtRest">States in which its lanes come to rest: as many as there are, by their hashes.</param>
/// <param name="Broken">The laws that are broken in some schedule.</param>
internal sealed record EndStates(SearchResult Result, IReadOnlySet<string> AtRest, IReadOnlySet<string> Broken)
{
    /// <summary>Explores a program by states.</summary>
    public static EndStates Of(Program program, IEngine engine, int executionsMax = 200_000)
    {
        SortedSet<string> atRest = new(StringComparer.Ordinal);
        SortedSet<string> broken = new(StringComparer.Ordinal);
        Executor executor = null!;
        executor = new Executor(new RestRecorder(engine, () => atRest.Add(executor.States.Hash().ToString())))
        {
            ComparesStates = true,
        };
        SearchResult result = ExhaustiveSearch.Within(
            search =>
            {
                if (!executor.Run(program, search))
                {
                    broken.UnionWith(engine.Verdict.Violations.Select(violation => violation.Signature.ToString()));
                }

                return true;
            },
            ExhaustiveSearch.Unbounded, executionsMax, executor.States);
        return new EndStates(result, atRest, broken);
    }
}
