using Interleave;

namespace Fuzz.Schedules;

/// <summary>Executes schedules of one program until each that is left out is equivalent to one that was executed: it
/// differs only in the order of steps that touch nothing in common.</summary>
/// <remarks>
/// Abdulla, Aronis, Jonsson, Sagonas: Optimal Dynamic Partial Order Reduction, POPL 2014: source sets, with the sleep
/// sets of Godefroid (LNCS 1032, 1996). A race that an execution shows is turned round later, unless that is done
/// already. Deviates: a step that had to wait races with all that has touched what it waited for, since no step says
/// whom it lets in. What a step touches is what its point declares, and the locks that it takes or gives back
/// (<see cref="Touch"/>). All states at rest and all deadlocks are reached; a law that compares what two steps without
/// anything in common have done may miss the state between them. The stateful search of
/// <see cref="ExhaustiveSearch"/> misses nothing, and is what proofs use.
/// </remarks>
public sealed class ReducedSearch : IScheduler
{
    private readonly List<Node> path = [];
    private readonly List<Reversal> races = [];
    private readonly HappensBefore order = new();
    private int at;

    /// <summary>Steps of the next execution that are as in the last one.</summary>
    private int known;

    /// <summary>Executions that were given up because others are equivalent to them.</summary>
    public long Redundant { get; private set; }

    /// <inheritdoc />
    public bool SeesForcedSteps => true;

    /// <inheritdoc />
    public bool NotesTouches => true;

    /// <summary>Executes until nothing is left, or the budget is used up.</summary>
    /// <param name="execute">Executes the program once under the scheduler; returns whether to search on.</param>
    /// <param name="machine">What executes it.</param>
    /// <param name="executionsMax">The budget.</param>
    public static SearchResult Run(Func<ReducedSearch, bool> execute, Machine machine, long executionsMax)
    {
        ReducedSearch search = new();
        for (long executions = 1; executions <= executionsMax; executions++)
        {
            if (!execute(search))
            {
                return new Found(machine.Preemptions, null, executions);
            }

            if (!search.Advance(machine))
            {
                return new Complete(executions);
            }
        }

        return new Bounded(-1, 0);
    }

    /// <summary>Goes on to the next schedule, after an execution. Returns false when there is none.</summary>
    /// <param name="machine">What has executed the last one.</param>
    public bool Advance(Machine machine)
    {
        races.Clear();
        order.FindRaces(machine.Trace, machine.Touches, known, races);
        foreach (Reversal race in races)
        {
            TurnRound(race);
        }

        int end = machine.Touches.Length;
        while (path.Count > 0)
        {
            Node node = path[^1];
            int begin = end;
            while (begin > 0 && machine.Touches[begin - 1].Step >= path.Count - 1)
            {
                begin--;
            }

            node.Sleep(node.Chosen, machine.Touches[begin..end]);
            end = begin;
            LaneSet left = node.Wanted.Without(node.Asleep);
            if (!left.IsEmpty)
            {
                node.Chosen = left.First;
                known = path.Count - 1;
                return true;
            }

            path.RemoveAt(path.Count - 1);
        }

        return false;
    }

    /// <inheritdoc />
    public void Begin(int cpus) => at = 0;

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        if (at == path.Count && !Extend(choice))
        {
            Redundant++;
            return -1;
        }

        if (path[at].Enabled != choice.Enabled)
        {
            throw ExhaustiveSearch.Undetermined($"met other lanes than before at choice {at}");
        }

        return path[at++].Chosen;
    }

    private bool Extend(in Choice choice)
    {
        Node node = new(choice.Enabled);
        if (at > 0)
        {
            node.Inherit(path[at - 1], Last(choice.Machine.Touches, at - 1));
        }

        LaneSet awake = choice.Enabled.Without(node.Asleep);
        if (awake.IsEmpty)
        {
            return false;
        }

        node.Chosen = choice.Current >= 0 && awake.Contains(choice.Current) ? choice.Current : awake.First;
        node.Want(node.Chosen);
        path.Add(node);
        return true;
    }

    /// <summary>What the step has touched that was the last.</summary>
    private static ReadOnlySpan<Touch> Last(ReadOnlySpan<Touch> touches, int step)
    {
        int begin = touches.Length;
        while (begin > 0 && touches[begin - 1].Step == step)
        {
            begin--;
        }

        return touches[begin..];
    }

    private void TurnRound(Reversal race)
    {
        Node node = path[race.First];
        if (!(race.Initials & node.Wanted).IsEmpty)
        {
            return;
        }

        LaneSet able = race.Initials & node.Enabled;
        if (!able.IsEmpty)
        {
            node.Want(able.First);
        }
        else if (!race.Awaited)
        {
            node.WantAll();
        }
    }

    /// <summary>One choice on the path.</summary>
    private sealed class Node(LaneSet enabled)
    {
        private readonly Dictionary<int, Touch[]> sleepers = [];
        private LaneSet wanted;
        private LaneSet asleep;

        public LaneSet Enabled { get; } = enabled;

        public int Chosen { get; set; }

        /// <summary>The lanes that are to be chosen here at some time.</summary>
        public LaneSet Wanted => wanted;

        /// <summary>The lanes that need not be chosen: what begins with them is executed elsewhere.</summary>
        public LaneSet Asleep => asleep;

        public void Want(int lane) => wanted.Add(lane);

        public void WantAll() => wanted |= Enabled;

        public void Sleep(int lane, ReadOnlySpan<Touch> touches)
        {
            sleepers[lane] = touches.ToArray();
            asleep.Add(lane);
        }

        /// <summary>Lanes sleep on until a step is taken that does not commute with theirs.</summary>
        public void Inherit(Node parent, ReadOnlySpan<Touch> taken)
        {
            foreach (int lane in parent.asleep)
            {
                if (lane != parent.Chosen && !AnyConflict(parent.sleepers[lane], taken))
                {
                    sleepers[lane] = parent.sleepers[lane];
                    asleep.Add(lane);
                }
            }
        }

        private static bool AnyConflict(ReadOnlySpan<Touch> some, ReadOnlySpan<Touch> others)
        {
            foreach (Touch one in some)
            {
                foreach (Touch other in others)
                {
                    if (one.Conflicts(other))
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
