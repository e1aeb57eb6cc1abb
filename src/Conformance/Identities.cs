namespace Conformance;

/// <summary>Gives frames or slots numbers in the order in which they are met: the same one always has the same
/// number.</summary>
internal sealed class Identities
{
    private readonly List<long> met = [];

    /// <summary>The number of what a side calls that.</summary>
    public int Of(long name)
    {
        int number = met.IndexOf(name);
        if (number < 0)
        {
            number = met.Count;
            met.Add(name);
        }

        return number;
    }
}
