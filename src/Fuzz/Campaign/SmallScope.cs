using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Fuzz.Shrinking;

namespace Fuzz.Campaign;

/// <summary>What came of the programs of one size.</summary>
/// <param name="Calls">Calls of each.</param>
/// <param name="Programs">How many programs there are.</param>
/// <param name="Explored">How many were explored: the others are left to these.</param>
/// <param name="Executions">Executions of those.</param>
/// <param name="States">States in which they were.</param>
/// <param name="Open">How many of them have more states than the budget of a program allows.</param>
public sealed record ScopeSize(int Calls, double Programs, int Explored, long Executions, long States, int Open);

/// <summary>A program that fails.</summary>
/// <param name="Program">The program.</param>
/// <param name="Signature">The law that was broken first in the schedule that was found.</param>
/// <param name="Schedule">That schedule: none with fewer preemptions fails.</param>
public sealed record ScopeFailure(Program Program, Signature Signature, Schedule Schedule);

/// <summary>What is known of all programs up to a size.</summary>
/// <param name="Sizes">The sizes of which all programs were explored, from one call on.</param>
/// <param name="Failures">Those of the last size that fail, of the ones that were explored.</param>
/// <param name="Simplest">The simplest of all programs of that size that fails; null when none does.</param>
/// <param name="Beyond">Programs of the next size that were explored before the budget or the patience ended.</param>
public sealed record ScopeResult(
    IReadOnlyList<ScopeSize> Sizes, IReadOnlyList<ScopeFailure> Failures, ScopeFailure? Simplest, int Beyond)
{
    /// <summary>Calls of the largest programs of which all smaller ones, and they themselves, pass: 0 when nothing is
    /// known of any.</summary>
    public int Proven => Sizes.TakeWhile(size => size.Open == 0 && (Failures.Count == 0 || size != Sizes[^1])).Count();
}

