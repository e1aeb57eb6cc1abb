using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;

namespace Generators;

/// <summary>What a family of programs has in common: the shape of its world, which calls it uses and how much, which page is hot.</summary>
/// <remarks>
/// Swarm testing (Groce et al., ISSTA 2012): leaving features out finds what using everything hides. Each call is off in a
/// quarter of the families; the rest are weighted 1 to 8. Loads and stores are never off: without them nothing is there.
/// </remarks>
/// <param name="Shape">Values of the language's shape.</param>
/// <param name="Weights">By call kind, for the concurrent part.</param>
/// <param name="HotPage">The page that three of four addresses name.</param>
/// <param name="SetupMax">Most calls of the setup.</param>
/// <param name="LaneMax">Most calls of a lane.</param>
public sealed record Taste(int[] Shape, int[] Weights, int HotPage, int SetupMax, int LaneMax)
{
    /// <summary>Weights of the calls in a setup: mostly what brings pages into interesting states. By call kind.</summary>
    private static readonly int[] Setup = [1, 6, 4, 1, 1, 4, 6, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

    private static readonly Gen<int> Weight = Gen.Frequency(
        (2, Gen.Constant(0)), (2, Gen.Constant(1)), (2, Gen.Constant(2)), (1, Gen.Constant(4)), (1, Gen.Constant(8)));

    /// <summary>A random taste.</summary>
    public static Gen<Taste> Any { get; } =
        from mms in Gen.Frequency((2, Gen.Constant(1)), (5, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(4)))
        from pages in Gen.Frequency((5, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Constant(3)), (1, Gen.Constant(4)))
        from slots in Gen.Frequency((2, Gen.Constant(1)), (3, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(6)))
        from device in Gen.Choose(0, 1)
        from weights in Weight.ArrayOf(MmLanguage.Instance.Calls.Count)
        from hot in Gen.Choose(0, pages - 1)
        from setup in Gen.Choose(1, 9)
        from lane in Gen.Choose(1, 4)
        select new Taste([mms, pages, slots, device], Always(weights), hot, setup, lane);

    /// <summary>How likely a call is in the setup.</summary>
    public int SetupWeight(int kind) => Weights[kind] == 0 ? 0 : Setup[kind];

    private static int[] Always(int[] weights)
    {
        weights[(int)MmCall.Read] = Math.Max(weights[(int)MmCall.Read], 1);
        weights[(int)MmCall.Write] = Math.Max(weights[(int)MmCall.Write], 1);
        return weights;
    }
}
