using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Fuzz.Shrinking;
using Interleave;

namespace Fuzz.Questions;

/// <summary>How much is spent on one cell.</summary>
/// <param name="Enumerated">Most executions of the enumeration of each program.</param>
/// <param name="Sampled">Executions of random programs, if no enumerated one fails.</param>
/// <param name="Seed">Of the random programs.</param>
public sealed record AskBudget(long Enumerated = 20_000, long Sampled = 20_000, ulong Seed = 1);

/// <summary>Fills the cells of a question by search: first the schedules of the cell's own programs by ascending number
/// of preemptions, then random programs under random schedules.</summary>
/// <param name="question">The question.</param>
/// <param name="programs">Makes a source of random programs, the same for each cell.</param>
/// <param name="budget">What is spent on each cell.</param>
public sealed class Asker(Question question, Func<IProgramSource> programs, AskBudget budget)
{
    /// <summary>Searches one cell.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Answer Ask(Cell cell, CancellationToken cancel = default)
    {
        Executor executor = new(new MmEngine(cell.Variants));
        List<SearchResult> searches = [];
        foreach (Program program in cell.Programs)
        {
            ProofSearch search = new Prover(executor, budget.Enumerated).Search(program, IsBroken, cancel);
            cancel.ThrowIfCancellationRequested();
            searches.Add(search.Result);
            if (search.Result is Found)
            {
                return new Answer(cell, Shrink(cell, executor, program), searches, 0);
            }
        }

        return question.TakesRandomPrograms
            ? Sample(cell, executor, searches, cancel) : new Answer(cell, null, searches, 0);
    }

    private Answer Sample(Cell cell, Executor executor, List<SearchResult> searches, CancellationToken cancel)
    {
        Rng rng = new(budget.Seed);
        Portfolio portfolio = new(rng);
        IProgramSource source = programs();
        for (long executions = 0; executions < budget.Sampled;)
        {
            Program program = source.Fresh(rng);
            portfolio.NewProgram();
            for (int i = 0; portfolio.Wants(i, executor.Engine.Machine) && executions < budget.Sampled; i++)
            {
                cancel.ThrowIfCancellationRequested();
                executions++;
                if (!executor.Run(program, portfolio.For(i)) && IsBroken(executor.Engine.Verdict)
                    && executor.Engine.Machine.Steps > 0)
                {
                    return new Answer(cell, Shrink(cell, executor, program), searches, executions);
                }
            }
        }

        return new Answer(cell, null, searches, budget.Sampled);
    }

    private bool IsBroken(Verdict verdict) => Asked(verdict) is not null;

    /// <summary>The failure that the executor has just met, as small as it can be made.</summary>
    private Reproducer Shrink(Cell cell, Executor executor, Program program)
    {
        Signature violates = Asked(executor.Engine.Verdict)!.Signature;
        Schedule schedule = Schedule.FromTrace(executor.Engine.Machine);
        ShrunkFailure small = ShrunkFailure.Shrink(executor, program, schedule, violates);
        return new Reproducer(small.Program, small.Fewest.Schedule, violates)
        {
            Variants = cell.Variants,
            Remark = $"{question.Name}: {cell.Row} x {cell.Column}.",
            Proof = small.Fewest.Statement,
            Engine = EngineVersion.Current,
        };
    }

    private Violation? Asked(Verdict verdict)
    {
        foreach (Violation violation in verdict.Violations)
        {
            if (question.Matches(violation))
            {
                return violation;
            }
        }

        return null;
    }
}
