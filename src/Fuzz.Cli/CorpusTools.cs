using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Fuzz.Shrinking;
using Interleave;

namespace Fuzz.Cli;

/// <summary>What <c>fuzz corpus</c> does to a folder of test cases.</summary>
internal sealed class CorpusTools
{
    private const string MergePrefix = "merge";
    private readonly string folder;
    private readonly IReadOnlyList<string> variants;
    private readonly CancellationToken cancel;
    private readonly MmEngine engine;

    /// <summary>Tools for a folder.</summary>
    /// <param name="folder">The folder, or one file.</param>
    /// <param name="variants">What is fuzzed; null for what the folder says, or else v6.18.</param>
    /// <param name="cancel">Ends whatever is done.</param>
    /// <exception cref="InputException">The variants are unknown.</exception>
    public CorpusTools(string folder, string[]? variants, CancellationToken cancel)
    {
        this.folder = folder;
        this.cancel = cancel;
        this.variants = Inputs.Variants(
            variants is { Length: > 0 } ? variants : [.. CampaignFolder.VariantsOf(folder) ?? []], null);
        engine = Inputs.Engine(this.variants);
        Reader = new CorpusReader(engine.Language, Points);
    }

    /// <summary>Reads the folder.</summary>
    public CorpusReader Reader { get; }

    /// <summary>The points of the engine.</summary>
    public PointTable Points => engine.Machine.Points;

    /// <summary>The test cases.</summary>
    public IEnumerable<CorpusEntry> Entries() => Each(Reader.Read(folder));

    /// <summary>Counts.</summary>
    public Figures Count()
    {
        SortedDictionary<string, int> folders = new(StringComparer.Ordinal);
        FeatureSet features = new(Points, Coverage.Feedback.All);
        Executor executor = new(engine);
        TestCaseRunner runner = new(executor);
        (int calls, int turns) = (0, 0);
        foreach (CorpusEntry entry in Entries())
        {
            string name = Path.GetDirectoryName(entry.File) ?? "";
            folders[name] = folders.GetValueOrDefault(name) + 1;
            calls += entry.TestCase.Program.Setup.Length + entry.TestCase.Program.ConcurrentCalls;
            turns += entry.TestCase.Schedule.Turns.Count;
            runner.Begin(entry.TestCase);
            EdgeMap.Begin();
            while (runner.Next())
            {
                features.Add(engine.Machine);
                EdgeMap.Begin();
            }
        }

        int signatures = Directory.Exists(folder)
            ? Reader.Reproducers(folder).Select(entry => entry.Reproducer.Violates).Distinct().Count()
            : 0;
        return new Figures(
            folders.Values.Sum(), calls, turns, features.Edges, features.Handoffs, features.NearMisses, signatures,
            folders);
    }

    /// <summary>Writes the fewest test cases that show what those of the folder and of the output show.</summary>
    public Minimum Minimize(string output, Feedback feedback, int filesMax)
    {
        CorpusStore store = new(output);
        CorpusMinimum minimum = new(engine, feedback);
        int before = 0;
        foreach (CorpusEntry entry in Entries().Concat(Each(Reader.Read(output))))
        {
            minimum.Add(entry.TestCase);
            before++;
        }

        IReadOnlyList<TestCase> chosen = minimum.Choose(filesMax, out int features);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (TestCase testCase in chosen)
        {
            store.Add(testCase);
            names.Add(CorpusStore.NameOf(testCase));
        }

        Check(output, names, feedback, features);
        foreach (string file in Directory.GetFiles(output, $"*{CorpusStore.ProgramSuffix}"))
        {
            if (!names.Contains(Path.GetFileName(file)))
            {
                File.Delete(file);
            }
        }

        return new Minimum(before, names.Count, features, minimum.Features);
    }

    /// <summary>Takes over what others have: test cases that show something new, reproducers of signatures that are not
    /// there or are there less simple.</summary>
    /// <exception cref="StorageException">The folder cannot be written.</exception>
    public (int TestCases, int Reproducers) Merge(IReadOnlyList<string> others)
    {
        CampaignFolder campaign = CampaignFolder.Open(folder, engine.Language, variants);
        Exploration seen = new(engine, new Generators.ProgramSource(), 0);
        Collector collector = new();
        foreach (CorpusEntry entry in Entries())
        {
            seen.Replay(entry.TestCase, collector);
        }

        int number = campaign.FirstFree(MergePrefix, 0);
        using WorkerFolder worker = campaign.TryTake($"{MergePrefix}{number}")!;
        using QueueFolder queue = new(worker.Folder, TestCaseBinary.LengthMax(engine.Language));
        int before = queue.Count;
        collector.Found = testCase => queue.Add(TestCaseBinary.Encode(Points, testCase), "op:merge");
        int reproducers = 0;
        foreach (string other in others)
        {
            foreach (CorpusEntry entry in Each(Reader.Read(other)))
            {
                seen.Replay(entry.TestCase, collector);
            }

            reproducers += MergeReproducers(campaign, other);
        }

        queue.Flush();
        return (queue.Count - before, reproducers);
    }

