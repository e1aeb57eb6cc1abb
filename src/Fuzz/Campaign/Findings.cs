using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>The failures of a campaign by signature, as one of its workers knows them.</summary>
/// <remarks>
/// A failure is stored as it was met, at once; then it is shrunk, and what came of it stored in its place if it is
/// simpler. Only one worker at a time does that for one signature; the others count it meanwhile. One that was killed
/// leaves the reproducer as it was met: the next worker that comes shrinks it.
/// </remarks>
internal sealed class Findings(CampaignOptions options, CampaignParts parts)
{
    /// <summary>Says of a reproducer that it is still to be shrunk.</summary>
    private const string Unfinished = "As it was met; it is being shrunk, or will be by the next worker.";

    private readonly SortedDictionary<string, Finding> found = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> known = new(StringComparer.Ordinal);
    private Language language = null!;

    /// <summary>Test cases that a person has put into the corpus.</summary>
    public IReadOnlyList<TestCase> Seeds { get; private set; } = [];

    /// <summary>Files of the corpus that could not be read.</summary>
    public IReadOnlyList<Quarantined> Quarantined { get; private set; } = [];

    /// <summary>The failures, sorted by signature.</summary>
    public IReadOnlyCollection<Finding> All => found.Values;

    /// <summary>Told of each signature when it is met first, and again when its reproducer has become simpler. What it
    /// is told of is on the disk.</summary>
    public Action<Finding> Told { get; init; } = _ => { };

    private CorpusStore? Store => options.Folder?.Store;

    /// <summary>Reads the corpus, and finishes what was begun.</summary>
    /// <exception cref="StorageException">It cannot be read or written.</exception>
    public void Load(IEngine engine)
    {
        language = engine.Language;
        foreach ((string signature, string file) in options.Regressions)
        {
            known.Add(signature, file);
        }

        if (Store is null)
        {
            return;
        }

        CorpusContents contents = Store.Load(engine.Language, engine.Machine.Points);
        Seeds = [.. contents.Programs.Select(entry => entry.TestCase)];
        Quarantined = contents.Quarantined;
        foreach ((string file, Reproducer reproducer) in contents.Reproducers.Where(IsOurs))
        {
            known.TryAdd(reproducer.Violates.ToString(), file);
            if (reproducer.Remark == Unfinished)
            {
                Finish(file);
            }
        }
    }

    /// <summary>An execution has failed.</summary>
    /// <param name="failure">As it was met.</param>
    /// <param name="execution">Its number.</param>
    /// <param name="from">Whose test case it was, as <see cref="Finding.From"/> says it.</param>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public void Report(Reproducer failure, long execution, string? from)
    {
        string key = failure.Violates.ToString();
        if (found.TryGetValue(key, out Finding? earlier))
        {
            earlier.Count++;
            return;
        }

        Finding finding = Settle(failure, key) with { FoundAt = execution, From = from };
        found.Add(key, finding);
        Told(finding);
    }

    private bool IsOurs((string File, Reproducer Reproducer) entry) =>
        entry.Reproducer.Variants.SequenceEqual(options.Variants, StringComparer.Ordinal);

    private Finding Settle(Reproducer failure, string key)
    {
        if (known.TryGetValue(key, out string? file))
        {
            return Known(failure, key, file);
        }

        if (Store is null)
        {
            (Reproducer small, Incident incident) = Shrink(failure);
            return new Finding(small, 0, null, TextReport.Print(incident, null));
        }

        string name = NameFor(failure);
        file = Store.FileOf(name);
        using FileLock? mine = options.Folder!.TryTakeReproducer(name);
        if (mine is null || File.Exists(file))
        {
            // Another worker has met it, too, and is at it or done with it.
            return Known(failure, key, file);
        }

        Store.Add(name, Noted(failure, Unfinished));
        Told(new Finding(failure, 0, file, ""));
        return Finish(name, failure);
    }

    private Finding Known(Reproducer failure, string key, string file) =>
        new(failure, 0, file, "") { IsKnown = true, IsRegression = options.Regressions.ContainsKey(key) };

    /// <summary>Shrinks what a worker that was killed has left, unless somebody else is at it.</summary>
    private void Finish(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        using FileLock? mine = options.Folder!.TryTakeReproducer(name);
        if (mine is not null && CorpusStore.Read(language, file) is { Remark: Unfinished } left)
        {
            Finish(name, left);
        }
    }

    private Finding Finish(string name, Reproducer failure)
    {
        (Reproducer small, Incident incident) = Shrink(failure);
        string file = Store!.Add(name, small, path => TextReport.Print(incident, path));
        return new Finding(small, 0, file, TextReport.Print(incident, file));
    }

    /// <summary>A name that no other signature has: theirs may differ in what file names leave out.</summary>
    private string NameFor(Reproducer failure)
    {
        string variants = options.Variants.Count == 0 ? "" : $".{string.Join('+', options.Variants)}";
        string name = CorpusStore.NameOf(failure.Violates) + variants;
        bool isTaken = File.Exists(Store!.FileOf(name))
            && CorpusStore.Read(language, Store.FileOf(name))?.Violates != failure.Violates;
        return isTaken ? $"{name}-{CorpusStore.ShortHash(failure.Violates.ToString())}" : name;
    }

    private (Reproducer Small, Incident Incident) Shrink(Reproducer failure)
    {
        Reproducer small;
        try
        {
            small = parts.Shrink(Noted(failure, ""));
        }
        catch (InvalidOperationException)
        {
            small = Noted(
                failure, "Not shrunk: it does not fail by itself. An execution before has left something behind.");
        }

        ReproducerRunner runner = new(small, parts.NewEngine(), strict: true);
        Replay replay = runner.Run();
        if (replay.End != ReplayEnd.Fails)
        {
            small = Noted(failure, $"Not shrunk: the shrunk one did not fail again ({replay.End}).");
            runner = new ReproducerRunner(small, parts.NewEngine(), strict: true);
            runner.Run();
        }

        return (small, runner.Capture());
    }

    /// <summary>Never lose a failure: the one that was seen, with what is odd about it.</summary>
    private static Reproducer Noted(Reproducer failure, string remark) =>
        new(failure.Program, failure.Schedule, failure.Violates)
        {
            Variants = failure.Variants,
            Engine = failure.Engine,
            Symptom = failure.Symptom,
            Remark = remark,
        };
}
