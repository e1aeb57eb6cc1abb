using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>One who takes part in a search: an engine of its own.</summary>
/// <param name="Execute">Executes the program once under the scheduler; returns whether to search on.</param>
/// <param name="Hasher">Hashes that engine.</param>
public sealed record Searcher(Func<ExhaustiveSearch, bool> Execute, StateHasher Hasher);

/// <summary>Explores the states of one program with several engines at once.</summary>
/// <remarks>
/// All note their states in one memory. Who has nothing left to do gets the largest branch of somebody who has. Each
/// state is searched once, whoever comes first, so the numbers of states and of executions of a complete search do not
/// depend on how many take part: an execution ends in a state that is known, or in the end, and each state is left once
/// in each way.
/// </remarks>
internal sealed class SearchCrew
{
    private readonly object guard = new();
    private readonly Queue<ExhaustiveSearch.Branch> branches = new();
    private readonly StateMemory memory;
    private readonly int preemptionsMax;
    private readonly long executionsMax;
    private readonly int crew;
    private volatile int hungry;
    private volatile bool stop;
    private bool begun;
    private bool cut;
    private bool exhausted;
    private long executions;
    private Found? found;
    private Exception? error;

    private SearchCrew(int crew, int preemptionsMax, long executionsMax, StateMemory memory)
    {
        this.crew = crew;
        this.preemptionsMax = preemptionsMax;
        this.executionsMax = executionsMax;
        this.memory = memory;
    }

    /// <summary>Searches all that lies within a bound, until the budget or the memory is used up.</summary>
    /// <param name="searchers">Who takes part, each on a thread of its own; the first on this one.</param>
    /// <param name="preemptionsMax">The bound, or <see cref="ExhaustiveSearch.Unbounded"/>.</param>
    /// <param name="executionsMax">The budget, of all together.</param>
    /// <param name="bytesMax">See <see cref="StateMemory"/>.</param>
    public static SearchResult Run(
        IReadOnlyList<Searcher> searchers, int preemptionsMax, long executionsMax, long bytesMax)
    {
        StateMemory states = new(bytesMax);
        SearchCrew all = new(searchers.Count, preemptionsMax, executionsMax, states);
        Thread[] others = [.. searchers.Skip(1).Select(searcher => new Thread(() => all.Work(searcher)))];
        Array.ForEach(others, thread => thread.Start());
        all.Work(searchers[0]);
        Array.ForEach(others, thread => thread.Join());
        return all.error is { } thrown ? throw new InvalidOperationException(thrown.Message, thrown)
            : all.found is { } failure ? failure
            : all.exhausted ? new Bounded(-1, 0)
            : all.cut ? new Bounded(preemptionsMax, all.executions, states.States)
            : new Complete(all.executions, states.States);
    }

    /// <summary>Whether the budget will not do: without a bound, each state costs one execution at least, for each way
    /// to leave it but one.</summary>
    private bool IsHopeless => preemptionsMax == ExhaustiveSearch.Unbounded && memory.States >= executionsMax;

    private void Work(Searcher searcher)
    {
        try
        {
            Visited visited = new(searcher.Hasher, memory);
            while (Take(visited) is { } search)
            {
                Search(searcher, search);
            }
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            Stop(() => error ??= thrown);
        }
    }

    private void Search(Searcher searcher, ExhaustiveSearch search)
    {
        do
        {
            if (stop)
            {
                return;
            }

            if (Interlocked.Increment(ref executions) > executionsMax || memory.IsFull || IsHopeless)
            {
                Stop(() => exhausted = true);
                return;
            }

            if (!searcher.Execute(search))
            {
                Stop(() => found ??= new Found(search.Preemptions, null, executions));
                return;
            }

            if (hungry > 0 && search.Split() is { } branch)
            {
                lock (guard)
                {
                    branches.Enqueue(branch);
                    Monitor.Pulse(guard);
                }
            }
        }
        while (search.Advance());
        lock (guard)
        {
            cut |= search.Cut;
        }
    }

    /// <summary>The next thing to search; null when nobody has anything left.</summary>
    private ExhaustiveSearch? Take(Visited visited)
    {
        lock (guard)
        {
            if (!begun)
            {
                begun = true;
                return new ExhaustiveSearch(preemptionsMax, visited);
            }

            hungry++;
            while (branches.Count == 0 && hungry < crew && !stop)
            {
                Monitor.Wait(guard);
            }

            if (branches.Count == 0 || stop)
            {
                Monitor.PulseAll(guard);
                return null;
            }

            hungry--;
            return new ExhaustiveSearch(branches.Dequeue(), visited);
        }
    }

    private void Stop(Action note)
    {
        lock (guard)
        {
            note();
            stop = true;
            Monitor.PulseAll(guard);
        }
    }
}
