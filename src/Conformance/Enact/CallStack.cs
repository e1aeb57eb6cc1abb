using Interleave;

namespace Conformance.Enact;

/// <summary>Which kernel functions a lane of the engine is in, as its points tell: where a point is a function's first
/// one since the lane came into it, the kernel is about to enter that function.</summary>
internal sealed class CallStack
{
    private readonly Stack<string> functions = new();
    private readonly List<string> path = [];

    /// <summary>Functions that were entered in this turn, in order.</summary>
    public IReadOnlyList<string> Path => path;

    /// <summary>A turn begins: entries are counted anew.</summary>
    public void Begin() => path.Clear();

    /// <summary>The lane has taken the step of a point.</summary>
    public void Take(Point point)
    {
        if (Place(point).Symbol is { } symbol)
        {
            path.Add(symbol);
        }

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
        string? symbol = KernelPlaces.IsEntry(point) && Enters(point.Function) ? point.Function : null;
        return new KernelPlace(symbol, symbol is null ? 0 : path.Count(entered => entered == symbol) + 1);
    }

    private bool Enters(string function) => !functions.Contains(function);
}
