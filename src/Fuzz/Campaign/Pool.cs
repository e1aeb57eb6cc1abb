using Fuzz.Coverage;
using Fuzz.Mutation;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>The test cases that campaigns mutate: for each feature of executions the shortest few that showed
/// it.</summary>
/// <remarks>
/// A favoured set as AFL's: a test case stays as long as none is shorter that shows the same. A feature looks for
/// shorter ones when it is seen for the first, second, fourth ... time. Energy goes to what is rare, as in AFLFast
/// (Boehme, Pham, Roychoudhury, CCS 2016) and Entropic (Boehme, Manes, Cha, FSE 2020): of a few features drawn evenly,
/// that one is taken which was seen least often, times how often it was taken already. The kinds of features have equal
/// shares, for there are many more near misses than branches.
/// </remarks>
internal sealed class Pool
{
    private const int UnchangedPercent = 20;
    private const int Tournament = 6;

    /// <summary>Features of a kind that hold test cases; later ones do not.</summary>
    private const int HoldersMax = 1 << 15;

    private readonly Rng rng;
    private readonly TraceCoverage coverage;
    private readonly EdgeMap edges;
    private readonly Feedback feedback;
    private readonly Mutator mutator;
    private readonly Dictionary<Feature, Holder> byFeature = [];
    private readonly List<List<Holder>> byKind = [];

    /// <summary>An empty pool.</summary>
    /// <param name="language">What programs are written in.</param>
    /// <param name="rng">Where its choices come from.</param>
    /// <param name="coverage">Counts the features of traces.</param>
    /// <param name="edges">Counts code edges.</param>
    /// <param name="feedback">The features that hold test cases.</param>
    public Pool(Language language, Rng rng, TraceCoverage coverage, EdgeMap edges, Feedback feedback)
    {
        this.rng = rng;
        this.coverage = coverage;
        this.edges = edges;
        this.feedback = feedback;
        mutator = new Mutator(language, rng);
    }

    /// <summary>The next program, and the schedule under which its parent was kept; null when it is a fresh
    /// one.</summary>
    /// <param name="source">Where fresh programs come from.</param>
    /// <param name="mutantPercent">Of a hundred programs those that are to be mutants.</param>
    public (Program Program, Schedule? Schedule) Draw(IProgramSource source, int mutantPercent)
    {
        if (byKind.Count == 0 || rng.Next(100) >= mutantPercent)
        {
            return (source.Fresh(rng), null);
        }

        TestCase parent = Choose();
        if (rng.Next(100) < UnchangedPercent)
        {
            return (parent.Program, parent.Schedule);
        }

        Program donor = rng.Next(2) == 0 ? source.Fresh(rng) : Choose().Program;
        return (mutator.Mutate(parent.Program, donor), parent.Schedule);
    }

    /// <summary>Keeps the execution that has just ended for those features that no shorter ones show.</summary>
    /// <param name="program">What ran.</param>
    /// <param name="machine">What ran it.</param>
    /// <param name="notable">Features that are worth another look.</param>
    /// <returns>The test case, or null when it is not kept.</returns>
    public TestCase? Add(Program program, Machine machine, List<Feature> notable)
    {
        TestCase? testCase = null;
        foreach (Feature feature in notable)
        {
            if (feedback.HasFlag(feature.Kind) && Hold(feature) is { } holder && holder.Wants(machine.Steps))
            {
                holder.Keep(testCase ??= new TestCase(program, Schedule.FromTrace(machine)), machine.Steps);
            }
        }

        return testCase;
    }

    private Holder? Hold(Feature feature)
    {
        if (byFeature.TryGetValue(feature, out Holder? known))
        {
            return known;
        }

        List<Holder>? kind = byKind.Find(holders => holders[0].Feature.Kind == feature.Kind);
        if (kind is null)
        {
            byKind.Add(kind = []);
        }
        else if (kind.Count == HoldersMax)
        {
            return null;
        }

        Holder holder = new(feature);
        kind.Add(holder);
        byFeature.Add(feature, holder);
        return holder;
    }

    private TestCase Choose()
    {
        List<Holder> holders = byKind[rng.Next(byKind.Count)];
        Holder best = holders[rng.Next(holders.Count)];
        for (int i = 1; i < Tournament; i++)
        {
            Holder other = holders[rng.Next(holders.Count)];
            if (Cost(other) < Cost(best))
            {
                best = other;
            }
        }

        best.Chosen++;
        return best.Any(rng);
    }

    private long Cost(Holder holder) => (long)(holder.Chosen + 1)
        * (holder.Feature.Kind == Feedback.Edges ? edges.Times(holder.Feature) : coverage.Times(holder.Feature));

    /// <summary>A feature and the shortest test cases that were met of it.</summary>
    private sealed class Holder(Feature feature)
    {
        private const int TestCasesMax = 2;
        private readonly List<(TestCase TestCase, int Steps)> kept = [];

        public Feature Feature => feature;

        public int Chosen { get; set; }

        /// <summary>Whether a test case of so many steps is no longer than the longest of them.</summary>
        public bool Wants(int steps) => kept.Count < TestCasesMax || steps <= kept[^1].Steps;

        public void Keep(TestCase testCase, int steps)
        {
            if (kept.Count == TestCasesMax)
            {
                kept.RemoveAt(TestCasesMax - 1);
            }

            int at = kept.FindIndex(other => other.Steps >= steps);
            kept.Insert(at < 0 ? kept.Count : at, (testCase, steps));
        }

        public TestCase Any(Rng rng) => kept[rng.Next(kept.Count)].TestCase;
    }
}
