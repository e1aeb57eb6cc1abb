namespace SharpFuzz;

/// <summary>Numbers of branch targets, 16 bits, all different in an assembly as long as there are enough.</summary>
/// <remarks>Made of the method's name and the target's place in it, so that most stay the same when other methods
/// change, and maps of two builds can be compared.</remarks>
internal sealed class EdgeIds
{
    private const int Count = 1 << 16;
    private readonly HashSet<int> taken = [];

    /// <summary>A number for a target of a method.</summary>
    /// <param name="method">The method's full name.</param>
    /// <param name="target">Which of its targets, from 0.</param>
    public int Next(string method, int target)
    {
        uint hash = 0x811C9DC5;
        foreach (char letter in method)
        {
            hash = (hash ^ letter) * 0x01000193;
        }

        // Close numbers would give equal edges: the last branch is half its number.
        hash = (hash + (uint)target) * 0x9E3779B1;
        hash = (hash ^ hash >> 15) * 0x85EBCA6B;
        int id = (int)(hash >> 16);
        while (taken.Count < Count && !taken.Add(id))
        {
            id = (id + 1) % Count;
        }

        return id;
    }
}
