using System.Globalization;
using System.Text;
using Fuzz.Programs;
using Fuzz.Reporting;

namespace Fuzz.Campaign;

/// <summary>The files by which a worker tells others how it is doing, and itself where it was: <c>fuzzer_stats</c>,
/// <c>plot_data</c>, <c>findings</c>, <c>state.json</c>.</summary>
internal sealed class Heartbeat
{
    private readonly string folder;
    private readonly CampaignOptions options;
    private readonly Language language;
    private readonly FindingLog log;
    private readonly List<(double Seconds, long Executions)> lastMinute = [];
    private long lastFind;
    private long lastFailure;
    private int found;
    private int failures;
    private long peakMemory;

    /// <summary>That of a worker which begins or goes on.</summary>
    /// <exception cref="StorageException">Its folder cannot be written.</exception>
    public Heartbeat(string folder, CampaignOptions options, Language language)
    {
        this.language = language;
        this.folder = folder;
        this.options = options;
        Before = Checkpoint.Load(folder);
        log = new FindingLog(folder);
        (lastFind, lastFailure) = (Before.LastFind, Before.LastFailure);
        string plot = Path.Combine(folder, PlotData.FileName);
        Disk.Attempt(plot, "write", () =>
        {
            // What was killed while it wrote has left half a line.
            bool isNew = !File.Exists(plot) || new FileInfo(plot).Length == 0;
            File.AppendAllText(plot, isNew ? PlotRow.Header : EndsLine(plot) ? "" : "\n");
        });
    }

    /// <summary>What was done before this run.</summary>
    public Checkpoint Before { get; }

    /// <summary>Writes all of them.</summary>
    /// <param name="now">What this run has done.</param>
    /// <param name="counts">What this run has executed.</param>
    /// <param name="findings">What this run has met.</param>
    /// <exception cref="StorageException">One cannot be written.</exception>
    public void Write(CampaignProgress now, StatisticsCounts counts, IEnumerable<Finding> findings)
    {
        long time = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        lastFind = now.Found > found ? time : lastFind;
        lastFailure = now.Failures > failures ? time : lastFailure;
        (found, failures) = (now.Found, now.Failures);

        // The checkpoint first: what others are told must not go back when we are killed in between.
        Total(now, counts).Save(folder);
        Plot(now);
        log.Write(findings, Before.Seconds + now.Seconds, Before.Counts.Executions);
        Disk.WriteWhole(
            Path.Combine(folder, WorkerStatistics.FileName), Encoding.UTF8.GetBytes(Describe(now, time).Print()));
    }

    private static bool EndsLine(string file)
    {
        using FileStream stream = File.OpenRead(file);
        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() == '\n';
    }

    private long EdgesOf(CampaignProgress now) => Math.Max(Before.Edges, now.Edges);

    private Checkpoint Total(CampaignProgress now, StatisticsCounts counts)
    {
        Statistics total = new(language);
        total.Add(Before.Counts);
        total.Add(counts);
        return new Checkpoint(
            Before.Seconds + now.Seconds, Before.Found + now.Found, Before.Imported + now.Imported, lastFind,
            lastFailure, total.ToCounts(), EdgesOf(now));
    }

    private WorkerStatistics Describe(CampaignProgress now, long time)
    {
        double seconds = Before.Seconds + now.Seconds;
        long executions = Before.Counts.Executions + now.Executions;
        return new WorkerStatistics
        {
            StartTime = time - (long)seconds,
            LastUpdate = time,
            RunTime = (long)seconds,
            ProcessId = Environment.ProcessId,
            Executions = executions,
            Rate = seconds > 0 ? executions / seconds : 0,
            RateOfLastMinute = RateOfLastMinute(now),
            CorpusCount = now.Queue,
            CorpusFavored = now.Queue,
            CorpusFound = Before.Found + now.Found,
            CorpusImported = Before.Imported + now.Imported,
            MaxDepth = 1,
            SavedCrashes = now.Failures,
            LastFind = lastFind,
            LastCrash = lastFailure,
            PeakMemory = peakMemory = Math.Max(peakMemory, Environment.WorkingSet >> 20),
            CpuAffinity = options.Cpu,
            EdgesFound = EdgesOf(now),
            Handoffs = now.Handoffs,
            NearMisses = now.NearMisses,
            SignaturesFound = now.Failures,
            Banner = Path.GetFileName(Path.GetDirectoryName(folder)) ?? "",
            Version = $"fuzz {EngineVersion.Current}",
            TargetMode = "in-process",
            CommandLine = $"seed {options.Seed.ToString(CultureInfo.InvariantCulture)}",
            Variants = string.Join(',', options.Variants),
        };
    }

    private double RateOfLastMinute(CampaignProgress now)
    {
        const double Minute = 60;
        lastMinute.RemoveAll(then => then.Seconds < now.Seconds - Minute);
        lastMinute.Add((now.Seconds, now.Executions));
        (double seconds, long executions) = lastMinute[0];
        return now.Seconds > seconds ? (now.Executions - executions) / (now.Seconds - seconds) : now.Rate;
    }

    private void Plot(CampaignProgress now)
    {
        PlotRow row = new()
        {
            Seconds = (long)(Before.Seconds + now.Seconds),
            CorpusCount = now.Queue,
            SavedCrashes = now.Failures,
            MaxDepth = 1,
            Rate = RateOfLastMinute(now),
            Executions = Before.Counts.Executions + now.Executions,
            Edges = EdgesOf(now),
            Handoffs = now.Handoffs,
            NearMisses = now.NearMisses,
            Signatures = now.Failures,
        };
        string file = Path.Combine(folder, PlotData.FileName);
        Disk.Attempt(file, "write", () => File.AppendAllText(file, row.Print()));
    }
}
