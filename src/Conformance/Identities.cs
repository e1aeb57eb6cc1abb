namespace Conformance;

/// <summary>Gives frames or slots numbers in the order in which they are met: the same one always has the same
/// number.</summary>
internal sealed class Identities
{
    private readonly Dictionary<long, int> met = [];

    /// <summary>The number of what a side calls that.</summary>
    public int Of(long name)
    {
        if (!met.TryGetValue(name, out int number))
        {
            number = met.Count;
            met.Add(name, number);
        }

        return number;
    }
}