    /// <summary>Looks whether everything is as it should be.</summary>
    public Verdict Verify()
    {
        Executor first = new(engine);
        Executor second = new(Inputs.Engine(variants));
        (TestCaseRunner one, TestCaseRunner other) = (new(first), new(second));
        List<string> wrong = [];
        int testCases = 0;
        foreach (CorpusEntry entry in Entries())
        {
            testCases++;
            byte[] bytes = TestCaseBinary.Encode(Points, entry.TestCase);
            TestCase again = TestCaseBinary.Decode(engine.Language, Points, bytes);
            if (!TestCaseBinary.Encode(Points, again).AsSpan().SequenceEqual(bytes))
            {
                wrong.Add($"{entry.File}: is another one when it is written and read again");
            }

            one.Begin(entry.TestCase);
            other.Begin(again);
            while (one.Next() | other.Next())
            {
                if (DeterminismCheck.Compare(first, second) is { } divergence)
                {
                    wrong.Add($"{entry.File}: runs otherwise the second time: {divergence}");
                    break;
                }
            }
        }

        int reproducers = 0;
        foreach ((string file, Reproducer reproducer) in Failures(folder))
        {
            reproducers++;
            ReproducerRunner runner = new(reproducer, Inputs.Engine(reproducer.Variants), strict: true);
            Replay replay = runner.Run();
            if (replay.End != ReplayEnd.Fails)
            {
                wrong.Add($"{file}: {Pipeline.Explain(reproducer, replay, runner.Engine)}");
            }
        }

        wrong.AddRange(Reader.Problems);
        return new Verdict(testCases, reproducers, wrong);
    }

    private static int MergeReproducer(CampaignFolder campaign, Reproducer reproducer, string name)
    {
        string file = campaign.Store.FileOf(name);
        Reproducer? there = CorpusStore.Read(reproducer.Program.Language, file);
        if (there is not null && !SimplerThan.Holds(reproducer.Program, there.Program))
        {
            return 0;
        }

        campaign.Store.Add(name, reproducer, path => TextReport.Print(Pipeline.Witness(reproducer, path), path));
        return 1;
    }

    private int MergeReproducers(CampaignFolder campaign, string other)
    {
        int taken = 0;
        foreach ((string file, Reproducer reproducer) in Failures(other))
        {
            // Names are made of signatures, so they are the same wherever they were made.
            bool isOurs = reproducer.Variants.SequenceEqual(variants, StringComparer.Ordinal);
            taken += isOurs ? MergeReproducer(campaign, reproducer, Path.GetFileNameWithoutExtension(file)) : 0;
        }

        return taken;
    }

    private IEnumerable<(string File, Reproducer Reproducer)> Failures(string where) =>
        Directory.Exists(where) ? Each(Reader.Reproducers(where)) : [];

    /// <summary>Before anything is deleted: what was written shows the same.</summary>
    private void Check(string output, HashSet<string> names, Feedback feedback, int features)
    {
        CorpusMinimum written = new(Inputs.Engine(variants), feedback);
        foreach (CorpusEntry entry in Each(Reader.Read(output)).Where(e => names.Contains(Path.GetFileName(e.File))))
        {
            written.Add(entry.TestCase);
        }

        if (written.Features != features)
        {
            throw new InvalidOperationException(
                $"the test cases in {output} show {written.Features} features, not {features}: nothing was deleted");
        }
    }

    private IEnumerable<T> Each<T>(IEnumerable<T> all)
    {
        foreach (T one in all)
        {
            cancel.ThrowIfCancellationRequested();
            yield return one;
        }
    }

    /// <summary>What was counted.</summary>
    public sealed record Figures(
        int TestCases, int Calls, int Turns, int Edges, int Handoffs, int NearMisses, int Signatures,
        IReadOnlyDictionary<string, int> Folders);

    /// <summary>What is left.</summary>
    public sealed record Minimum(int Before, int Files, int Features, int FeaturesBefore);

    /// <summary>What was looked at, and what is wrong.</summary>
    public sealed record Verdict(int TestCases, int Reproducers, IReadOnlyList<string> Wrong);

    private sealed class Collector : IExplorationListener
    {
        public Action<TestCase> Found { get; set; } = _ => { };

        public bool MayGoOn => true;

        public void OnNovelty(TestCase testCase, Novelty novelty) => Found(testCase);

        public bool OnFailure(Program program) => true;
    }
}
