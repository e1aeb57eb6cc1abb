using System.CommandLine;
using System.Text.Json.Nodes;
using Conformance;
using Conformance.Enact;
using Conformance.Guest;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Mm;

namespace Fuzz.Cli;

/// <summary><c>fuzz enact FILE</c>: takes a real kernel in emulation through an interleaving.</summary>
internal static class EnactCommand
{
    private const string TranscriptSuffix = ".txt";

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string[]> files = new("FILE")
        {
            Description = "Programs with a schedule, or reproducers. Of a program without one it is said where its "
                + "lanes can be stopped.",
            Arity = ArgumentArity.OneOrMore,
        };
        KernelChoice kernel = new();
        Option<bool> update = new("--update")
        {
            Description = $"Writes what happened beside each FILE, as NAME{TranscriptSuffix}.",
        };
        Option<bool> points = new("--points")
        {
            Description = "Enacts nothing: says of each FILE whether it can be, and of how many of the points that the "
                + "lanes come to this kernel has the place.",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "enact", "Takes a real kernel in emulation through the interleavings of programs, and compares where it "
            + "comes out with where the engine does. Exits with 1 when one comes out elsewhere, 3 where no kernel can "
            + "be run.")
        {
            files, kernel.Version, kernel.Patch, update, points, json,
        };
        command.SetAction(result => result.GetValue(points)
            ? EnactPoints.Run(result.GetRequiredValue(files), kernel.Of(result), result.GetValue(json), screen)
            : Run(
                result.GetRequiredValue(files), kernel.Of(result), result.GetValue(update), result.GetValue(json),
                screen, cancel));
        return command;
    }

    private static int Run(
        string[] files, ChosenKernel kernel, bool update, bool json, Screen screen, CancellationToken cancel)
    {
        Points.DefineAll();
        List<(string File, TestCase TestCase, EnactPlan Plan)> plans = [.. files.Select(file =>
        {
            TestCase testCase = Read(file).TestCase;
            return (file, testCase, EnactPlan.Of(testCase.Program, testCase.Schedule, kernel.Release.Variants, file));
        })];
        try
        {
            KernelImage image = kernel.Get(screen);
            using Enactor enactor = new(image, kernel.Release, plans.Max(plan => plan.Plan.Lanes.Count));
            JsonArray rows = [];
            bool differs = false;
            foreach ((string file, TestCase testCase, EnactPlan plan) in plans)
            {
                cancel.ThrowIfCancellationRequested();
                if (testCase.Schedule.Turns.Count == 0)
                {
                    enactor.Places(plan).ToList().ForEach(screen.Line);
                    continue;
                }

                EnactResult result = enactor.Enact(plan, testCase.Program.Shape);
                differs |= result is { Outcome: EnactOutcome.Enacted, Problem: not null };
                rows.Add((JsonNode)ToJson(file, result, plan));
                string[] lines = [$"{file} on {image.Release}: {Describe(result, plan)}", .. Transcript(plan, result)];
                Array.ForEach(lines, screen.Line);
                if (update)
                {
                    CorpusStore.WriteWhole(
                        Path.ChangeExtension(file, TranscriptSuffix), string.Join('\n', lines) + '\n');
                }
            }

            if (json)
            {
                screen.Line(JsonReport.Line(new JsonObject { ["kernel"] = image.Release, ["enacted"] = rows }));
            }

            return differs ? App.Found : App.NothingFound;
        }
        catch (GuestException error)
        {
            screen.Fail(error.Message);
            return ConformCommand.Unable;
        }
    }

    private static IEnumerable<string> Transcript(EnactPlan plan, EnactResult result)
    {
        IEnumerable<string> end = result.End is { } view
            ? ViewText.SideBySide(new Reaction(null, plan.End), new Reaction(null, view)) : [];
        return result.Log.Concat(end).Select(line => $"  {line}".TrimEnd());
    }

    private static string Describe(EnactResult result, EnactPlan plan) => result.Outcome switch
    {
        EnactOutcome.Enacted when result.Problem is not null => $"enacted, but {result.Problem}",
        EnactOutcome.Enacted => "enacted, as predicted" + plan switch
        {
            { IsStuck: true } => ": harm, progress: deadlock",
            { Broken.Count: 0 } => "",
            { Shows: true } => $": harm, {plan.Worst.Signature}",
            _ => $"; nothing shows of the engine's {plan.Worst.Signature}",
        },
        EnactOutcome.Diverged => $"diverged at {result.Problem}",
        _ => $"not expressible: {result.Problem}",
    };

    private static JsonObject ToJson(string file, EnactResult result, EnactPlan plan) => new()
    {
        ["file"] = file,
        ["harm"] = plan.IsStuck ? "progress: deadlock" : plan.Shows ? $"{plan.Worst.Signature}" : null,
        ["outcome"] = result.Outcome switch
        {
            EnactOutcome.Enacted => "enacted",
            EnactOutcome.Diverged => "diverged",
            _ => "not expressible",
        },
        ["problem"] = result.Problem,
    };

    /// <summary>A program with a schedule, or a reproducer.</summary>
    /// <returns>It, and the variants that a reproducer fails on; null of a program.</returns>
    public static (TestCase TestCase, IReadOnlyList<string>? Variants) Read(string file)
    {
        if (file.EndsWith(CorpusStore.ProgramSuffix, StringComparison.Ordinal))
        {
            return (TestCaseText.Parse(MmLanguage.Instance, Inputs.ReadFile(file), file, Points.Table), null);
        }

        Reproducer reproducer = Inputs.ReadReproducer(file);
        return (new TestCase(reproducer.Program, reproducer.Schedule), reproducer.Variants);
    }
}
