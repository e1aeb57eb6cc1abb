using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Mm.History;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary><c>fuzz hunt</c>: finds each known defect blind, with the same generators and schedules for all.</summary>
internal static class HuntCommand
{
    private const string DefectsFolder = "corpus/defects";
    private const int WorkersDefault = 2;
    private const int SeedsMax = 10_000;
    private const int WorkersMax = 256;
    private const string TableFile = "corpus/README.md";
    private const long ProofExecutions = 100_000;
    private const long BlameExecutions = 20_000;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Option<string[]> story = new("--story") { Description = "Only these stories.", HelpName = "NAME" };
        Option<string?> seed = Inputs.SeedOption();
        Option<long?> seeds = Inputs.Number(
            "--seeds", "Hunts with so many seeds in a row; figures are medians.", 1, SeedsMax);
        Option<long?> workers = Inputs.Number(
            "--workers", $"Stories hunted at once ({WorkersDefault} unless said).", 1, WorkersMax);
        Option<long?> proof = Inputs.Number("--proof", "Executions to spend on each part of a proof; 0 for none.", 0);
        Option<long?> blame = Inputs.Number(
            "--blame",
            $"Executions to spend at each point of the history ({BlameExecutions} with --update, else 0 for no blame).",
            0);
        Option<bool> update = new("--update")
        {
            Description = $"Writes {DefectsFolder}/STORY.reproducer and .report.txt, and the table in {TableFile}. "
                + "A reproducer that is there stays, with its proof and blame, unless a simpler one is found.",
        };
        Option<string?> kernel = new("--kernel")
        {
            Description = "Hunts the stories whose defect a kernel version has, on that version as a whole.",
            HelpName = "NAME",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "hunt", "Finds each known defect blind and prints what that took. Exits with 1 when any was found.")
        {
            story, kernel, seed, seeds, workers, proof, blame, update, json,
        };
        command.SetAction(result =>
        {
            bool store = result.GetValue(update);
            if (store && result.GetValue(kernel) is not null)
            {
                throw new InputException(
                    "--update", 0, 0, "the corpus holds what each defect does by itself", "no --kernel beside it");
            }

            AfterBudget budget = new(
                result.GetValue(proof) ?? ProofExecutions, result.GetValue(blame) ?? (store ? BlameExecutions : 0));
            Hunts hunts = new(
                Stories(result.GetValue(story), result.GetValue(kernel)), Inputs.Seed(result.GetValue(seed), 1),
                (int)(result.GetValue(seeds) ?? 1), (int)(result.GetValue(workers) ?? WorkersDefault), budget, screen)
            {
                Kept = story => store && File.Exists(FileOf(story)) ? Inputs.ReadReproducer(FileOf(story)) : null,
            };
            return Run(hunts, store, result.GetValue(json), screen, cancel);
        });
        return command;
    }

    private static Story[] Stories(string[]? names, string? kernel)
    {
        if (kernel is null)
        {
            return Stories(names);
        }

        Inputs.Known(kernel, "kernel", KernelVersion.All.Select(v => v.Name).ToArray());
        KernelVersion version = KernelVersion.Find(kernel)!;
        return [.. Stories(names).Where(s => version.Variants.Contains(s.Variant)).Select(s => s.On(version))];
    }

    private static Story[] Stories(string[]? names)
    {
        string[] known = Story.All.Select(s => s.Name).ToArray();
        if (names is not { Length: > 0 })
        {
            return Story.All.ToArray();
        }

        HashSet<string> wanted = new(StringComparer.Ordinal);
        foreach (string name in names.SelectMany(list => list.Split(',')))
        {
            wanted.Add(Inputs.Known(name, "story", known));
        }

        return Story.All.Where(s => wanted.Contains(s.Name)).ToArray();
    }

    private static int Run(Hunts hunts, bool update, bool json, Screen screen, CancellationToken cancel)
    {
        IReadOnlyList<StoryOutcome> outcomes = hunts.Run(cancel);
        if (update)
        {
            foreach (StoryOutcome outcome in outcomes)
            {
                Store(outcome, screen);
            }

            StoreTable(screen);
        }

        if (json)
        {
            screen.Line(JsonReport.Line(ToJson(hunts, outcomes)));
        }
        else
        {
            Print(outcomes, screen);
            string interrupted = cancel.IsCancellationRequested ? "interrupted: " : "";
            string more = hunts.Seeds > 1 ? $" and the {hunts.Seeds - 1} next, medians" : "";
            screen.Line(
                $"{interrupted}{outcomes.Count(o => o.Found)} of {outcomes.Count} stories found in "
                + $"{hunts.Seconds:0.0} s; seed {hunts.Seed}{more}");
        }

        return outcomes.Any(o => o.SeedsFound > 0) ? App.Found : App.NothingFound;
    }

    private static string FileOf(Story story) => $"{DefectsFolder}/{story.Name}{CorpusStore.ReproducerSuffix}";

    private static void Store(StoryOutcome outcome, Screen screen)
    {
        if (!outcome.IsFinished)
        {
            // What is there may be proven to its end, and this is not.
            screen.Note($"{outcome.Story.Name}: interrupted, its file is left as it is");
            return;
        }

        if (outcome.Best is not { } best)
        {
            screen.Note($"{outcome.Story.Name}: not found, its file is left as it is");
            return;
        }

        string file = FileOf(outcome.Story);
        CorpusStore store = new(DefectsFolder);
        store.Add(outcome.Story.Name, best, _ => TextReport.Print(Pipeline.Witness(best, file), file));
        screen.Note($"{file} written");
    }

    /// <summary>Writes the table of all stories that have a file, also of those that were not hunted now.</summary>
    public static void StoreTable(Screen screen)
    {
        if (!File.Exists(TableFile))
        {
            screen.Note($"there is no {TableFile}: no table is written");
            return;
        }

        List<(Story, Reproducer)> rows = [];
        foreach (Story story in Story.All)
        {
            string file = FileOf(story);
            if (File.Exists(file))
            {
                rows.Add((story, Inputs.ReadReproducer(file)));
            }
        }

        string page = CorpusTable.Put(CorpusTable.Print(rows), CorpusStore.ReadText(TableFile))
            ?? throw new InputException(
                TableFile, 0, 0, "no place for the table", $"the lines '{CorpusTable.Begin}' and '{CorpusTable.End}'");
        CorpusStore.WriteWhole(TableFile, page);
        screen.Note($"{TableFile} written");
    }

    private static void Print(IReadOnlyList<StoryOutcome> outcomes, Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns(
            "story", "found", "executions", "seconds", "cpus", "calls", "pre-\nemptions", "signature", "proof");
        foreach (int column in new[] { 1, 2, 3, 4, 5, 6 })
        {
            table.Columns[column].RightAligned().NoWrap();
        }

        table.Columns[0].NoWrap();
        foreach (StoryOutcome outcome in outcomes)
        {
            Reproducer? best = outcome.Best;
            table.AddRow(new[]
            {
                outcome.Story.Name, $"{outcome.SeedsFound}/{outcome.Seeds}", $"{outcome.Executions:#,0}",
                $"{outcome.Seconds:0.00}", $"{best?.Program.Cpus.Length}", best is null ? "" : Calls(best.Program),
                $"{best?.Schedule.Preemptions}", $"{best?.Violates}", best?.Proof ?? "",
            }.Select(Markup.Escape).ToArray());
        }

        screen.Print(table);
        Table aftermath = new Table().RoundedBorder().AddColumns(
            "story", "precursor to symptom", "how often each shows", "blame");
        aftermath.Columns[0].NoWrap();
        foreach (StoryOutcome outcome in outcomes.Where(o => o.Best is not null))
        {
            Reproducer best = outcome.Best!;
            aftermath.AddRow(new[] { outcome.Story.Name, best.Distance, best.Caught, best.Blame ?? "not asked" }
                .Select(cell => Markup.Escape(cell ?? "")).ToArray());
        }

        screen.Print(aftermath);
    }

    /// <summary>Calls besides the setup, and those of the setup after a plus.</summary>
    private static string Calls(Program program) => CorpusTable.Calls(program);

    private static JsonObject ToJson(Hunts hunts, IReadOnlyList<StoryOutcome> outcomes) => new()
    {
        ["seed"] = hunts.Seed,
        ["seeds"] = hunts.Seeds,
        ["seconds"] = Math.Round(hunts.Seconds, 3),
        ["found"] = outcomes.Count(o => o.Found),
        ["stories"] = new JsonArray(outcomes.Select(outcome => (JsonNode)ToJson(outcome)).ToArray()),
    };

    private static JsonObject ToJson(Aftermath aftermath) => new()
    {
        ["executions"] = aftermath.Executions,
        ["precursors"] = aftermath.Precursors,
        ["symptoms"] = aftermath.Symptoms,
        ["seeds"] = aftermath.Seeds,
        ["seedsWithPrecursor"] = aftermath.SeedsWithPrecursor,
        ["seedsWithSymptom"] = aftermath.SeedsWithSymptom,
    };

    private static JsonObject ToJson(StoryOutcome outcome) => new()
    {
        ["name"] = outcome.Story.Name,
        ["found"] = outcome.Found,
        ["seconds"] = Math.Round(outcome.Seconds, 4),
        ["executions"] = outcome.Executions,
        ["calls"] = outcome.Best?.Program.ConcurrentCalls,
        ["cpus"] = outcome.Best?.Program.Cpus.Length,
        ["preemptions"] = outcome.Best?.Schedule.Preemptions,
        ["signature"] = outcome.Best?.Violates.ToString(),
        ["setupCalls"] = outcome.Best?.Program.Setup.Length,
        ["proof"] = outcome.Best?.Proof,
        ["blame"] = outcome.Best?.Blame,
        ["distance"] = outcome.Aftermath.Distance,
        ["aftermath"] = ToJson(outcome.Aftermath),
        ["variant"] = string.Join(',', outcome.Story.Variants),
        ["title"] = outcome.Story.Title,
        ["seeds"] = outcome.Seeds,
        ["seedsFound"] = outcome.SeedsFound,
        ["secondsMax"] = Math.Round(outcome.SecondsMax, 4),
        ["shrinkSeconds"] = Math.Round(outcome.ShrinkSeconds, 4),
        ["reproducer"] = outcome.Best?.Print(),
    };
}
