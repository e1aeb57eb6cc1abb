using Fuzz.Campaign;

namespace Fuzz.Report;

/// <summary>How the figures of all workers came to be, on one axis of time.</summary>
/// <remarks>The axis begins when the first worker began. A worker's own clock counts only while it works; the time that
/// its statistics give for its start has earlier runs counted back from it, as AFL++ does.</remarks>
internal sealed class ChartBuilder
{
    private const int PointsMax = 300;

    /// <summary>Starts farther apart than this are no starts of one campaign, but a clock that is wrong.</summary>
    private const long OffsetMax = 366L * 24 * 60 * 60;

    /// <summary>Seconds between two rows, at most, of a worker that is at work.</summary>
    private const long PauseMax = 60;

    private readonly CampaignSnapshot folder;
    private readonly Dictionary<string, long> offsets = new(StringComparer.Ordinal);

    public ChartBuilder(CampaignSnapshot folder)
    {
        this.folder = folder;
        long[] starts = [.. folder.Workers.Select(worker => worker.Statistics.StartTime).Where(start => start > 0)];
        long first = starts.Length == 0 ? 0 : starts.Min();
        foreach (WorkerSnapshot worker in folder.Workers)
        {
            long offset = worker.Statistics.StartTime - first;
            offsets.Add(worker.Name, offset is > 0 and < OffsetMax ? offset : 0);
        }
    }

    /// <summary>Seconds from the campaign's beginning to a moment of that worker's clock.</summary>
    public long At(WorkerSnapshot worker, long seconds) => offsets[worker.Name] + seconds;

    /// <summary>All charts that have anything to show.</summary>
    public IReadOnlyList<Chart> Build()
    {
        List<Chart> charts =
        [
            Of("executions", "Executions", "count", row => row.Executions, "all workers", Sum),
            Of("rate", "Speed", "executions/s", row => row.Rate, "all workers", Sum),
            Of("edges", "Code coverage", "edges", row => row.Edges, "most of any", Most),
            Of("handoffs", "Interleaving coverage", "hand-offs", row => row.Handoffs, "most of any", Most),
            Of("corpus", "Corpus", "test cases", row => row.CorpusCount, "most of any", Most),
            Of("failures", "Failures", "signatures", row => row.Signatures ?? row.SavedCrashes, "all workers", Found),
        ];

        // Without failures is news; without edges is a target that nobody has instrumented.
        return [.. charts.Where(chart =>
            chart.Lines.Any(line => chart.Id == "failures" || line.Values.Any(value => value > 0)))];
    }

    private static double Sum(IEnumerable<double> values, long at) => values.Sum();

    private static double Most(IEnumerable<double> values, long at) => values.DefaultIfEmpty(0).Max();

    /// <summary>Different failures found by then: two workers that met the same one found one.</summary>
    private double Found(IEnumerable<double> values, long at)
    {
        int known = folder.Workers
            .SelectMany(worker => worker.Findings.Where(row => At(worker, row.Seconds) <= at))
            .Select(row => row.Reproducer).Distinct(StringComparer.Ordinal).Count();
        return Math.Max(known, Most(values, at));
    }

    private Chart Of(
        string id, string title, string unit, Func<PlotRow, double?> value, string totalName,
        Func<IEnumerable<double>, long, double> total)
    {
        List<ChartLine> lines = [];
        foreach (WorkerSnapshot worker in folder.Workers)
        {
            PlotRow[] rows =
            [
                .. worker.Plot.Where(row => value(row) is not null)
                    .GroupBy(row => row.Seconds).Select(rows => rows.Last()),
            ];
            if (rows.Length > 0)
            {
                lines.Add(new ChartLine(
                    worker.Name, false, [.. rows.Select(row => At(worker, row.Seconds))],
                    [.. rows.Select(row => value(row)!.Value)]));
            }
        }

        if (lines.Count > 1)
        {
            long[] times = Thin([.. lines.SelectMany(line => line.Seconds).Distinct().Order()]);
            bool isRate = id == "rate";
            double[] totals =
                [.. times.Select(at => total(lines.Select(line => ValueAt(line, at, isRate)).OfType<double>(), at))];
            lines.Insert(0, new ChartLine(totalName, true, times, totals));
        }

        return new Chart(id, title, unit, [.. lines.Select(Thin)]);
    }

    /// <summary>The last value told by then; nothing before the first, nor, of a rate, long after the last.</summary>
    private static double? ValueAt(ChartLine line, long at, bool isRate)
    {
        int index = ((List<long>)[.. line.Seconds]).BinarySearch(at);
        index = index < 0 ? ~index - 1 : index;
        return index < 0 || (isRate && at > line.Seconds[^1] + PauseMax) ? null : line.Values[index];
    }

    private static long[] Thin(long[] times) =>
        times.Length <= PointsMax ? times : [.. Chosen(times.Length).Select(i => times[i])];

    private static ChartLine Thin(ChartLine line) => line.Seconds.Count <= PointsMax
        ? line
        : line with
        {
            Seconds = [.. Chosen(line.Seconds.Count).Select(i => line.Seconds[i])],
            Values = [.. Chosen(line.Seconds.Count).Select(i => line.Values[i])],
        };

    /// <summary>Evenly spread indices, the first and the last among them.</summary>
    private static IEnumerable<int> Chosen(int count) =>
        Enumerable.Range(0, PointsMax).Select(i => (int)((long)i * (count - 1) / (PointsMax - 1)));
}
