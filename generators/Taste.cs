using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;

namespace Generators;

/// <summary>What a family of programs has in common: the shape of its world, which calls it uses and how much, which
/// page is hot.</summary>
/// <remarks>
/// Swarm testing (Groce et al., ISSTA 2012): leaving features out finds what using everything hides. Each call is off
/// in half of the families; the rest are weighted 1 to 9. Calls of a <see cref="GuestOf">guest</see> are all off in
/// three families of four: with everything on, nothing would happen often enough to meet. Loads and stores are never
/// off: without them nothing is there.
/// </remarks>
/// <param name="Shape">Values of the language's shape.</param>
/// <param name="SetupWeights">By call kind, for the setup.</param>
/// <param name="Weights">By call kind, for the lanes.</param>
/// <param name="HotPage">The page that most addresses name.</param>
/// <param name="Heat">How many of four addresses name it.</param>
/// <param name="SetupMax">Most calls of the setup.</param>
/// <param name="LaneMax">Most calls of a lane.</param>
public sealed record Taste(
    int[] Shape, int[] SetupWeights, int[] Weights, int HotPage, int Heat, int SetupMax, int LaneMax)
{
    /// <summary>Weights of each call: in a setup, mostly what brings pages into interesting states, and in a
    /// lane.</summary>
    private static readonly Dictionary<MmCall, (int Setup, int Lane)> Usual = new()
    {
        [MmCall.Read] = (1, 4),
        [MmCall.Write] = (3, 6),
        [MmCall.Readahead] = (3, 4),
        [MmCall.Swapoff] = (1, 1),
        [MmCall.Swapon] = (3, 1),
        [MmCall.Fork] = (9, 2),
        [MmCall.Pageout] = (30, 7),
        [MmCall.Reclaim] = (12, 4),
        [MmCall.Age] = (3, 1),
        [MmCall.DontNeed] = (1, 6),
        [MmCall.Munmap] = (1, 2),
        [MmCall.Map] = (2, 1),
        [MmCall.Exit] = (1, 1),
        [MmCall.Migrate] = (1, 4),
        [MmCall.Compact] = (1, 2),
        [MmCall.Drain] = (2, 2),
        [MmCall.Pin] = (1, 1),
        [MmCall.PinWrite] = (1, 1),
        [MmCall.Dma] = (1, 1),
        [MmCall.Unpin] = (1, 1),
        [MmCall.Attach] = (3, 3),
        [MmCall.Offline] = (3, 3),
        [MmCall.WriteZero] = (8, 2),
        [MmCall.Merge] = (12, 9),
        [MmCall.Poison] = (1, 4),
        [MmCall.SoftOffline] = (1, 4),
        [MmCall.Unmerge] = (1, 3),
        [MmCall.Free] = (6, 6),
        [MmCall.Cold] = (4, 4),
        [MmCall.DontFork] = (4, 3),
        [MmCall.DoFork] = (2, 3),
        [MmCall.ReadOnly] = (8, 9),
        [MmCall.Writable] = (8, 9),
        [MmCall.Split] = (2, 6),
        [MmCall.ShrinkThp] = (2, 14),
    };

    /// <summary>Weights in the setup of a world with large folios, where they differ: what brings several of them, maps
    /// them in different ways, and takes a part away.</summary>
    private static readonly Dictionary<MmCall, int> UsualOfLarge = new()
    {
        [MmCall.Write] = 12,
        [MmCall.Pin] = 4,
        [MmCall.PinWrite] = 4,
        [MmCall.DontNeed] = 8,
        [MmCall.Munmap] = 2,
        [MmCall.Fork] = 6,
        [MmCall.Pageout] = 6,
        [MmCall.Reclaim] = 3,
    };

    /// <summary>The calls that make equal pages and merge them.</summary>
    private static readonly MmCall[] Ksm = [MmCall.WriteZero, MmCall.Merge, MmCall.Unmerge];

    private static readonly Gen<int> Weight = Gen.Frequency(
        (6, Gen.Constant(0)), (2, Gen.Constant(1)), (2, Gen.Constant(3)), (2, Gen.Constant(9)));

    private static readonly Gen<int> SetupWeight = Gen.Frequency(
        (1, Gen.Constant(0)), (5, Gen.Constant(1)), (2, Gen.Constant(4)));

    private static readonly Gen<int> FewPages = Gen.Frequency(
        (12, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Constant(3)), (1, Gen.Constant(4)));

    /// <summary>Room for pages that can be merged.</summary>
    private static readonly Gen<int> PairsOfPages = Gen.Frequency(
        (3, Gen.Constant(1)), (5, Gen.Constant(2)), (2, Gen.Constant(3)));

    /// <summary>Room for a few large folios.</summary>
    private static readonly Gen<int> ManyPages = Gen.Frequency(
        (3, Gen.Constant(4)), (2, Gen.Constant(8)), (2, Gen.Constant(12)), (4, Gen.Choose(5, 16)));

    private static readonly Gen<int> FewSlots = Gen.Frequency(
        (2, Gen.Constant(1)), (3, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(6)));

    /// <summary>A random taste.</summary>
    public static Gen<Taste> Any { get; } =
        from mms in Gen.Frequency(
            (5, Gen.Constant(1)), (7, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(4)))
        from thp in Gen.Frequency((8, Gen.Constant(0)), (2, Gen.Constant(1)), (1, Gen.Constant(2)))
        from usesKsm in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
        from pages in thp != 0 ? ManyPages : usesKsm ? PairsOfPages : FewPages
        from slots in thp == 0 ? FewSlots : Gen.Choose(1, 16)
        from device in Gen.Choose(0, 1)
        from pmd in thp == 2 ? Gen.Choose(3, 4) : Gen.Frequency((8, Gen.Constant(2)), (1, Gen.Choose(3, 4)))
        from files in Gen.Choose(1, 2)
        from fileType in Gen.Choose(0, 1)
        from filePages in Gen.Frequency((3, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Choose(3, 4)))
        from memcgs in Gen.Frequency((6, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Constant(3)))
        from weights in Weight.ArrayOf(MmLanguage.Instance.Calls.Count)
        from setupWeights in SetupWeight.ArrayOf(MmLanguage.Instance.Calls.Count)
        from guests in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true))).ArrayOf(Guests)
        from hot in Gen.Choose(0, pages - 1)
        from heat in thp == 0 ? Gen.Constant(3) : Gen.Choose(0, 3)
        from setup in Gen.Choose(4, 9)
        from lane in Gen.Frequency((1, Gen.Constant(2)), (3, Gen.Constant(4)), (2, Gen.Constant(6)))
        select new Taste(
            [mms, pages, slots, device, pmd, thp, files, fileType, filePages, memcgs],
            Scale(setupWeights, guests, kind => SetupOf(kind, thp != 0), usesKsm, thp != 0),
            Scale(weights, guests, kind => Usual[kind].Lane, usesKsm, thp != 0), hot, heat, setup, lane);

    /// <summary>Number of guests.</summary>
    private const int Guests = 3;

    /// <summary>The subsystem that a call is from, when it is one that most families do without; else -1.</summary>
    public static int GuestOf(MmCall call) => call switch
    {
        MmCall.Free or MmCall.Cold => 0,
        MmCall.DontFork or MmCall.DoFork or MmCall.ReadOnly or MmCall.Writable => 1,
        MmCall.Poison or MmCall.SoftOffline => 2,
        _ => -1,
    };

    /// <summary>Calls that only a world with large folios has.</summary>
    private static bool IsOfLarge(MmCall call) => call is MmCall.Split or MmCall.ShrinkThp;

    private static int SetupOf(MmCall kind, bool large) =>
        large && UsualOfLarge.TryGetValue(kind, out int weight) ? weight : Usual[kind].Setup;

    private static int[] Scale(int[] weights, bool[] guests, Func<MmCall, int> usual, bool usesKsm, bool large)
    {
        foreach (MmCall kind in Ksm)
        {
            // It takes all of these: a family has either none or each.
            weights[(int)kind] = usesKsm ? Math.Max(weights[(int)kind], 4) : 0;
        }

        if (usesKsm)
        {
            // What is merged is mapped often, and goes to swap by way of both lists only.
            weights[(int)MmCall.Age] = Math.Max(weights[(int)MmCall.Age], 4);
            weights[(int)MmCall.Reclaim] = Math.Max(weights[(int)MmCall.Reclaim], 4);
        }

        for (int kind = 0; kind < weights.Length; kind++)
        {
            int guest = GuestOf((MmCall)kind);
            bool isIn = guest < 0 || guests[guest];
            weights[kind] *= isIn && (large || !IsOfLarge((MmCall)kind)) ? usual((MmCall)kind) : 0;
        }

        weights[(int)MmCall.Read] = Math.Max(weights[(int)MmCall.Read], 1);
        weights[(int)MmCall.Write] = Math.Max(weights[(int)MmCall.Write], 1);
        return weights;
    }
}
