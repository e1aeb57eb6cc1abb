namespace Interleave;

/// <summary>All points of one engine. Number 0 is always <see cref="Start"/>.</summary>
public sealed class PointTable
{
    private Point[] points = new Point[16];
    private readonly Dictionary<string, Point> byName = new(StringComparer.Ordinal);

    /// <summary>A table that holds only the start point.</summary>
    public PointTable() => Start = Add("Start", "", Access.None);

    /// <summary>Where every lane is parked before its first step.</summary>
    public Point Start { get; }

    /// <summary>Number of points.</summary>
    public int Count { get; private set; }

    /// <summary>The points in the order of their ids.</summary>
    public IReadOnlyList<Point> All => new ArraySegment<Point>(points, 0, Count);

    /// <summary>The point with this id.</summary>
    public Point this[int id] => points[id];

    /// <summary>Declares a point.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public Point Add(string name, string function, Access access)
    {
        Point point = new((ushort)Count, name, function, access);
        if (!byName.TryAdd(name, point))
        {
            throw new ArgumentException($"point '{name}' is declared twice", nameof(name));
        }

        if (Count == points.Length)
        {
            Array.Resize(ref points, Count * 2);
        }

        points[Count++] = point;
        return point;
    }

    /// <summary>The point of that name, or null.</summary>
    public Point? Find(string name) => byName.GetValueOrDefault(name);
}