/// <summary>Explores all programs that are made of some calls, by size, each with all its schedules, until some
/// fail.</summary>
/// <remarks>The hypothesis of Jackson (Software Abstractions, 2006): most bugs have a small counterexample; and Marinov
/// and Khurshid: TestEra, ASE 2001, for exhaustive tests up to isomorphism. Programs are explored by several engines at
/// once, each program by a fresh one: what others have left behind in one tells states apart, or does not. So neither
/// what is found nor what it took depends on how many there are.</remarks>
/// <param name="programs">The programs.</param>
/// <param name="executionsMax">The budget for each program.</param>
/// <param name="newExecutor">Makes an executor with its engine; may be called by several threads at once.</param>
/// <param name="threads">Threads that take part.</param>
/// <param name="fails">Which verdicts are failures; null for all that name a broken law.</param>
public sealed class SmallScope(
    ProgramEnumerator programs, long executionsMax, Func<Executor> newExecutor, int threads,
    Func<Verdict, bool>? fails = null)
{
    /// <summary>Explores until programs of one size fail, all sizes are done, or the budget is used up, or would be by
    /// the next size.</summary>
    /// <param name="sizeMax">Most calls.</param>
    /// <param name="totalMax">The budget for all programs together.</param>
    /// <param name="progress">Is told, after each program: its size, how many of that size are done, and all
    /// executions so far.</param>
    /// <param name="cancel">Ends it with the sizes that are done.</param>
    public ScopeResult Search(
        int sizeMax, long totalMax = long.MaxValue, Action<int, int, long>? progress = null,
        CancellationToken cancel = default)
    {
        List<ScopeSize> sizes = [];
        List<ScopeFailure> failures = [];
        long total = 0;
        for (int size = 1; size <= sizeMax && failures.Count == 0; size++)
        {
            if (sizes.Count > 0 && IsHopeless(sizes[^1], totalMax - total))
            {
                break;
            }

            ScopeSize sum = new(size, programs.Count(size), 0, 0, 0, 0);
            bool whole = Explore(programs.Representatives(size), explored =>
            {
                total += explored.Executions;
                sum = sum with
                {
                    Explored = sum.Explored + 1,
                    Executions = sum.Executions + explored.Executions,
                    States = sum.States + ((explored.Result as Complete)?.States ?? 0),
                    Open = sum.Open + (explored.Result is Bounded ? 1 : 0),
                };
                if (explored.Failure is { } failure)
                {
                    failures.Add(failure);
                }

                progress?.Invoke(size, sum.Explored, total);
                return total <= totalMax;
            }, cancel);
            if (!whole)
            {
                return new ScopeResult(sizes, [], null, sum.Explored);
            }

            sizes.Add(sum);
        }

        return new ScopeResult(sizes, failures, Simplest(failures, cancel), 0);
    }

    /// <summary>Whether the programs with one call more would use up more than that, even if they needed no more
    /// executions than those that were explored last.</summary>
    private bool IsHopeless(ScopeSize last, long executions)
    {
        double few = executions / (last.Executions / (double)Math.Max(last.Explored, 1));
        return few < int.MaxValue && programs.Representatives(last.Calls + 1).Skip((int)few).Any();
    }

    /// <summary>The simplest program that is left to one of those and fails, too.</summary>
    private ScopeFailure? Simplest(List<ScopeFailure> failures, CancellationToken cancel)
    {
        ScopeFailure? simplest = null;
        IEnumerable<Program> all = failures.SelectMany(failure => ProgramEnumerator.HeadStarts(failure.Program))
            .Distinct().Order(SimplerThan.Order);
        Explore(all, explored => (simplest = explored.Failure) is null, cancel);
        return simplest;
    }

    /// <summary>Explores programs, and hands over what came of each in their order.</summary>
    /// <param name="all">The programs.</param>
    /// <param name="take">Is given what came of each; returns whether to go on.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Whether all were explored.</returns>
    private bool Explore(IEnumerable<Program> all, Func<Explored, bool> take, CancellationToken cancel)
    {
        using IEnumerator<Program> next = all.GetEnumerator();
        Lock guard = new();
        Dictionary<int, Explored> done = [];
        int begun = 0;
        int taken = 0;
        bool stop = false;
        Exception? error = null;
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(_ => new Thread(Work))];
        Array.ForEach(others, thread => thread.Start());
        Work();
        Array.ForEach(others, thread => thread.Join());
        return error is null ? !stop : throw new InvalidOperationException(error.Message, error);

        void Work()
        {
            try
            {
                while (Take() is { } work)
                {
                    Finish(work.Number, Explore(newExecutor(), work.Program, cancel));
                }
            }
            catch (Exception thrown) when (thrown is not OutOfMemoryException)
            {
                lock (guard)
                {
                    error ??= thrown;
                    stop = true;
                }
            }
        }

        (int Number, Program Program)? Take()
        {
            lock (guard)
            {
                stop |= cancel.IsCancellationRequested;
                return !stop && next.MoveNext() ? (begun++, next.Current) : null;
            }
        }

        void Finish(int number, Explored explored)
        {
            lock (guard)
            {
                stop |= cancel.IsCancellationRequested;
                done.Add(number, explored);
                while (!stop && done.Remove(taken, out Explored? first))
                {
                    taken++;
                    stop = !take(first);
                }
            }
        }
    }

    private Explored Explore(Executor executor, Program program, CancellationToken cancel)
    {
        ProofSearch search = new Prover(executor, executionsMax).Search(program, fails, cancel);
        if (search.Result is not Found)
        {
            return new Explored(search.Result, search.Executions, null);
        }

        Verdict verdict = executor.Engine.Verdict;
        Signature signature = verdict.Violations[0].Signature;
        return new Explored(
            search.Result, search.Executions,
            new ScopeFailure(program, signature, Schedule.FromTrace(executor.Engine.Machine)));
    }

    private sealed record Explored(SearchResult Result, long Executions, ScopeFailure? Failure);
}
