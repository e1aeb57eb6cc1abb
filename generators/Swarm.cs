using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;

namespace Generators;

/// <summary>The taste of one program: which calls it uses at all, how much, and which page is hot.</summary>
/// <remarks>
/// Swarm testing (Groce et al., ISSTA 2012): leaving features out finds what using everything hides. Each call is off in a
/// quarter of the programs; the rest are weighted 1 to 8. Loads and stores are never off: without them nothing is there.
/// </remarks>
/// <param name="Weights">By call kind, for the concurrent part.</param>
/// <param name="HotPage">The page that three of four addresses name.</param>
public sealed record Swarm(int[] Weights, int HotPage)
{
    private static readonly int[] Setup =
    [
        1, 6, 3, 1, 1, 4, 5, 3, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1,
    ];

    private static readonly Gen<int> Weight = Gen.Frequency(
        (2, Gen.Constant(0)), (2, Gen.Constant(1)), (2, Gen.Constant(2)), (1, Gen.Constant(4)), (1, Gen.Constant(8)));

    /// <summary>A random taste for a program of that many pages.</summary>
    public static Gen<Swarm> Of(int pages) =>
        from weights in Weight.ArrayOf(MmLanguage.Instance.Calls.Count)
        from hot in Gen.Choose(0, pages - 1)
        select new Swarm(Always(weights), hot);

    /// <summary>How likely a call is in the setup: mostly what brings pages into interesting states.</summary>
    public int SetupWeight(int kind) => Weights[kind] == 0 ? 0 : Setup[kind];

    private static int[] Always(int[] weights)
    {
        weights[(int)MmCall.Read] = Math.Max(weights[(int)MmCall.Read], 1);
        weights[(int)MmCall.Write] = Math.Max(weights[(int)MmCall.Write], 1);
        return weights;
    }
}
