using System.CommandLine;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Programs;
using Fuzz.Report;

namespace Fuzz.Cli;

/// <summary><c>fuzz run</c>: a campaign on v6.18, on variants, or on a kernel version.</summary>
internal static class RunCommand
{
    /// <summary>Where a campaign keeps what it finds unless told otherwise.</summary>
    public const string DefaultCorpus = ".fuzz";

    private const int WorkersMax = 256;
    private const long MemoryDefault = 2048;
    private const long MemoryMin = 128;
    private const long MemoryMax = 1 << 20;
    private const string DefaultPrefix = "w";

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> kernel = Inputs.KernelOption();
        Option<string?> seed = Inputs.SeedOption();
        Option<long?> seconds = Inputs.Number("--seconds", "Ends after so many seconds.", 1, 1_000_000_000);
        Option<long?> executions = Inputs.Number("--executions", "Ends after so many executions.", 1);
        Option<long?> workers = Inputs.Number(
            "--workers", "Processes, each pinned to a processor (1 unless said).", 1, WorkersMax);
        Option<long?> memory = Inputs.Number(
            "--memory", $"MiB that each of them may use ({MemoryDefault} unless said); one that needs more is started "
            + "again.", MemoryMin, MemoryMax);
        Option<string?> name = new("--name")
        {
            Description = $"How the names of the workers begin ({DefaultPrefix} unless said); on each host another.",
            HelpName = "PREFIX",
        };
        Option<string?> feedback = Inputs.FeedbackOption();
        Option<string?> corpus = new("--corpus")
        {
            Description = $"Folder for test cases and failures ({DefaultCorpus}/NAME unless said); a second campaign "
                + "on it joins the first.",
            HelpName = "DIR",
        };
        Option<string?> serve = ServeOptions.Address();
        Option<string?> token = ServeOptions.Token();
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "run", "Fuzzes until its budget is used up, or Ctrl-C. Exits with 1 when something was found "
            + $"that is not in {Inputs.RegressionsFolder}.")
        {
            variant, kernel, seed, seconds, executions, workers, memory, name, feedback, corpus, serve, token, json,
        };
        command.SetAction(result =>
        {
            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), result.GetValue(kernel));
            string prefix = Prefix(result.GetValue(name));
            Feedback learns = Inputs.Feedback(result.GetValue(feedback));
            SupervisorOptions options = new(
                CampaignFolder.Open(result.GetValue(corpus) ?? DefaultFolder(variants), MmLanguage.Instance, variants),
                variants, Inputs.Seed(result.GetValue(seed), (ulong)Environment.TickCount64),
                (int)(result.GetValue(workers) ?? 1), prefix, result.GetValue(executions), result.GetValue(seconds),
                result.GetValue(memory) ?? MemoryDefault, learns);
            using ReportServer? server = result.GetValue(serve) is { } address
                ? ServeOptions.Start(options.Campaign.Folder, address, result.GetValue(token), screen)
                : null;
            return Run(options, result.GetValue(json), screen, cancel);
        });
        return command;
    }

    private static string Prefix(string? name) => name is null
        ? DefaultPrefix
        : Siblings.IsName($"{name}0") ? name : throw new InputException(
            Inputs.CommandLine, 0, 0, $"--name {InputException.Quote(name)}",
            "letters, digits, '-', '_' and '.', at most 60, the first a letter or a digit");

    private static string DefaultFolder(IReadOnlyList<string> variants) =>
        Path.Combine(DefaultCorpus, variants.Count == 0 ? "v6.18" : string.Join('+', variants));

    private static int Run(SupervisorOptions options, bool json, Screen screen, CancellationToken cancel)
    {
        // What cannot be read is put aside by one process, before there are several.
        Mm.Points.DefineAll();
        CorpusContents contents = options.Campaign.Store.Load(MmLanguage.Instance, Mm.Points.Table);
        using Supervisor supervisor = new(options, screen);
        CampaignTable table = new(options, supervisor, contents.Quarantined);
        string workers = options.Workers == 1 ? "1 worker" : $"{options.Workers} workers";
        screen.Note(
            $"fuzzing {Inputs.Describe(options.Variants)}, seed {options.Seed}, {workers}, "
            + $"corpus {options.Campaign.Folder}; Ctrl-C ends it");
        supervisor.Run(() => screen.Live(table.Line, supervisor.Seconds, table.Workers), cancel);
        foreach (Quarantined bad in table.Quarantined)
        {
            screen.Note($"fuzz: {bad.Problem}; skipped and moved to {bad.MovedTo}");
        }

        if (json)
        {
            screen.Line(Reporting.JsonReport.Line(table.ToJson()));
        }
        else
        {
            table.Print(screen);
        }

        if (supervisor.Problem is { } problem)
        {
            screen.Fail(problem);
            return App.BadInput;
        }

        return table.Failures.All(failure => failure.IsRegression) ? App.NothingFound : App.Found;
    }
}
