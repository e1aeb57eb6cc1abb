using System.Globalization;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary>What <c>run</c> shows of its workers, while they work and in the end.</summary>
internal sealed class CampaignTable(
    SupervisorOptions options, Supervisor supervisor, IReadOnlyList<Quarantined> quarantined)
{
    /// <summary>All workers together in one line.</summary>
    public string Line
    {
        get
        {
            long executions = Sum(slot => slot.Progress.Executions);
            double rate = supervisor.Seconds > 0 ? executions / supervisor.Seconds : 0;
            return $"{supervisor.Seconds,6:0.0} s  {executions,12:#,0} executions  {rate,8:#,0}/s  "
                + $"{Most(p => p.Handoffs),6:#,0} hand-offs  {Sum(slot => slot.Progress.Found),5:#,0} test cases kept  "
                + $"{Failures.Count,3} failures";
        }
    }

    /// <summary>The signatures that were met, each by whoever met it first or made something of it.</summary>
    public IReadOnlyCollection<WorkerFinding> Failures
    {
        get
        {
            SortedDictionary<string, WorkerFinding> all = new(StringComparer.Ordinal);
            foreach (WorkerFinding finding in supervisor.Slots.SelectMany(slot => slot.Findings))
            {
                WorkerFinding? other = all.GetValueOrDefault(finding.Signature);
                all[finding.Signature] = other is null ? finding : (other.IsKnown ? finding : other) with
                {
                    Count = finding.Count + other.Count,
                };
            }

            return all.Values;
        }
    }

    /// <summary>Files that could not be read.</summary>
    public IEnumerable<Quarantined> Quarantined => [.. quarantined, .. supervisor.Slots.SelectMany(s => s.Quarantined)];

    private ResidualRisk Risk => supervisor.Slots
        .Select(slot => new ResidualRisk(slot.Progress.Singletons, slot.Progress.Observed))
        .Aggregate(default(ResidualRisk), (all, one) => all + one);

    private Statistics Statistics
    {
        get
        {
            Statistics all = new(MmLanguage.Instance);
            supervisor.Slots.SelectMany(slot => slot.Counts).ToList().ForEach(all.Add);
            return all;
        }
    }

    /// <summary>A row for each worker.</summary>
    public Table Workers()
    {
        Table table = new Table().RoundedBorder().AddColumns(
            "worker", "cpu", "executions", "a second", "queue", "found", "imported", "hand-offs", "near misses",
            "failures", "restarts");
        foreach (WorkerSlot slot in supervisor.Slots)
        {
            CampaignProgress progress = slot.Progress;
            table.AddRow(new[]
            {
                slot.Name, slot.Cpu < 0 ? "any" : $"{slot.Cpu}", $"{progress.Executions:#,0}", $"{slot.Rate:#,0}",
                $"{progress.Queue:#,0}", $"{progress.Found:#,0}", $"{progress.Imported:#,0}",
                $"{progress.Handoffs:#,0}", $"{progress.NearMisses:#,0}", $"{progress.Failures}", $"{slot.Restarts}",
            }.Select(Markup.Escape).ToArray());
        }

        for (int column = 1; column < table.Columns.Count; column++)
        {
            table.Columns[column].RightAligned().NoWrap();
        }

        return table;
    }

    /// <summary>Prints what came of it.</summary>
    public void Print(Screen screen)
    {
        foreach (WorkerFinding failure in Failures.Where(f => !f.IsKnown))
        {
            string report = Path.ChangeExtension(failure.File, null) + CorpusStore.ReportSuffix;
            if (File.Exists(report))
            {
                screen.Text(CorpusStore.ReadText(report));
                screen.Line("");
            }
        }

        screen.Print(Distribution.CallTable(Statistics));
        screen.Print(Workers());
        screen.Line(Line);
        if (Failures.Count == 0)
        {
            screen.Line("nothing was found");
            screen.Line(Describe(Risk));
            return;
        }

        Table table = new Table().RoundedBorder()
            .AddColumns("signature", "met", "first at", "cpus", "calls", "preemptions", "reproducer");
        foreach (WorkerFinding failure in Failures)
        {
            Reproducer? reproducer = CorpusStore.Read(MmLanguage.Instance, failure.File);
            table.AddRow(new[]
            {
                failure.Signature, $"{failure.Count:#,0}", $"{failure.FoundAt:#,0}",
                $"{reproducer?.Program.Cpus.Length}", $"{reproducer?.Program.ConcurrentCalls}",
                $"{reproducer?.Schedule.Preemptions}", $"{failure.File}{(failure.IsKnown ? " (known)" : "")}",
            }.Select(Markup.Escape).ToArray());
        }

        screen.Print(table);
    }

    /// <summary>The same for machines.</summary>
    public JsonObject ToJson()
    {
        Statistics statistics = Statistics;
        long executions = Sum(slot => slot.Progress.Executions);
        return new JsonObject
        {
            ["seed"] = options.Seed,
            ["variants"] = new JsonArray(options.Variants.Select(name => (JsonNode)name).ToArray()),
            ["workers"] = options.Workers,
            ["seconds"] = Math.Round(supervisor.Seconds, 3),
            ["executions"] = executions,
            ["executionsPerSecond"] = Math.Round(executions / Math.Max(supervisor.Seconds, 1e-3), 1),
            ["handoffs"] = Most(progress => progress.Handoffs),
            ["nearMisses"] = Most(progress => progress.NearMisses),
            ["edges"] = Most(progress => progress.Edges),
            ["programs"] = statistics.Programs,
            ["testCasesKept"] = Sum(slot => slot.Progress.Found),
            ["noOpShare"] = Math.Round(statistics.NoOpShare, 4),
            ["corpus"] = options.Campaign.Folder,
            ["perWorker"] = new JsonArray(supervisor.Slots.Select(slot => (JsonNode)ToJson(slot)).ToArray()),
            ["calls"] = Distribution.CallsToJson(statistics),
            ["failures"] = new JsonArray(Failures.Select(failure => (JsonNode)ToJson(failure)).ToArray()),
            ["residualRisk"] = ToJson(Risk),
            ["problem"] = supervisor.Problem,
            ["quarantined"] = new JsonArray(Quarantined.Select(bad => (JsonNode)new JsonObject
            {
                ["file"] = bad.File,
                ["problem"] = bad.Problem,
                ["movedTo"] = bad.MovedTo,
            }).ToArray()),
        };
    }

    private static string Describe(ResidualRisk risk) => risk.Executions == 0
        ? "nothing was executed, so that means nothing"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"what that is worth: the next execution shows {risk.NewFeatures:0.###} new hand-offs, near misses and "
            + $"branches in the mean (Good-Turing: {risk.Singletons:#,0} of them were seen in one of "
            + $"{risk.Executions:#,0} executions); drawn like these, fewer than 1 in {1 / risk.FailureMax:#,0} "
            + $"fails ({100 * ResidualRisk.Confidence:0} %)");

    private static JsonObject ToJson(ResidualRisk risk) => new()
    {
        ["executions"] = risk.Executions,
        ["singletons"] = risk.Singletons,
        ["newFeaturesPerExecution"] = risk.Executions == 0 ? null : risk.NewFeatures,
        ["failureAtMost"] = risk.FailureMax,
        ["confidence"] = ResidualRisk.Confidence,
    };

    private static JsonObject ToJson(WorkerSlot slot) => new()
    {
        ["name"] = slot.Name,
        ["cpu"] = slot.Cpu < 0 ? null : slot.Cpu,
        ["executions"] = slot.Progress.Executions,
        ["seconds"] = Math.Round(slot.Progress.Seconds, 3),
        ["queue"] = slot.Progress.Queue,
        ["found"] = slot.Progress.Found,
        ["imported"] = slot.Progress.Imported,
        ["edges"] = slot.Progress.Edges,
        ["handoffs"] = slot.Progress.Handoffs,
        ["nearMisses"] = slot.Progress.NearMisses,
        ["failures"] = new JsonArray(slot.Findings.Select(finding => (JsonNode)finding.Signature).ToArray()),
        ["restarts"] = slot.Restarts,
    };

    private JsonObject ToJson(WorkerFinding failure)
    {
        Reproducer? reproducer = CorpusStore.Read(MmLanguage.Instance, failure.File);
        JsonObject json = reproducer is null ? [] : JsonReport.Of(reproducer);
        json["signature"] = failure.Signature;
        json["count"] = failure.Count;
        json["foundAt"] = failure.FoundAt;
        json["file"] = failure.File;
        json["known"] = failure.IsKnown;
        json["workers"] = new JsonArray(supervisor.Slots
            .Where(slot => slot.Findings.Any(finding => finding.Signature == failure.Signature))
            .Select(slot => (JsonNode)slot.Name).ToArray());
        return json;
    }

    private long Sum(Func<WorkerSlot, long> figure) => supervisor.Slots.Sum(figure);

    private int Most(Func<CampaignProgress, int> figure) =>
        supervisor.Slots.Select(slot => figure(slot.Progress)).DefaultIfEmpty(0).Max();
}
