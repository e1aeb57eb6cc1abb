using System.Globalization;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;

namespace Fuzz.Report;

/// <summary>Makes a report of what a campaign's folder holds: a pure function of its files.</summary>
public static class ReportBuilder
{
    /// <summary>Who has not been heard of for so many seconds, when others were, is not at work.</summary>
    private const long SilenceMax = 180;

    private const int UnreadableMax = 20;

    /// <summary>The report.</summary>
    public static CampaignReport Build(CampaignSnapshot folder)
    {
        ChartBuilder charts = new(folder);
        long asOf = folder.Workers.Select(worker => worker.Statistics.LastUpdate).DefaultIfEmpty(0).Max();
        WorkerSummary[] workers = [.. folder.Workers.Select(worker => Summarize(worker, asOf))];
        return new CampaignReport
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path))),
            Subject = Subject(folder),
            AsOf = asOf,
            Totals = new Totals(
                workers.Sum(worker => worker.Executions),
                workers.Where(worker => worker.Active).Sum(worker => worker.Rate),
                folder.Workers.Select(worker => charts.At(worker, worker.Statistics.RunTime)).DefaultIfEmpty(0).Max(),
                workers.Sum(worker => worker.RunTime),
                workers.Count(worker => worker.Active),
                workers.Select(worker => worker.Edges).DefaultIfEmpty(0).Max(),
                workers.Max(worker => worker.Handoffs),
                workers.Select(worker => worker.Corpus).DefaultIfEmpty(0).Max()),
            Workers = workers,
            Charts = charts.Build(),
            Failures = [.. folder.Failures.Select(failure => Summarize(folder, charts, failure))],
            Notes = Notes(folder),
        };
    }

    private static WorkerSummary Summarize(WorkerSnapshot worker, long asOf)
    {
        WorkerStatistics statistics = worker.Statistics;
        PlotRow last = worker.Plot.Count > 0 ? worker.Plot[^1] : default;
        return new WorkerSummary
        {
            Name = worker.Name,
            Fuzzer = statistics.Version.StartsWith("++", StringComparison.Ordinal)
                ? $"AFL{statistics.Version}"
                : statistics.Version,
            LastUpdate = statistics.LastUpdate,
            Active = statistics.LastUpdate >= asOf - SilenceMax,
            RunTime = Math.Max(statistics.RunTime, last.Seconds),
            Executions = Math.Max(statistics.Executions, last.Executions),
            Rate = statistics.RateOfLastMinute > 0 ? statistics.RateOfLastMinute : statistics.Rate,
            Corpus = Math.Max(statistics.CorpusCount, last.CorpusCount),
            Found = statistics.CorpusFound,
            Imported = statistics.CorpusImported,
            Edges = Math.Max(statistics.EdgesFound, last.Edges),
            Handoffs = statistics.Handoffs ?? last.Handoffs,
            NearMisses = statistics.NearMisses ?? last.NearMisses,
            Failures = statistics.SignaturesFound ?? Math.Max(statistics.SavedCrashes, last.SavedCrashes),
            Stability = statistics.Stability,
            PeakMemory = statistics.PeakMemory,
            Cpu = statistics.CpuAffinity,
            CommandLine = statistics.CommandLine,
        };
    }

    private static FailureSummary Summarize(CampaignSnapshot folder, ChartBuilder charts, StoredFailure failure)
    {
        var met = folder.Workers
            .SelectMany(worker => worker.Findings.Select(row => (Worker: worker, Row: row)))
            .Where(found => found.Row.Reproducer == failure.Name)
            .OrderBy(found => found.Row.First ? 0 : 1).ThenBy(found => charts.At(found.Worker, found.Row.Seconds))
            .ToList();
        Reproducer reproducer = failure.Reproducer;
        return new FailureSummary
        {
            File = failure.Name,
            Version = Fnv.Hash(reproducer.Print()).ToString("x16", CultureInfo.InvariantCulture),
            Signature = reproducer.Violates.ToString(),
            Oracle = reproducer.Violates.Oracle,
            Law = reproducer.Violates.Law,
            Routine = reproducer.Violates.Routine,
            Variants = reproducer.Variants,
            Remark = reproducer.Remark,
            Cpus = reproducer.Program.Cpus.Length,
            Calls = reproducer.Program.ConcurrentCalls,
            Preemptions = reproducer.Schedule.Preemptions,
            Met = met.Count == 0 ? null : met.Sum(found => found.Row.Met),
            FoundBy = met.Count == 0 ? null : met[0].Worker.Name,
            FoundAt = met.Count == 0 ? null : charts.At(met[0].Worker, met[0].Row.Seconds),
            Blame = reproducer.Blame,
            Replay = TextReport.ReplayCommand(Path.Combine(folder.Path, failure.Name)),
        };
    }

    private static string Subject(CampaignSnapshot folder)
    {
        string[] variants = [.. folder.Workers
            .Select(worker => worker.Statistics.Variants).OfType<string>()
            .Select(names => names.Length == 0 ? "v6.18" : $"v6.18 with {names}")
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return string.Join("; ", variants);
    }

    private static List<string> Notes(CampaignSnapshot folder)
    {
        List<string> notes = [];
        if (folder.LeftOut > 0)
        {
            notes.Add(
                $"{folder.LeftOut} folders or reproducers are not shown: a report has room for "
                + $"{CampaignSnapshot.WorkersMax} workers and {CampaignSnapshot.FailuresMax} failures.");
        }

        notes.AddRange(folder.Unreadable.Take(UnreadableMax).Select(file => $"Not readable: {file.Problem}"));
        if (folder.Unreadable.Count > UnreadableMax)
        {
            notes.Add($"{folder.Unreadable.Count - UnreadableMax} more files are not readable.");
        }

        return notes;
    }
}
