using Interleave;

namespace Fuzz.Schedules;

/// <summary>Explores all interleavings of one program, depth first: every schedule, or every state that a schedule
/// leads to, if need be only those with at most so many preemptions.</summary>
/// <remarks>
/// <para>Nothing is stored but the path: each schedule is executed from the start, by repeating the path's choices and
/// then letting the running lane run on, else the lowest that can. The engine must be deterministic; where it is not,
/// that is an error.</para>
/// <para>With <see cref="Visited"/> it is a stateful search (Holzmann: The Model Checker Spin, TSE 1997; without
/// snapshots as in Godefroid's VeriSoft): an execution that comes to a state in which one was before is given up, for
/// what follows is known. All laws that judge a state, or a step, see all there is to see; a program of two lanes has
/// about as many states as the product of their steps, where it has as many schedules as ways through that
/// grid.</para>
/// <para>Bounds are those of Musuvathi and Qadeer: Iterative Context Bounding for Systematic Testing of Multithreaded
/// Programs, PLDI 2007: most races need one or two preemptions. A preemption is a switch away from a lane that could
/// have gone on; a switch away from one that waits or is done is free, but is a choice among all that can run.
/// Deviates: a higher bound repeats the schedules of the lower ones instead of keeping their cut branches in memory;
/// there are far fewer of them.</para>
/// </remarks>
public sealed class ExhaustiveSearch : IScheduler
{
    /// <summary>The bound that excludes nothing.</summary>
    public const int Unbounded = int.MaxValue;

    private readonly Visited? visited;
    private Node[] path = new Node[64];
    private int length;
    private int at;

    /// <summary>A search at its first schedule.</summary>
    /// <param name="preemptionsMax">The bound, or <see cref="Unbounded"/>.</param>
    /// <param name="visited">Where it notes states, in order to be in each but once; null to execute every
    /// schedule.</param>
    public ExhaustiveSearch(int preemptionsMax, Visited? visited = null)
    {
        PreemptionsMax = preemptionsMax;
        this.visited = visited;
    }

    /// <summary>A search of what another one has handed over.</summary>
    /// <param name="branch">From <see cref="Split"/>.</param>
    /// <param name="visited">Shares the memory of the other one, and hashes the engine of this one.</param>
    public ExhaustiveSearch(Branch branch, Visited? visited)
        : this(branch.PreemptionsMax, visited)
    {
        path = branch.Path;
        length = path.Length;
    }

    /// <summary>Most preemptions of a schedule.</summary>
    public int PreemptionsMax { get; }

    /// <summary>Preemptions so far in the execution that is running.</summary>
    public int Preemptions { get; private set; }

    /// <summary>Whether the bound has excluded a schedule.</summary>
    public bool Cut { get; private set; }

    /// <inheritdoc />
    public bool SeesForcedSteps => false;

    /// <inheritdoc />
    public bool ParksLanes => visited is not null;

    /// <summary>Tries bounds 0, 1, 2 ... until all schedules are executed, or the greatest bound or the budget is used
    /// up.</summary>
    /// <param name="execute">Executes the program once under the scheduler; returns whether to search on.</param>
    /// <param name="preemptionsMax">The last bound to try.</param>
    /// <param name="executionsMax">The budget, over all bounds.</param>
    /// <param name="states">Hashes the engine's states, to be in each but once; null to execute every schedule.</param>
    /// <param name="known">What is proven already: the bounds begin above.</param>
    public static SearchResult Ascending(
        Func<ExhaustiveSearch, bool> execute, int preemptionsMax, long executionsMax, StateHasher? states = null,
        Bounded? known = null)
    {
        Bounded below = known ?? new Bounded(-1, 0);
        for (int bound = below.Preemptions + 1; bound <= preemptionsMax; bound++)
        {
            // With one preemption hardly a state is met twice: telling states apart would only cost.
            SearchResult result = Within(execute, bound, executionsMax, bound < 2 ? null : states);
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
    /// <param name="states">Hashes the engine's states, to be in each but once; null to execute every schedule.</param>
    public static SearchResult Within(
        Func<ExhaustiveSearch, bool> execute, int preemptionsMax, long executionsMax, StateHasher? states = null)
    {
        StateMemory? memory = states is null ? null : new StateMemory();
        ExhaustiveSearch search = new(preemptionsMax, memory is null ? null : new Visited(states!, memory));
        long executions = 0;
        do
        {
            if (executions == executionsMax || memory?.IsFull == true)
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

        long inStates = memory?.States ?? 0;
        return search.Cut ? new Bounded(preemptionsMax, executions, inStates) : new Complete(executions, inStates);
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
            if (!node.Untried.IsEmpty)
            {
                node.Chosen = TakeUntried(ref node);
                return true;
            }

            length--;
        }

        return false;
    }

    /// <summary>What the bound counts, if there is one.</summary>
    private int Spent => PreemptionsMax == Unbounded ? 0 : Preemptions;

    /// <summary>Hands over the largest part of what is still to be searched, between two executions; null when there is
    /// nothing but the next execution.</summary>
    public Branch? Split()
    {
        for (int i = 0; i < length; i++)
        {
            if (!path[i].Untried.IsEmpty)
            {
                Node[] copy = path[..(i + 1)];
                foreach (ref Node node in copy.AsSpan())
                {
                    node.Untried = default;
                }

                copy[i].Chosen = TakeUntried(ref path[i]);
                return new Branch(PreemptionsMax, copy);
            }
        }

        return null;
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
            if (visited?.IsKnown(PreemptionsMax == Unbounded || !runsOn ? -1 : choice.Current, Spent) == true)
            {
                return -1;
            }

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

        int chosen = runsOn ? choice.Current : choice.Enabled.First;
        LaneSet others = choice.Enabled;
        others.Remove(chosen);
        bool free = !runsOn || Preemptions < PreemptionsMax;
        Cut |= !free;
        path[length++] = new Node
        {
            Enabled = choice.Enabled,
            Chosen = (byte)chosen,
            Untried = free ? others : default,
        };
    }

    private static byte TakeUntried(ref Node node)
    {
        int lane = node.Untried.First;
        node.Untried = node.Untried.WithoutFirst;
        return (byte)lane;
    }

    internal static InvalidOperationException Undetermined(string what) => new(
        $"the engine is not deterministic: the same program under the same choices {what}");

    /// <summary>A part of a search: the schedules that begin with one path.</summary>
    public sealed class Branch
    {
        internal Branch(int preemptionsMax, Node[] path)
        {
            PreemptionsMax = preemptionsMax;
            Path = path;
        }

        internal int PreemptionsMax { get; }

        internal Node[] Path { get; }
    }

    /// <summary>One choice on the path.</summary>
    internal struct Node
    {
        public LaneSet Enabled;
        public byte Chosen;

        /// <summary>The lanes that are still to be chosen here.</summary>
        public LaneSet Untried;
    }
}
