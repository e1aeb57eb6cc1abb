using Fuzz.Programs;
using Fuzz.Reporting;
using Mm;
using Mm.History;

namespace Fuzz.Campaign;

/// <summary>One worker of a campaign, as its folder tells: ours, an afl-fuzz, or one that another host sent.</summary>
/// <param name="Name">Of the folder.</param>
/// <param name="Statistics">Its counters.</param>
/// <param name="Plot">How they came to be, by time.</param>
/// <param name="Findings">Failures that it met.</param>
public sealed record WorkerSnapshot(
    string Name, WorkerStatistics Statistics, IReadOnlyList<PlotRow> Plot, IReadOnlyList<FindingRow> Findings);

/// <summary>A reproducer in a campaign's folder.</summary>
/// <param name="Name">Of the file.</param>
/// <param name="Length">Of its text, in characters.</param>
/// <param name="Reproducer">What it says.</param>
public sealed record StoredFailure(string Name, int Length, Reproducer Reproducer);

/// <summary>A file in a campaign's folder that could not be read.</summary>
/// <param name="Name">Of the file.</param>
/// <param name="Problem">What is wrong with it, in one line.</param>
public sealed record UnreadableFile(string Name, string Problem);

/// <summary>What a campaign's folder holds, for whoever reports about it: reads only, and may be done while workers
/// write.</summary>
/// <remarks>
/// The folder may come from strangers: links are not followed, files are read up to a size, names are names of files,
/// what cannot be read is told, and so is what was left out. Everything is sorted by name.
/// </remarks>
public sealed record CampaignSnapshot
{
    /// <summary>Most workers that are read.</summary>
    public const int WorkersMax = 256;

    /// <summary>Most reproducers that are read.</summary>
    public const int FailuresMax = 1000;

    private static readonly string[] Files =
        [WorkerStatistics.FileName, PlotData.FileName, FindingRow.FileName];

    private const int EntriesMax = 100_000;
    private const int StatisticsBytesMax = 1 << 16;
    private const int PlotBytesMax = 1 << 26;
    private const int FindingsBytesMax = 1 << 22;

    private CampaignSnapshot(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The workers.</summary>
    public IReadOnlyList<WorkerSnapshot> Workers { get; private init; } = [];

    /// <summary>The failures, one a signature and set of variants.</summary>
    public IReadOnlyList<StoredFailure> Failures { get; private init; } = [];

    /// <summary>Reproducers that could not be read.</summary>
    public IReadOnlyList<UnreadableFile> Unreadable { get; private init; } = [];

    /// <summary>Workers and reproducers beyond the bounds, which were not read.</summary>
    public int LeftOut { get; private init; }

    /// <summary>Whether there is nothing to report about.</summary>
    public bool IsEmpty => Workers.Count + Failures.Count + Unreadable.Count == 0;

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InputException">There is no such folder.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static CampaignSnapshot Read(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new InputException(path, 0, 0, "there is no such folder", "the folder of a campaign (run --corpus)");
        }

        return Disk.Attempt(path, "read", () =>
        {
            string[] folders = Names(Directory.EnumerateDirectories(path).Where(IsWorker));
            string[] files = Names(
                Directory.EnumerateFiles(path, $"*{CorpusStore.ReproducerSuffix}").Where(BoundedText.IsPlainFile));
            (List<StoredFailure> failures, List<UnreadableFile> unreadable) =
                ReadFailures(path, files.Take(FailuresMax));
            return new CampaignSnapshot(path)
            {
                Workers = [.. folders.Take(WorkersMax).Select(name => ReadWorker(path, name))],
                Failures = failures,
                Unreadable = unreadable,
                LeftOut = Math.Max(folders.Length - WorkersMax, 0) + Math.Max(files.Length - FailuresMax, 0),
            };
        });
    }

    /// <summary>Another text when a file has changed that <see cref="Read"/> reads; empty when there is no such
    /// folder.</summary>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static string Stamp(string path)
    {
        if (!Directory.Exists(path))
        {
            return "";
        }

        return Disk.Attempt(path, "read", () =>
        {
            IEnumerable<string> ofWorkers = Directory.EnumerateDirectories(path).Take(EntriesMax).SelectMany(
                folder => Files.Select(name => System.IO.Path.Combine(folder, name)));
            IEnumerable<string> failures =
                Directory.EnumerateFiles(path, $"*{CorpusStore.ReproducerSuffix}").Take(EntriesMax);
            return string.Join('\n', ofWorkers.Concat(failures)
                .Select(name => new FileInfo(name)).Where(file => file.Exists)
                .Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}")
                .Order(StringComparer.Ordinal));
        });
    }

    private static bool IsWorker(string folder) => new DirectoryInfo(folder).LinkTarget is null
        && (BoundedText.IsPlainFile(System.IO.Path.Combine(folder, WorkerStatistics.FileName))
            || BoundedText.IsPlainFile(System.IO.Path.Combine(folder, PlotData.FileName)));

    private static string[] Names(IEnumerable<string> paths) => [.. paths
        .Take(EntriesMax).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static WorkerSnapshot ReadWorker(string path, string name)
    {
        IEnumerable<string> Lines(string file, int bytesMax) =>
            BoundedText.Lines(System.IO.Path.Combine(path, name, file), bytesMax);

        return new WorkerSnapshot(
            name,
            WorkerStatistics.Parse(Lines(WorkerStatistics.FileName, StatisticsBytesMax)),
            PlotData.Parse(Lines(PlotData.FileName, PlotBytesMax)),
            FindingRow.Parse(Lines(FindingRow.FileName, FindingsBytesMax)));
    }

    private static (List<StoredFailure> Failures, List<UnreadableFile> Unreadable) ReadFailures(
        string path, IEnumerable<string> names)
    {
        Points.DefineAll();
        string[] variants = [.. VariantCatalog.All.Select(variant => variant.Name)];
        List<StoredFailure> failures = [];
        List<UnreadableFile> unreadable = [];
        foreach (string name in names)
        {
            try
            {
                string text = CorpusStore.ReadText(System.IO.Path.Combine(path, name));
                failures.Add(new StoredFailure(
                    name, text.Length,
                    Reproducer.Parse(MmLanguage.Instance, text, name, Points.Table, variants)));
            }
            catch (Exception error) when (error is InputException or StorageException)
            {
                unreadable.Add(new UnreadableFile(name, error.Message));
            }
        }

        return (failures, unreadable);
    }
}
