namespace Interleave;

/// <summary>A lane of a program: where it is parked, what it waits for and what it holds.</summary>
public sealed class Cpu
{
    private const int HeldMax = 32;
    private readonly SharedObject?[] held = new SharedObject?[HeldMax];
    private int heldCount;

    internal Cpu(Machine machine, int index)
    {
        Machine = machine;
        Index = index;
        Parked = machine.Points.Start;
    }

    /// <summary>The machine this lane belongs to.</summary>
    public Machine Machine { get; }

    /// <summary>0-based number, printed as <c>cpu0</c> in programs and <c>CPU0</c> in reports.</summary>
    public int Index { get; }

    /// <summary>The point whose step comes next.</summary>
    public Point Parked { get; private set; }

    /// <summary>The object that step touches; null at the start.</summary>
    public SharedObject? Target { get; private set; }

    /// <summary>What the lane waits for before that step, or null.</summary>
    public IWaitable? Waiting { get; private set; }

    /// <summary>Whether the lane has run to its end.</summary>
    public bool Done { get; internal set; } = true;

    /// <summary>A number the engine may use to say which call the lane is in; copied into the trace.</summary>
    public byte Tag { get; set; }

    /// <summary>Depth of nested RCU read sections; see <see cref="Rcu"/>.</summary>
    public int RcuDepth { get; internal set; }

    /// <summary>When the outermost RCU read section began, in <see cref="Rcu.Now"/> units.</summary>
    public long RcuSince { get; internal set; }

    /// <summary>The locks held, oldest first.</summary>
    public ReadOnlySpan<SharedObject?> Held => held.AsSpan(0, heldCount);

    internal FlowBox? Leaf { get; set; }

    internal Func<Cpu, Flow>? Body { get; set; }

    /// <summary>Parks before a step that touches <paramref name="target"/>.</summary>
    public Step At(Point point, SharedObject target)
    {
        Parked = point;
        Target = target;
        Waiting = null;
        return new Step(this);
    }

    /// <summary>Parks before a step that may run only when <paramref name="until"/> is ready.</summary>
    public Step At(Point point, SharedObject target, IWaitable until)
    {
        Parked = point;
        Target = target;
        Waiting = until;
        return new Step(this);
    }

    /// <summary>Parks before a step that waits for and takes <paramref name="take"/>.</summary>
    public Step Take<TLock>(Point point, TLock take)
        where TLock : SharedObject, ITakeable => TakeSide(point, take, take);

    internal Step TakeSide(Point point, SharedObject target, ITakeable side)
    {
        Parked = point;
        Target = target;
        Waiting = side;
        return new Step(this, side);
    }

    /// <summary>Notes a lock as held, for the deadlock report and for lock laws.</summary>
    public void Hold(SharedObject held)
    {
        if (heldCount == HeldMax)
        {
            throw new InvalidOperationException($"cpu{Index} holds more than {HeldMax} locks");
        }

        this.held[heldCount++] = held;
    }

    /// <summary>Forgets a held lock.</summary>
    public void Drop(SharedObject released)
    {
        int at = Array.LastIndexOf(held, released, heldCount - 1, heldCount);
        if (at < 0)
        {
            return;
        }

        heldCount--;
        Array.Copy(held, at + 1, held, at, heldCount - at);
        held[heldCount] = null;
    }

    /// <summary>Whether this lane holds that lock.</summary>
    public bool Holds(SharedObject lockObject) => Array.IndexOf(held, lockObject, 0, heldCount) >= 0;

    /// <inheritdoc />
    public override string ToString() => $"cpu{Index}";

    internal bool IsEnabled => Waiting is null || Waiting.IsReady(this);

    internal void Reset()
    {
        Parked = Machine.Points.Start;
        Target = null;
        Waiting = null;
        Done = true;
        Tag = 0;
        RcuDepth = 0;
        Leaf = null;
        Body = null;
        Array.Clear(held, 0, heldCount);
        heldCount = 0;
    }
}
