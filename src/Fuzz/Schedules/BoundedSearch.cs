using System.Numerics;
using Interleave;

namespace Fuzz.Schedules;

/// <summary>Executes every schedule of one program that has at most so many preemptions, each once, depth
/// first.</summary>
/// <remarks>
/// Musuvathi and Qadeer: Iterative Context Bounding for Systematic Testing of Multithreaded Programs, PLDI 2007: most
/// races need one or two preemptions. A preemption is a switch away from a lane that could have gone on; a switch away
/// from one that waits or is done is free, but is a choice among all that can run. Deviates: a higher bound repeats the
/// schedules of the lower ones instead of keeping their cut branches in memory; there are far fewer of them. Nothing is
/// stored but the path: each schedule is executed from the start, by repeating the path's choices and then letting the
/// running lane run on, else the lowest that can. The engine must be deterministic; where it is not, that is an error.
/// </remarks>
public sealed class BoundedSearch : IScheduler
{
    /// <summary>The bound that excludes nothing.</summary>
    public const int Unbounded = int.MaxValue;

    private Node[] path = new Node[64];
    private int length;
    private int at;

    /// <summary>A search at its first schedule.</summary>
    public BoundedSearch(int preemptionsMax) => PreemptionsMax = preemptionsMax;

    /// <summary>Most preemptions of a schedule.</summary>
    public int PreemptionsMax { get; }

    /// <summary>Preemptions so far in the execution that is running.</summary>
    public int Preemptions { get; private set; }

    /// <summary>Whether the bound has excluded a schedule.</summary>
    public bool Cut { get; private set; }

    /// <inheritdoc />
    public bool SeesForcedSteps => false;

    /// <summary>Tries bounds 0, 1, 2 ... until all schedules are executed, or the greatest bound or the budget is used
    /// up.</summary>
    /// <param name="execute">Executes the program once under the scheduler; returns whether to search on.</param>
    /// <param name="preemptionsMax">The last bound to try.</param>
    /// <param name="executionsMax">The budget, over all bounds.</param>
    public static SearchResult Ascending(Func<BoundedSearch, bool> execute, int preemptionsMax, long executionsMax)
    {
        Bounded below = new(-1, 0);
        for (int bound = 0; bound <= preemptionsMax; bound++)
        {
            SearchResult result = Within(execute, bound, executionsMax);
            switch (result)
            {
                case Complete:
                    return result;
                case Found found:
                    return found with { Below = bound == 0 ? null : below };
                case Bounded { Preemptions: < 0 }:
                    return below;
                default:
                    below = (Bounded)result;
                    executionsMax -= below.Executions;
                    break;
            }
        }

        return below;
    }

    /// <summary>Executes the schedules within one bound (with <see cref="Unbounded"/>: all) until the budget is used
    /// up.</summary>
    /// <param name="execute">Executes the program once under the scheduler; returns whether to search on.</param>
    /// <param name="preemptionsMax">The bound.</param>
    /// <param name="executionsMax">The budget.</param>
    public static SearchResult Within(Func<BoundedSearch, bool> execute, int preemptionsMax, long executionsMax)
    {
        BoundedSearch search = new(preemptionsMax);
        long executions = 0;
        do
        {
            if (executions == executionsMax)
            {
                return new Bounded(-1, 0);
            }

            executions++;
            if (!execute(search))
            {
                return new Found(search.Preemptions, null, executions);
            }
        }
        while (search.Advance());

        return search.Cut ? new Bounded(preemptionsMax, executions) : new Complete(executions);
    }

    /// <summary>Goes on to the next schedule, after an execution. Returns false when there is none within the
    /// bound.</summary>
    /// <exception cref="InvalidOperationException">The execution ended before it had repeated its path.</exception>
    public bool Advance()
    {
        if (at < length)
        {
            throw Undetermined($"ended after {at} of {length} choices");
        }

        while (length > 0)
        {
            ref Node node = ref path[length - 1];
            if (node.Untried != 0)
            {
                node.Chosen = (byte)BitOperations.TrailingZeroCount(node.Untried);
                node.Untried &= (byte)(node.Untried - 1);
                return true;
            }

            length--;
        }

        return false;
    }

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        at = 0;
        Preemptions = 0;
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        bool runsOn = choice.Can(choice.Current);
        if (at == length)
        {
            Extend(choice, runsOn);
        }
        else if (path[at].Enabled != choice.Enabled)
        {
            throw Undetermined($"met other lanes than before at choice {at}");
        }

        int chosen = path[at++].Chosen;
        if (runsOn && chosen != choice.Current)
        {
            Preemptions++;
        }

        return chosen;
    }

    private void Extend(in Choice choice, bool runsOn)
    {
        if (length == path.Length)
        {
            Array.Resize(ref path, length * 2);
        }

        int chosen = runsOn ? choice.Current : BitOperations.TrailingZeroCount(choice.Enabled);
        uint others = choice.Enabled & ~(1u << chosen);
        bool free = !runsOn || Preemptions < PreemptionsMax;
        Cut |= !free;
        path[length++] = new Node
        {
            Enabled = (byte)choice.Enabled,
            Chosen = (byte)chosen,
            Untried = (byte)(free ? others : 0),
        };
    }

    private static InvalidOperationException Undetermined(string what) => new(
        $"the engine is not deterministic: the same program under the same choices {what}");

    /// <summary>One choice on the path.</summary>
    private struct Node
    {
        public byte Enabled;
        public byte Chosen;

        /// <summary>The lanes that are still to be chosen here, as a set of bits.</summary>
        public byte Untried;
    }
}
