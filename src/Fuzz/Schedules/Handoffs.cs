using Interleave;

namespace Fuzz.Schedules;

/// <summary>An object changes hands: a step at one point is the next after one at another point has changed
/// it.</summary>
/// <param name="From">Id of the point that changed the object last; <see cref="Handoffs.Untouched"/> when none
/// has.</param>
/// <param name="To">Id of the point that comes next.</param>
public readonly record struct Handoff(ushort From, ushort To);

/// <summary>The hand-offs of one program: those that executions have shown, those that may be, and the wishes that have
/// brought something new.</summary>
/// <remarks>By point and not by lane: that a checker reads what a setter wrote is one hand-off, however many setters
/// there are.</remarks>
public sealed class Handoffs
{
    /// <summary>Stands for the point of a change that has not been.</summary>
    public const ushort Untouched = ushort.MaxValue;

    /// <summary>Most hand-offs of a wish.</summary>
    private const int WishesMax = 4;

    /// <summary>Where a hand-off is no longer rare.</summary>
    private const int CommonScore = 64;

    private readonly Dictionary<Handoff, int> numbers = [];
    private readonly List<Entry> all = [];
    private readonly Dictionary<ushort, ObjectPoints> objects = [];
    private readonly Dictionary<ushort, PointLanes> lanes = [];
    private readonly Dictionary<ulong, int> signatures = [];
    private readonly List<(Handoff[] Wish, ulong Signature)> kept = [];
    private Handoff[] wish = [];
    private int execution;

    /// <summary>Another program comes.</summary>
    public void NewProgram()
    {
        numbers.Clear();
        all.Clear();
        objects.Clear();
        lanes.Clear();
        signatures.Clear();
        kept.Clear();
        wish = [];
        execution = 0;
    }

    /// <summary>Learns from the execution that a machine ran last.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="profile">Which steps are events.</param>
    /// <returns>Hand-offs that no execution had shown, and one more when they were never seen together.</returns>
    internal int Learn(Machine machine, Profile profile)
    {
        execution++;
        int found = 0;
        ulong signature = 0;
        foreach (ref readonly TraceStep step in machine.Trace)
        {
            Access access = machine.Points[step.Point].Access;
            if (access == Access.None || step.Target == TraceStep.NoTarget || !profile.IsEvent(step.Target))
            {
                continue;
            }

            ObjectPoints points = PointsOf(step.Target);
            points.BeginExecution(execution);
            LanesOf(step.Point).Note(step.Cpu, points.IsChangedBy(step.Cpu), execution);
            if (Profile.IsEvent(access))
            {
                found += Count(new Handoff(points.Last, step.Point), ref signature);
            }

            if (access != Access.Read)
            {
                points.Change(step.Point, step.Cpu);
            }

            points.Add(step.Point, access, this);
        }

        foreach (Handoff wished in wish)
        {
            all[numbers[wished]].Score += LanesOf(wished.To).Execution == execution ? 1 : 0;
        }

        int together = signatures.GetValueOrDefault(signature);
        signatures[signature] = together + 1;
        found += together == 0 ? 1 : 0;
        if (found > 0 && wish.Length > 0)
        {
            kept.Add((wish, signature));
        }

        wish = [];
        return found;
    }

    /// <summary>Whether an execution has shown a step at that point on that object.</summary>
    internal bool Touches(ushort point, ushort target) =>
        objects.TryGetValue(target, out ObjectPoints? points) && points.Has(point);

    /// <summary>What the next execution shall show: a rare hand-off, or what has brought something new before with a
    /// rare one more. Nothing at every other time when none is rare any more.</summary>
    internal Handoff[] Wish(Rng rng)
    {
        if (all.Count > 0 && Draw(rng) is { } drawn && (drawn.Score < CommonScore || rng.Chance(1, 2)))
        {
            Handoff[] seed = kept.Count > 0 && rng.Chance(1, 2) ? Rarest(rng) : [];
            wish = [.. seed.Skip(seed.Length == WishesMax || rng.Chance(1, 4) ? 1 : 0), drawn.Handoff];
            drawn.Score++;
        }

        return wish;
    }

    /// <summary>A hand-off seen and wished for least often; a wish counts half where the step was not reached that it
    /// was for.</summary>
    private Entry Draw(Rng rng)
    {
        int least = int.MaxValue;
        int equals = 0;
        int chosen = 0;
        for (int i = 0; i < all.Count; i++)
        {
            int score = MayBe(all[i]) ? all[i].Score : int.MaxValue;
            equals = score < least ? 1 : equals + (score == least ? 1 : 0);
            if (score <= least && rng.Next(equals) == 0)
            {
                least = score;
                chosen = i;
            }

            least = Math.Min(least, score);
        }

        return all[chosen];
    }

