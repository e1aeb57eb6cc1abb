using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>A lane of a program: where it is parked, what it waits for and what it holds.</summary>
public sealed class Cpu
{
    private const int HeldMax = 32;
    [NotState("where the lane returns to")]
    private readonly LaneEnd end;
    private Locks held;
    private int heldCount;

    /// <summary>Locks held beyond those that there is room for: collapse locks all folios of a page table.</summary>
    private List<SharedObject>? more;
    private ITakeable? taking;

    internal Cpu(Machine machine, int index)
    {
        Machine = machine;
        Index = index;
        end = new LaneEnd(this);
    }

    /// <summary>The machine this lane belongs to.</summary>
    public Machine Machine { get; }

    /// <summary>0-based number, printed as <c>cpu0</c> in programs and <c>CPU0</c> in reports.</summary>
    public int Index { get; }

    /// <summary>The point whose step comes next.</summary>
    public Point Parked => Machine.Points[ParkedId];

    /// <summary>The object that step touches; null at the start.</summary>
    public SharedObject? Target { get; private set; }

    /// <summary>What the lane waits for before that step, or null; null again as soon as the step has begun.</summary>
    public IWaitable? Waiting { get; private set; }

    /// <summary>The lane that started this one while it ran; null for one that was there from the
    /// beginning.</summary>
    public Cpu? Parent { get; internal set; }

    /// <summary>Whether the lane has run to its end, or was not started yet.</summary>
    public bool Done => Machine.IsDone(this);

    /// <summary>A number the engine may use to say which call the lane is in; copied into the trace.</summary>
    public byte Tag { get; set; }

    /// <summary>Depth of nested RCU read sections; see <see cref="Rcu"/>.</summary>
    public int RcuDepth { get; internal set; }

    /// <summary>When the outermost RCU read section began, in the units of <see cref="Rcu.Stamp"/>.</summary>
    public long RcuSince { get; internal set; }

    /// <summary>The locks held, oldest first; no more than there is room for.</summary>
    public ReadOnlySpan<SharedObject?> Held => ((ReadOnlySpan<SharedObject?>)held)[..heldCount];

    /// <summary>Id of <see cref="Parked"/>: storing a number is cheaper than storing a reference.</summary>
    internal ushort ParkedId { get; private set; }

    /// <summary>What the trace says of <see cref="Target"/>.</summary>
    internal ushort TargetId => Target is null ? TraceStep.NoTarget : Target.Id;

    /// <summary>What the trace says of <see cref="Target"/>.</summary>
    internal byte TargetKind => Target is null ? (byte)0 : Target.Kind;

    /// <summary>The innermost routine, the one that a step resumes; null before the first step.</summary>
    internal FlowBox? Leaf { get; set; }

    [field: NotState("the same in all states of a program")]
    internal Func<Cpu, Flow>? Body { get; set; }

    /// <summary>Parks before a step that touches <paramref name="target"/>.</summary>
    public Step At(Point point, SharedObject target)
    {
        ParkedId = point.Id;
        Target = target;
        return new Step(this);
    }

    /// <summary>Parks before a step that may run only when <paramref name="until"/> is ready.</summary>
    public Step At(Point point, SharedObject target, IWaitable until)
    {
        ParkedId = point.Id;
        Target = target;
        Waiting = until;
        Machine.Waits(this);
        return new Step(this);
    }

    /// <summary>Parks before a step that waits for and takes <paramref name="take"/>.</summary>
    public Step Take<TLock>(Point point, TLock take)
        where TLock : SharedObject, ITakeable
    {
        ParkedId = point.Id;
        Target = take;
        Waiting = take;
        taking = take;
        Machine.Waits(this);
        return new Step(this);
    }

    /// <summary>As <see cref="Take"/>, for a lock that calls <see cref="Machine.Announce"/> whenever it
    /// changes.</summary>
    internal Step TakeLock(Point point, SharedObject target, ITakeable side)
    {
        ParkedId = point.Id;
        Target = target;
        Waiting = side;
        taking = side;
        Machine.WaitsForLock(this);
        return new Step(this);
    }

    /// <summary>Notes a lock as held, for the deadlock report and for lock laws.</summary>
    public void Hold(SharedObject held)
    {
        if (heldCount == HeldMax)
        {
            (more ??= []).Add(held);
            return;
        }

        this.held[heldCount++] = held;
    }

    /// <summary>Forgets a held lock.</summary>
    public void Drop(SharedObject released)
    {
        if (more is not null && more.Remove(released))
        {
            return;
        }

        int at = heldCount - 1;
        while (at >= 0 && held[at] != released)
        {
            at--;
        }

        if (at < 0)
        {
            return;
        }

        heldCount--;
        for (; at < heldCount; at++)
        {
            held[at] = held[at + 1];
        }

        held[heldCount] = null;
    }

    /// <summary>Whether this lane holds that lock.</summary>
    public bool Holds(SharedObject lockObject) =>
        Held.Contains(lockObject) || (more is not null && more.Contains(lockObject));

    /// <inheritdoc />
    public override string ToString() => $"cpu{Index}";

    internal bool IsEnabled => Waiting is null || Waiting.IsReady(this);

    /// <summary>The wait before the step is over: takes the lock that was waited for, if there is one.</summary>
    internal void EndWait()
    {
        Waiting = null;
        if (taking is { } side)
        {
            taking = null;
            side.Take(this);
        }
    }

    /// <summary>The lane's outermost routine came back from its first step: suspended, or done.</summary>
    internal void Started(in Flow flow)
    {
        if (!end.Follow(flow))
        {
            Machine.End(this, null);
        }
    }

    internal void ParkAtStart()
    {
        ParkedId = 0;
        Target = null;
        Waiting = null;
        taking = null;
        Leaf = null;
    }

    internal void Reset()
    {
        ParkAtStart();
        Tag = 0;
        RcuDepth = 0;
        Body = null;
        Parent = null;
        ((Span<SharedObject?>)held)[..heldCount].Clear();
        heldCount = 0;
        more?.Clear();
    }

    /// <summary>An array inside the lane: a plain one would check the type of what is stored at every store.</summary>
    [InlineArray(HeldMax)]
    private struct Locks
    {
        private SharedObject? first;
    }
}
