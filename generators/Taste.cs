using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>What a family of programs has in common: the shape of its world, which calls it uses and how much, which
/// page is hot.</summary>
/// <remarks>
/// Swarm testing (Groce et al., ISSTA 2012): leaving features out finds what using everything hides. Subsystems first:
/// two families in ten have no <see cref="Topic"/> but the core, six have one, two have two; with everything on,
/// nothing would happen often enough to meet. Then single calls: each of the core is off in half of the families; the
/// rest, and those of the topics, are weighted 1 to 9. Loads and stores are never off: without them nothing is there.
/// </remarks>
/// <param name="Shape">Values of the language's shape.</param>
/// <param name="SetupWeights">By call kind, for the setup.</param>
/// <param name="Weights">By call kind, for the lanes.</param>
/// <param name="TopicWeights">The same of the calls that the family's topics are about, or of all calls where it has no
/// topic.</param>
/// <param name="HotPage">The page that most addresses name.</param>
/// <param name="Heat">How many of four addresses name it.</param>
/// <param name="SetupMax">Most calls of the setup.</param>
/// <param name="LaneMax">Most calls of a lane.</param>
/// <param name="Users">How many of eight programs have a lane more, which only goes on using a page.</param>
public sealed record Taste(
    int[] Shape, int[] SetupWeights, int[] Weights, int[] TopicWeights, int HotPage, int Heat, int SetupMax,
    int LaneMax, int Users)
{
    /// <summary>What each call is about, and its weight: in a setup, mostly what brings pages into interesting states,
    /// and in a lane.</summary>
    private static readonly Dictionary<MmCall, (Topic Topic, int Setup, int Lane)> Usual = new()
    {
        [MmCall.Read] = (Topic.Core, 1, 4),
        [MmCall.Write] = (Topic.Core, 3, 6),
        [MmCall.Readahead] = (Topic.Core, 3, 4),
        [MmCall.Swapoff] = (Topic.Core, 1, 1),
        [MmCall.Swapon] = (Topic.Core, 3, 1),
        [MmCall.Fork] = (Topic.Core, 9, 2),
        [MmCall.Pageout] = (Topic.Core, 30, 7),
        [MmCall.Reclaim] = (Topic.Core, 12, 4),
        [MmCall.Age] = (Topic.Core, 3, 1),
        [MmCall.DontNeed] = (Topic.Core, 1, 6),
        [MmCall.Munmap] = (Topic.Core, 1, 2),
        [MmCall.Map] = (Topic.Core, 2, 1),
        [MmCall.Exit] = (Topic.Core, 1, 1),
        [MmCall.Migrate] = (Topic.Core, 1, 4),
        [MmCall.Compact] = (Topic.Core, 1, 2),
        [MmCall.Drain] = (Topic.Core, 2, 2),
        [MmCall.Pin] = (Topic.Devices, 2, 3),
        [MmCall.PinWrite] = (Topic.Devices, 4, 4),
        [MmCall.Dma] = (Topic.Devices, 2, 3),
        [MmCall.Unpin] = (Topic.Devices, 1, 3),
        [MmCall.GetPage] = (Topic.Pipes, 12, 6),
        [MmCall.PutPage] = (Topic.Pipes, 1, 8),
        [MmCall.Attach] = (Topic.Memcg, 3, 5),
        [MmCall.Offline] = (Topic.Memcg, 1, 4),
        [MmCall.WriteZero] = (Topic.Ksm, 8, 2),
        [MmCall.Merge] = (Topic.Ksm, 12, 9),
        [MmCall.Poison] = (Topic.Poison, 1, 8),
        [MmCall.SoftOffline] = (Topic.Poison, 2, 12),
        [MmCall.Unmerge] = (Topic.Ksm, 2, 9),
        [MmCall.Free] = (Topic.Advice, 6, 6),
        [MmCall.Cold] = (Topic.Advice, 4, 4),
        [MmCall.DontFork] = (Topic.Vmas, 6, 3),
        [MmCall.DoFork] = (Topic.Vmas, 8, 3),
        [MmCall.ReadOnly] = (Topic.Vmas, 8, 9),
        [MmCall.Writable] = (Topic.Vmas, 8, 9),
        [MmCall.Mremap] = (Topic.Moves, 14, 10),
        [MmCall.Move] = (Topic.Moves, 3, 10),
        [MmCall.Split] = (Topic.Large, 2, 4),
        [MmCall.Collapse] = (Topic.Large, 1, 6),
        [MmCall.ShrinkThp] = (Topic.Large, 2, 8),
        [MmCall.MapShared] = (Topic.Files, 8, 1),
        [MmCall.MapPrivate] = (Topic.Files, 8, 1),
        [MmCall.Truncate] = (Topic.Files, 1, 5),
        [MmCall.Punch] = (Topic.Files, 1, 4),
        [MmCall.Invalidate] = (Topic.Files, 1, 4),
        [MmCall.Writeback] = (Topic.Files, 1, 8),
        [MmCall.Mlock] = (Topic.Mlock, 12, 9),
        [MmCall.Munlock] = (Topic.Mlock, 3, 9),
        [MmCall.PageoutRange] = (Topic.LargeSwap, 16, 8),
    };

    /// <summary>Weights in the setup of a world with large folios, where they differ: what brings several of them, maps
    /// them in different ways, and takes a part away.</summary>
    private static readonly Dictionary<MmCall, int> UsualOfLarge = new()
    {
        [MmCall.Write] = 12,
        [MmCall.DontNeed] = 8,
        [MmCall.Munmap] = 2,
        [MmCall.Fork] = 6,
        [MmCall.Pageout] = 6,
        [MmCall.Reclaim] = 3,
    };

    private static readonly Topic[] TopicBy = ByKind(kind => Usual[kind].Topic);

    private static readonly int[] LaneBy = ByKind(kind => Usual[kind].Lane);

    private static readonly int[] SetupBy = ByKind(kind => Usual[kind].Setup);

    private static readonly int[] LargeSetupBy =
        ByKind(kind => UsualOfLarge.TryGetValue(kind, out int weight) ? weight : Usual[kind].Setup);

    /// <summary>Topics, each as often as it is drawn: what has more states takes more programs. Devices are drawn
    /// besides: they meet all the others, and fast GUP walks what large folios change.</summary>
    private static readonly Topic[] Draws =
    [
        Topic.Large, Topic.Large, Topic.Large, Topic.Large, Topic.Large, Topic.LargeSwap, Topic.LargeSwap,
        Topic.LargeSwap, Topic.LargeSwap, Topic.Files, Topic.Files, Topic.Files, Topic.Memcg, Topic.Memcg,
        Topic.Memcg, Topic.Ksm, Topic.Advice, Topic.Vmas, Topic.Poison, Topic.Moves, Topic.Pipes, Topic.Mlock,
    ];

    /// <summary>Calls of the core that a topic does not go without: what is merged is mapped often, and goes to swap by
    /// way of both lists only; what is charged matters when it is shared, and when it goes; what MADV_FREE has marked
    /// is dropped by a scan; what goes to swap whole is shared; new addresses matter to those who walk the reverse
    /// map.</summary>
    private static readonly Dictionary<Topic, MmCall[]> Needs = new()
    {
        // What is cut, or written, is on its way elsewhere.
        [Topic.Files] = [MmCall.Migrate, MmCall.Pageout, MmCall.DontNeed],
        [Topic.Ksm] = [MmCall.Age, MmCall.Reclaim],
        [Topic.Memcg] = [MmCall.Fork, MmCall.DontNeed],
        [Topic.Advice] = [MmCall.Reclaim],
        [Topic.LargeSwap] = [MmCall.Fork],
        [Topic.Moves] = [MmCall.Compact, MmCall.Pageout],
        [Topic.Pipes] = [MmCall.Fork, MmCall.Munmap],
        [Topic.Mlock] = [MmCall.Drain, MmCall.Reclaim],
    };

    /// <summary>Calls that a topic does not go without in the setup: parts of what goes to swap whole are left out of
    /// forks.</summary>
    private static readonly Dictionary<Topic, MmCall[]> SetupNeeds = new()
    {
        [Topic.LargeSwap] = [MmCall.DontFork, MmCall.DoFork],
    };

    /// <summary>Least weight of a call of a topic that is in, before <see cref="Usual"/>.</summary>
    private const int TopicWeight = 3;

    // Each generator is made once: inside of a query they would be made anew for every taste.
    private static readonly Gen<int> TopicCount = Gen.Frequency(
        (1, Gen.Constant(0)), (3, Gen.Constant(1)), (1, Gen.Constant(2)));

    private static readonly Gen<Topic> AnyTopic = Gen.Elements(Draws);

    private static readonly Gen<bool> DevicesWithLarge = Gen.Frequency(
        (2, Gen.Constant(false)), (1, Gen.Constant(true)));

    private static readonly Gen<bool> DevicesElsewhere = Gen.Frequency(
        (6, Gen.Constant(false)), (1, Gen.Constant(true)));

    private static readonly Gen<Topic[]> Topics =
        from count in TopicCount
        from topics in AnyTopic.ArrayOf(count)
        from devices in topics.Contains(Topic.Large) ? DevicesWithLarge : DevicesElsewhere
        select devices ? [.. topics, Topic.Devices] : topics;

    private static readonly Gen<int> Processes = Gen.Frequency(
        (5, Gen.Constant(1)), (7, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(4)));

    private static readonly Gen<int> SlotsOfLarge = Gen.Choose(1, 16);

    private static readonly Gen<int> Coin = Gen.Choose(0, 1);

    private static readonly Gen<int> Tables = Gen.Choose(3, 4);

    private static readonly Gen<int> MostlySmallTables = Gen.Frequency((8, Gen.Constant(2)), (1, Tables));

    private static readonly Gen<int> FileCount = Gen.Frequency((5, Gen.Constant(1)), (1, Gen.Constant(2)));

    private static readonly Gen<int> FileSize = Gen.Frequency(
        (3, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Choose(3, 4)));

    private static readonly Gen<int> OneMemcg = Gen.Constant(1);

    private static readonly Gen<int> SeveralMemcgs = Gen.Choose(2, 3);

    private static readonly Gen<int> SetupLength = Gen.Choose(4, 9);

    private static readonly Gen<int> LaneLength = Gen.Frequency(
        (1, Gen.Constant(2)), (3, Gen.Constant(4)), (2, Gen.Constant(6)));

    private static readonly Gen<int> SmallFolios = Gen.Constant(0);

    private static readonly Gen<int> LargeFolios = Gen.Frequency((2, Gen.Constant(1)), (1, Gen.Constant(2)));

    private static readonly Gen<int> SwappedFolios = Gen.Choose(1, 2);

    /// <summary>Each as likely: half of the calls are off in the lanes of a family.</summary>
    private static readonly int[] InLanes = [0, 0, 0, 1, 3, 9];

    /// <summary>Each as likely: one of eight calls is off in the setups of a family.</summary>
    private static readonly int[] InSetup = [0, 1, 1, 1, 1, 1, 4, 4];

    /// <summary>Where the random numbers of plain code come from.</summary>
    internal static Gen<ulong> Seed { get; } =
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        select ((ulong)high << 32) | (uint)low;

    /// <summary>One of the numbers for each call, drawn by plain code: as an array of generators these were most of
    /// what a taste costs.</summary>
    private static Gen<int[]> ForEachCall(int[] among) =>
        from seed in Seed
        let rng = new Rng(seed)
        select Array.ConvertAll(TopicBy, _ => among[rng.Next(among.Length)]);

    private static readonly Gen<int[]> LaneWeight = ForEachCall(InLanes);

    private static readonly Gen<int[]> SetupWeight = ForEachCall(InSetup);

    private static readonly Gen<int> FewPages = Gen.Frequency(
        (12, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Constant(3)), (1, Gen.Constant(4)));

    /// <summary>Room for pages that can be merged.</summary>
    private static readonly Gen<int> PairsOfPages = Gen.Frequency(
        (3, Gen.Constant(1)), (5, Gen.Constant(2)), (2, Gen.Constant(3)));

    /// <summary>Room for pages and for where they go.</summary>
    private static readonly Gen<int> RoomToMove = Gen.Frequency(
        (4, Gen.Constant(2)), (5, Gen.Constant(3)), (2, Gen.Constant(4)));

    /// <summary>Room for a few large folios.</summary>
    private static readonly Gen<int> ManyPages = Gen.Frequency(
        (3, Gen.Constant(4)), (2, Gen.Constant(8)), (5, Gen.Constant(12)), (2, Gen.Choose(5, 16)));

    /// <summary>Room for one large folio or two.</summary>
    private static readonly Gen<int> SwappedPages = Gen.Frequency(
        (4, Gen.Constant(4)), (3, Gen.Constant(8)), (3, Gen.Choose(5, 7)), (1, Gen.Choose(9, 16)));

    /// <summary>Enough slots in a row for a large folio, mostly.</summary>
    private static readonly Gen<int> SlotsInRow = Gen.Frequency(
        (3, Gen.Constant(4)), (3, Gen.Constant(8)), (3, Gen.Choose(5, 16)), (1, Gen.Choose(1, 3)));

    private static readonly Gen<int> FewSlots = Gen.Frequency(
        (2, Gen.Constant(1)), (3, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(6)));

    /// <summary>A random taste.</summary>
    public static Gen<Taste> Any { get; } =
        from mms in Processes
        from topics in Topics
        from thp in topics.Contains(Topic.LargeSwap) ? SwappedFolios
            : topics.Contains(Topic.Large) ? LargeFolios : SmallFolios
        from pages in topics.Contains(Topic.LargeSwap) ? SwappedPages : thp != 0 ? ManyPages
            : topics.Contains(Topic.Moves) ? RoomToMove : topics.Contains(Topic.Ksm) ? PairsOfPages : FewPages
        from slots in topics.Contains(Topic.LargeSwap) ? SlotsInRow : thp == 0 ? FewSlots : SlotsOfLarge
        from device in Coin
        from pmd in thp == 2 ? Tables : MostlySmallTables
        from files in FileCount
        from fileType in Coin
        from filePages in FileSize
        from memcgs in topics.Contains(Topic.Memcg) ? SeveralMemcgs : OneMemcg
        from weights in LaneWeight
        from setupWeights in SetupWeight
        from hot in Gen.Choose(0, pages - 1)
        from heat in thp == 0 ? Gen.Constant(3) : Gen.Choose(0, pages < 12 ? 3 : 2)
        from setup in SetupLength
        from lane in LaneLength
        let users = topics.Contains(Topic.Files) ? 3 : 1
        let scaled = Scale(weights, topics, LaneBy, Needs)
        select new Taste(
            [mms, pages, slots, device, pmd, thp, files, fileType, filePages, memcgs],
            Scale(setupWeights, topics, thp != 0 ? LargeSetupBy : SetupBy, Needs, SetupNeeds),
            scaled, About(scaled, topics), hot, heat, setup, lane, users);

    /// <summary>What a call is about.</summary>
    public static Topic TopicOf(MmCall call) => TopicBy[(int)call];

    /// <summary>A table by call kind.</summary>
    private static T[] ByKind<T>(Func<MmCall, T> of) =>
        [.. MmLanguage.Instance.Calls.Select(call => of((MmCall)call.Kind))];

    /// <summary>The weights without those of calls that no topic of the family is about. Large folios in swap are a
    /// state that the setup makes, and all calls are about it.</summary>
    private static int[] About(int[] weights, Topic[] topics) => topics.Length == 0 || topics.Contains(Topic.LargeSwap)
        ? weights
        : [.. weights.Select((weight, kind) => topics.Contains(TopicOf((MmCall)kind)) ? weight : 0)];

    private static int[] Scale(
        int[] weights, Topic[] topics, int[] usual, params Dictionary<Topic, MmCall[]>[] needs)
    {
        for (int kind = 0; kind < weights.Length; kind++)
        {
            Topic topic = TopicBy[kind];
            if (topic != Topic.Core)
            {
                weights[kind] = Array.IndexOf(topics, topic) >= 0 ? Math.Max(weights[kind], TopicWeight) : 0;
            }
        }

        foreach (MmCall needed in needs.SelectMany(
            each => topics.SelectMany(topic => each.GetValueOrDefault(topic, []))))
        {
            weights[(int)needed] = Math.Max(weights[(int)needed], TopicWeight);
        }

        for (int kind = 0; kind < weights.Length; kind++)
        {
            weights[kind] *= usual[kind];
        }

        weights[(int)MmCall.Read] = Math.Max(weights[(int)MmCall.Read], 1);
        weights[(int)MmCall.Write] = Math.Max(weights[(int)MmCall.Write], 1);
        return weights;
    }
}
