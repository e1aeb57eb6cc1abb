using Interleave;

namespace Conformance.Enact;

/// <summary>Which kernel functions a lane of the engine is in, as its points tell: where a point is a function's first
/// one since the lane came into it, the kernel is about to enter that function.</summary>
internal sealed class CallStack
{
    private readonly Stack<string> functions = new();
    private readonly List<string> path = [];
    private readonly List<string> points = [];
    private int call;

    /// <summary>Functions that were entered in this turn, in order.</summary>
    public IReadOnlyList<string> Path => path;

    /// <summary>How many of these it has entered in calls that have ended.</summary>
    public int PathOfEnded { get; private set; }

    /// <summary>Whether the lane has been in a function of the kernel since its call began.</summary>
    public bool IsInKernel { get; private set; }

    /// <summary>A turn begins: entries are counted anew.</summary>
    public void Begin()
    {
        path.Clear();
        points.Clear();
        PathOfEnded = 0;
    }

    /// <summary>The lane is in a call; if it is another one than before, in none of its functions yet.</summary>
    /// <param name="number">Of the call.</param>
    public void BeginCall(int number)
    {
        if (number != call)
        {
            call = number;
            functions.Clear();
            IsInKernel = false;
            PathOfEnded = path.Count;
        }
    }

    /// <summary>The lane has taken the step of a point.</summary>
    public void Take(Point point)
    {
        if (EntryOf(point) is { } symbol)
        {
            path.Add(symbol);
        }

        points.Add(point.Name);

        IsInKernel |= KernelPlaces.IsInKernel(point);
        if (Enters(point.Function))
        {
            functions.Push(point.Function);
        }
        else
        {
            while (functions.Peek() != point.Function)
            {
                functions.Pop();
            }
        }
    }

    /// <summary>The place in the kernel where the lane is now that it is about to take the step of a point.</summary>
    public KernelPlace Place(Point point)
    {
        if (CalledPlaces.Of(point.Name) is { } row)
        {
            int times = row.CountedBy is { } counter
                ? points.Count(taken => taken == counter)
                : 1 + points.Count(taken => CalledPlaces.Of(taken) is { } other && row.Counts(other));
            return times > (row.Stop == PlaceStop.Returns ? 1 : int.MaxValue) || times == 0
                ? new KernelPlace(null, 0)
                : new KernelPlace(row.Callee, times) { Callers = row.Callers, Stop = row.Stop };
        }

        string? symbol = EntryOf(point);
        return new KernelPlace(symbol, symbol is null ? 0 : path.Count(entered => entered == symbol) + 1);
    }

    private string? EntryOf(Point point) =>
        KernelPlaces.IsEntry(point) && Enters(point.Function) ? point.Function : null;

    private bool Enters(string function) => !functions.Contains(function);
}
