namespace Interleave;

/// <summary>A named place where a lane may be parked; it declares which object comes next and how it is
/// touched.</summary>
/// <remarks>Names are part of the stored schedules: renaming one renames it in every reproducer.</remarks>
public sealed class Point
{
    internal Point(ushort id, int key, string name, string function, Access access)
    {
        Id = id;
        Key = key;
        Name = name;
        Function = function;
        Access = access;
    }

    /// <summary>Index in the <see cref="PointTable"/>; differs from build to build, so it is never stored.</summary>
    public ushort Id { get; }

    /// <summary>Its place on the ring of 2^24 keys, see <see cref="PointTable.AtOrAbove"/>: made of the name, so it may
    /// be stored where a name is too long.</summary>
    public int Key { get; }

    /// <summary>The stored name: routine and what is about to happen, in PascalCase.</summary>
    public string Name { get; }

    /// <summary>The kernel function (or the routine of another engine) whose step this is.</summary>
    public string Function { get; }

    /// <summary>How the object is touched.</summary>
    public Access Access { get; }

    /// <inheritdoc />
    public override string ToString() => Name;
}
