namespace Interleave;

/// <summary>All points of one engine. Number 0 is always <see cref="Start"/>.</summary>
[NotState("the same in all states")]
public sealed class PointTable
{
    /// <summary>Keys are below this.</summary>
    public const int KeysMax = 1 << 24;

    private Point[] points = new Point[16];

    /// <summary>All but the start, by key. Replaced, never changed: other threads may be reading.</summary>
    private Point[] ring = [];
    private readonly Dictionary<string, Point> byName = new(StringComparer.Ordinal);

    /// <summary>A table that holds only the start point.</summary>
    public PointTable()
    {
        Start = Add("Start", "", Access.None);
        ring = [];
    }

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
        Point point = new((ushort)Count, FreeKey(name), name, function, access);
        if (!byName.TryAdd(name, point))
        {
            throw new ArgumentException($"point '{name}' is declared twice", nameof(name));
        }

        if (Count == points.Length)
        {
            Array.Resize(ref points, Count * 2);
        }

        points[Count++] = point;
        int place = ring.Count(other => other.Key < point.Key);
        ring = [.. ring[..place], point, .. ring[place..]];
        return point;
    }

    /// <summary>The point of that name, or null.</summary>
    public Point? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>The point with the least key that is not below this one, or else with the least of all: every number is
    /// a point, and most numbers stay the point that they are when points are added.</summary>
    /// <param name="key">Any number; taken modulo <see cref="KeysMax"/>.</param>
    /// <returns>Never <see cref="Start"/>; null when there is no other point.</returns>
    public Point? AtOrAbove(int key)
    {
        Point[] all = ring;
        int low = 0;
        int high = all.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = all[middle].Key < (key & KeysMax - 1) ? (middle + 1, high) : (low, middle);
        }

        return all.Length == 0 ? null : all[low == all.Length ? 0 : low];
    }

    /// <summary>The key of a name that no point has taken: FNV-1a, folded to 24 bits.</summary>
    public static int KeyOf(string name)
    {
        uint hash = 0x811C9DC5;
        foreach (char letter in name)
        {
            hash = (hash ^ letter) * 0x01000193;
        }

        return (int)((hash >> 24 ^ hash) & KeysMax - 1);
    }

    private int FreeKey(string name)
    {
        int key = KeyOf(name);
        while (AtOrAbove(key) is { } taken && taken.Key == key)
        {
            key = key + 1 & KeysMax - 1;
        }

        return key;
    }
}
