using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>What came of exploring the interleavings of one program.</summary>
/// <param name="Result">What is proven.</param>
/// <param name="Executions">Executions that it took, those of lower bounds included.</param>
public sealed record ProofSearch(SearchResult Result, long Executions);

/// <summary>Explores every interleaving of one program, to say how far nothing fails.</summary>
/// <remarks>
/// First all schedules with no preemption and with one: most of what fails does so there. Then all states that any
/// schedule leads to (<see cref="ExhaustiveSearch"/>). When one fails, those with at most two preemptions are explored,
/// then those with three ..., for the schedule with the fewest; so, too, when there are more states than the budget
/// allows: then that is how far it is proven.
/// </remarks>
public sealed class Prover
{
    /// <summary>Preemptions of most failures.</summary>
    private const int Few = 1;

    /// <summary>A budget that is used up before many a state is met twice.</summary>
    private const long Small = 10_000;

    private readonly Executor[] executors;
    private readonly long executionsMax;
    private readonly long bytesMax;

    /// <summary>A prover.</summary>
    /// <param name="executionsMax">The budget: a half is for the exploration, what is left for that by ascending
    /// bounds.</param>
    /// <param name="bytesMax">The most memory for states, see <see cref="StateMemory"/>.</param>
    /// <param name="executors">Run the engine that is to be proven right: one for each thread that takes part.</param>
    public Prover(long executionsMax, long bytesMax, params Executor[] executors)
    {
        this.executionsMax = executionsMax;
        this.bytesMax = bytesMax;
        this.executors = executors;
    }

    /// <summary>A prover of one thread.</summary>
    /// <param name="executor">Runs the engine that is to be proven right.</param>
    /// <param name="executionsMax">As above.</param>
    public Prover(Executor executor, long executionsMax)
        : this(executionsMax, StateMemory.BytesDefault, executor)
    {
    }

    /// <summary>Searches until something fails, everything is explored, or the budget is used up.</summary>
    /// <remarks>When something fails, the engine of the first executor still remembers it.</remarks>
    /// <param name="program">The program.</param>
    /// <param name="fails">Which verdicts end the search; null for all that name a broken law.</param>
    /// <param name="cancel">Ends the search; nothing is proven then.</param>
    public ProofSearch Search(
        Program program, Func<Verdict, bool>? fails = null, CancellationToken cancel = default)
    {
        long executions = 0;
        Schedule? failing = null;
        Searcher[] searchers = new Searcher[executors.Length];
        for (int i = 0; i < searchers.Length; i++)
        {
            Executor executor = executors[i];
            executor.ComparesStates = true;
            searchers[i] = new Searcher(search => Execute(executor, search), executor.States);
        }

        SearchResult few = ExhaustiveSearch.Ascending(searchers[0].Execute, Few, executionsMax);
        if (few is not Bounded { Preemptions: Few } || cancel.IsCancellationRequested)
        {
            return Answer(few);
        }

        SearchResult all = SearchCrew.Run(
            searchers, ExhaustiveSearch.Unbounded, Math.Max((executionsMax - executions) / 2, 1), bytesMax);
        if (all is Complete || cancel.IsCancellationRequested)
        {
            return Answer(all);
        }

        SearchResult more = ExhaustiveSearch.Ascending(
            searchers[0].Execute, all is Found some ? some.Preemptions : ExhaustiveSearch.Unbounded - 1,
            Math.Max(executionsMax - executions, 1), executionsMax < Small ? null : searchers[0].Hasher, (Bounded)few);
        if (all is Found found && more is not Found && !cancel.IsCancellationRequested)
        {
            executors[0].Run(program, new ReplayScheduler(failing!, executors[0].Engine.Machine.Points));
            return Answer(found with { Below = more as Bounded });
        }

        return Answer(more);

        ProofSearch Answer(SearchResult result) => new(
            result is Complete || !cancel.IsCancellationRequested ? result : new Bounded(-1, 0), executions);

        bool Execute(Executor executor, ExhaustiveSearch search)
        {
            Interlocked.Increment(ref executions);
            if (executor.Run(program, search) || fails?.Invoke(executor.Engine.Verdict) == false)
            {
                return !cancel.IsCancellationRequested;
            }

            failing = Schedule.FromTrace(executor.Engine.Machine);
            return false;
        }
    }

    /// <summary>Where nothing more is proven, there is still what random walks say: see
    /// <see cref="ResidualRisk.FailureMaxOf"/>.</summary>
    /// <param name="program">The program.</param>
    /// <param name="walks">Most executions under <see cref="RandomScheduler"/>.</param>
    /// <param name="seed">Of the walks.</param>
    /// <param name="cancel">Ends them early.</param>
    /// <returns>How many have passed. When that is fewer and nobody has cancelled, the next one failed, and the engine
    /// of the first executor still remembers it.</returns>
    public long Walk(Program program, long walks, ulong seed, CancellationToken cancel = default)
    {
        RandomScheduler scheduler = new(new Rng(seed));
        long passed = 0;
        while (passed < walks && !cancel.IsCancellationRequested && executors[0].Run(program, scheduler))
        {
            passed++;
        }

        return passed;
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
