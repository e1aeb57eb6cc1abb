using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Generators;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary><c>fuzz run</c>: a campaign on v6.18, on variants, or on a kernel version.</summary>
internal static class RunCommand
{
    /// <summary>Where a campaign keeps what it finds unless told otherwise.</summary>
    public const string DefaultCorpus = ".fuzz";

    /// <summary>Reproducers of what v6.18 itself has wrong.</summary>
    private const string RegressionsFolder = "corpus/regressions";

    private const int WorkersMax = 256;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> kernel = Inputs.KernelOption();
        Option<string?> seed = Inputs.SeedOption();
        Option<long?> seconds = Inputs.Number("--seconds", "Ends after so many seconds.", 1, 1_000_000_000);
        Option<long?> executions = Inputs.Number("--executions", "Ends after so many executions.", 1);
        Option<long?> workers = Inputs.Number(
            "--workers", "Threads, each with its own engine (1 unless said).", 1, WorkersMax);
        Option<string?> corpus = new("--corpus")
        {
            Description = $"Folder for programs and failures ({DefaultCorpus}/NAME unless said).",
            HelpName = "DIR",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "run", "Fuzzes until its budget is used up, or Ctrl-C. Exits with 1 when something was found "
            + $"that is not in {RegressionsFolder}.")
        {
            variant, kernel, seed, seconds, executions, workers, corpus, json,
        };
        command.SetAction(result =>
        {
            string? name = result.GetValue(kernel);
            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), name);
            CampaignOptions options = new()
            {
                Seed = Inputs.Seed(result.GetValue(seed), (ulong)Environment.TickCount64),
                Variants = variants,
                Seconds = result.GetValue(seconds),
                Executions = result.GetValue(executions),
                Workers = (int)(result.GetValue(workers) ?? 1),
                Corpus = new CorpusStore(result.GetValue(corpus) ?? DefaultFolder(variants)),
                Regressions = Regressions(),
            };
            return Run(options, result.GetValue(json), screen, cancel);
        });
        return command;
    }

    private static SortedDictionary<string, string> Regressions()
    {
        SortedDictionary<string, string> known = new(StringComparer.Ordinal);
        if (!Directory.Exists(RegressionsFolder))
        {
            return known;
        }

        string[] files = Directory.GetFiles(RegressionsFolder, $"*{CorpusStore.ReproducerSuffix}");
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            Reproducer reproducer = Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(file), file);
            if (reproducer.Variants.Count == 0)
            {
                known.TryAdd(reproducer.Violates.ToString(), file);
            }
        }

        return known;
    }

    private static string DefaultFolder(IReadOnlyList<string> variants) =>
        Path.Combine(DefaultCorpus, variants.Count == 0 ? "v6.18" : string.Join('+', variants));

    private static int Run(CampaignOptions options, bool json, Screen screen, CancellationToken cancel)
    {
        string workers = options.Workers == 1 ? "1 worker" : $"{options.Workers} workers";
        screen.Note(
            $"fuzzing {Inputs.Describe(options.Variants)}, seed {options.Seed}, {workers}, "
            + $"corpus {options.Corpus!.Folder}; Ctrl-C ends it");
        CampaignParts parts = new(
            () => new MmEngine(options.Variants), () => new ProgramSource(), Pipeline.Shrink);
        CampaignResult result = new CampaignRun(options, parts).Run(
            progress => screen.Live(Describe(progress), progress.Seconds), cancel);
        foreach (Quarantined bad in result.Quarantined)
        {
            screen.Note($"fuzz: {bad.Problem}; skipped and moved to {bad.MovedTo}");
        }

        if (json)
        {
            screen.Line(JsonReport.Line(ToJson(options, result)));
        }
        else
        {
            Print(result, screen);
        }

        return result.Findings.All(finding => finding.IsRegression) ? App.NothingFound : App.Found;
    }

    private static string Describe(CampaignProgress progress) =>
        $"{progress.Seconds,6:0.0} s  {progress.Executions,12:#,0} executions  {progress.Rate,8:#,0}/s  "
        + $"{progress.Handoffs,6:#,0} hand-offs  {progress.Kept,5:#,0} programs kept  {progress.Failures,3} failures";

    private static void Print(CampaignResult result, Screen screen)
    {
        foreach (Finding finding in result.Findings.Where(f => f.Report.Length > 0))
        {
            screen.Text(finding.Report);
            screen.Line("");
        }

        screen.Print(Distribution.CallTable(result.Statistics));
        screen.Line(Describe(result.Progress));
        if (result.Findings.Count == 0)
        {
            screen.Line("nothing was found");
            return;
        }

        Table table = new Table().RoundedBorder()
            .AddColumns("signature", "met", "first at", "cpus", "calls", "preemptions", "reproducer");
        foreach (Finding finding in result.Findings)
        {
            Reproducer reproducer = finding.Reproducer;
            table.AddRow(new[]
            {
                reproducer.Violates.ToString(), $"{finding.Count:#,0}", $"{finding.FoundAt:#,0}",
                $"{reproducer.Program.Cpus.Length}", $"{reproducer.Program.ConcurrentCalls}",
                $"{reproducer.Schedule.Preemptions}", $"{finding.File}{(finding.Report.Length == 0 ? " (known)" : "")}",
            }.Select(Markup.Escape).ToArray());
        }

        screen.Print(table);
    }

    private static JsonObject ToJson(CampaignOptions options, CampaignResult result) => new()
    {
        ["seed"] = options.Seed,
        ["variants"] = new JsonArray(options.Variants.Select(name => (JsonNode)name).ToArray()),
        ["workers"] = options.Workers,
        ["seconds"] = Math.Round(result.Progress.Seconds, 3),
        ["executions"] = result.Statistics.Executions,
        ["executionsPerSecond"] = Math.Round(result.Progress.Rate, 1),
        ["handoffs"] = result.Progress.Handoffs,
        ["programs"] = result.Statistics.Programs,
        ["programsKept"] = result.Progress.Kept,
        ["noOpShare"] = Math.Round(result.Statistics.NoOpShare, 4),
        ["corpus"] = options.Corpus?.Folder,
        ["calls"] = Distribution.CallsToJson(result.Statistics),
        ["failures"] = new JsonArray(result.Findings.Select(finding => (JsonNode)ToJson(finding)).ToArray()),
        ["quarantined"] = new JsonArray(result.Quarantined.Select(bad => (JsonNode)new JsonObject
        {
            ["file"] = bad.File,
            ["problem"] = bad.Problem,
            ["movedTo"] = bad.MovedTo,
        }).ToArray()),
    };

    private static JsonObject ToJson(Finding finding)
    {
        JsonObject json = JsonReport.Of(finding.Reproducer);
        json["signature"] = finding.Reproducer.Violates.ToString();
        json["count"] = finding.Count;
        json["foundAt"] = finding.FoundAt;
        json["file"] = finding.File;
        json["known"] = finding.Report.Length == 0;
        return json;
    }
}
