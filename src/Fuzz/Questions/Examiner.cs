using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Questions;

/// <summary>How much is spent on one engine.</summary>
/// <param name="Enumerated">Most executions of the enumeration.</param>
/// <param name="Sampled">Random executions after it.</param>
/// <param name="Seed">Of the random executions.</param>
public sealed record TrialBudget(long Enumerated = 100_000, long Sampled = 10_000, ulong Seed = 1);

/// <summary>Asks of any number of engines whether one program fails on them. Each set of variants is tried
/// once.</summary>
/// <param name="program">The program.</param>
/// <param name="oracle">The oracle whose violations count; null for any.</param>
/// <param name="budget">What is spent on each engine.</param>
public sealed class Examiner(Program program, string? oracle, TrialBudget budget)
{
    private readonly Dictionary<string, Trial> known = new(StringComparer.Ordinal);

    /// <summary>Enumerates, then draws.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Trial Examine(IReadOnlyList<string> variants, CancellationToken cancel = default)
    {
        string key = string.Join(',', variants.Order(StringComparer.Ordinal));
        if (!known.TryGetValue(key, out Trial? trial))
        {
            trial = Try(variants, cancel);
            known.Add(key, trial);
        }

        return trial;
    }

    private Trial Try(IReadOnlyList<string> variants, CancellationToken cancel)
    {
        Executor executor = new(new MmEngine(variants));
        Verdict verdict = executor.Engine.Verdict;
        long otherwise = 0;
        bool Fails(Verdict _)
        {
            bool asAsked = Asked(verdict) is not null;
            otherwise += asAsked ? 0 : 1;
            return asAsked;
        }

        ProofSearch search = new Prover(executor, budget.Enumerated).Search(program, Fails, cancel);
        cancel.ThrowIfCancellationRequested();
        Violation? violation = search.Result is Found ? Asked(verdict) : null;
        if (search.Result is Complete)
        {
            return new Trial(variants, search.Result, search.Executions, 0, 0, otherwise, null);
        }

        Portfolio portfolio = new(new Rng(budget.Seed));
        portfolio.NewProgram();
        long hits = 0;
        for (int i = 0; i < budget.Sampled; i++)
        {
            cancel.ThrowIfCancellationRequested();
            if (!executor.Run(program, portfolio.For(i)) && Fails(verdict))
            {
                hits++;
                violation ??= Asked(verdict);
            }
        }

        return new Trial(variants, search.Result, search.Executions, budget.Sampled, hits, otherwise, violation);
    }

    private Violation? Asked(Verdict verdict)
    {
        foreach (Violation violation in verdict.Violations)
        {
            if (oracle is null || violation.Signature.Oracle == oracle)
            {
                return violation;
            }
        }

        return null;
    }
}