    /// <summary>Whether it was seen, or nothing that was seen of its points speaks against it: a lane that was there
    /// alone has its own order.</summary>
    private bool MayBe(Entry entry) => entry.Seen > 0 || (entry.Handoff.From == Untouched
        ? LanesOf(entry.Handoff.To).MayBeFirst
        : (LanesOf(entry.Handoff.From).Lanes | LanesOf(entry.Handoff.To).Lanes).Count > 1);

    /// <summary>Of the wishes that are kept, one whose effect was seen least often: the better of two.</summary>
    private Handoff[] Rarest(Rng rng)
    {
        (Handoff[] Wish, ulong Signature) first = kept[rng.Next(kept.Count)];
        (Handoff[] Wish, ulong Signature) second = kept[rng.Next(kept.Count)];
        return signatures[first.Signature] <= signatures[second.Signature] ? first.Wish : second.Wish;
    }

    private int Count(Handoff handoff, ref ulong signature)
    {
        Entry entry = all[Add(handoff)];
        if (entry.Execution == execution)
        {
            return 0;
        }

        entry.Execution = execution;
        entry.Score += 2;
        signature += entry.Key;
        return entry.Seen++ == 0 ? 1 : 0;
    }

    private int Add(Handoff handoff)
    {
        if (!numbers.TryGetValue(handoff, out int number))
        {
            number = all.Count;
            numbers.Add(handoff, number);
            all.Add(new Entry(handoff, new Rng((ulong)number).NextUInt64()));
        }

        return number;
    }

    private PointLanes LanesOf(ushort point)
    {
        if (!lanes.TryGetValue(point, out PointLanes? found))
        {
            lanes.Add(point, found = new PointLanes());
        }

        return found;
    }

    private ObjectPoints PointsOf(ushort id)
    {
        if (!objects.TryGetValue(id, out ObjectPoints? points))
        {
            objects.Add(id, points = new ObjectPoints());
        }

        return points;
    }

    private sealed class Entry(Handoff handoff, ulong key)
    {
        public Handoff Handoff => handoff;

        /// <summary>A random number; the sum of those seen together is the signature of an execution.</summary>
        public ulong Key => key;

        /// <summary>Executions that showed it.</summary>
        public int Seen { get; set; }

        /// <summary>How often it was seen or wished for, times two.</summary>
        public int Score { get; set; }

        /// <summary>The last execution that showed it.</summary>
        public int Execution { get; set; }
    }

    /// <summary>Who was at a point.</summary>
    private sealed class PointLanes
    {
        private LaneSet lanes;

        public LaneSet Lanes => lanes;

        /// <summary>Whether a lane was there that had not changed the object itself.</summary>
        public bool MayBeFirst { get; private set; }

        /// <summary>The last execution in which somebody was there.</summary>
        public int Execution { get; private set; }

        public void Note(int lane, bool changed, int number)
        {
            lanes.Add(lane);
            MayBeFirst |= !changed;
            Execution = number;
        }
    }

    /// <summary>The points at which one object is touched.</summary>
    private sealed class ObjectPoints
    {
        private readonly List<ushort> touching = [];
        private readonly List<ushort> changing = [Untouched];
        private LaneSet changedBy;
        private int execution;

        /// <summary>The point that changed it last in this execution.</summary>
        public ushort Last { get; private set; }

        /// <summary>Whether the lane has changed it in this execution.</summary>
        public bool IsChangedBy(int lane) => changedBy.Contains(lane);

        public void Change(ushort point, int lane)
        {
            Last = point;
            changedBy.Add(lane);
        }

        public void BeginExecution(int number)
        {
            if (execution != number)
            {
                execution = number;
                Last = Untouched;
                changedBy = default;
            }
        }

        public bool Has(ushort point) => touching.Contains(point);

        /// <summary>Notes a point, and the hand-offs that may be with it: to what is an event, and from what changes
        /// the object but for who takes a lock, which nobody can meet until it is given back.</summary>
        public void Add(ushort point, Access access, Handoffs to)
        {
            if (access == Access.Release ? changing.Contains(point) : touching.Contains(point))
            {
                return;
            }

            if (access != Access.Release)
            {
                touching.Add(point);
                changing.ForEach(from => to.Add(new Handoff(from, point)));
            }

            if (access is not (Access.Read or Access.Acquire))
            {
                changing.Add(point);
                touching.ForEach(next => to.Add(new Handoff(point, next)));
            }
        }
    }
}
