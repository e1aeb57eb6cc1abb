using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Cli;

/// <summary><c>fuzz corpus</c>: looks at test cases and failures that campaigns have kept, and makes fewer of
/// them.</summary>
internal static class CorpusCommand
{
    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Command command = new(
            "corpus", "Test cases that campaigns have kept: counts, minimises, merges, verifies and shows them.")
        {
            Stats(screen, cancel), Min(screen, cancel), Merge(screen, cancel), Verify(screen, cancel), Show(screen),
        };
        return command;
    }

    private static Argument<string> Folder() => new("dir")
    {
        Description = "A campaign's folder, a worker's, a queue of any fuzzer, or a folder of programs in text.",
    };

    private static Command Stats(Screen screen, CancellationToken cancel)
    {
        Argument<string> folder = Folder();
        Option<bool> json = Inputs.JsonOption();
        Option<string[]> variant = Inputs.VariantOption();
        Command command = new("stats", "Counts test cases, and what they show.") { folder, variant, json };
        command.SetAction(result =>
        {
            CorpusTools tools = new(result.GetValue(folder)!, result.GetValue(variant), cancel);
            CorpusTools.Figures figures = tools.Count();
            if (result.GetValue(json))
            {
                screen.Line(JsonReport.Line(new JsonObject
                {
                    ["testCases"] = figures.TestCases,
                    ["calls"] = figures.Calls,
                    ["turns"] = figures.Turns,
                    ["edges"] = figures.Edges,
                    ["handoffs"] = figures.Handoffs,
                    ["nearMisses"] = figures.NearMisses,
                    ["signatures"] = figures.Signatures,
                    ["unreadable"] = tools.Reader.Problems.Count,
                    ["folders"] = new JsonObject(figures.Folders.Select(
                        f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
                }));
            }
            else
            {
                foreach ((string name, int count) in figures.Folders)
                {
                    screen.Note($"{name}: {count:#,0} test cases");
                }

                screen.Line(
                    $"{figures.TestCases:#,0} test cases of {figures.Calls:#,0} calls and {figures.Turns:#,0} turns, "
                    + $"{figures.Edges:#,0} edges, {figures.Handoffs:#,0} hand-offs, "
                    + $"{figures.NearMisses:#,0} near misses, {figures.Signatures} signatures");
            }

            return Problems(tools, screen);
        });
        return command;
    }

    private static Command Min(Screen screen, CancellationToken cancel)
    {
        Argument<string> folder = Folder();
        Option<string> output = new("--output")
        {
            Required = true,
            Description = "Where the fewest test cases are written that show the same as those of both folders, in "
                + "text; others that are there are deleted.",
            HelpName = "DIR",
        };
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> feedback = Inputs.FeedbackOption();
        Option<bool> json = Inputs.JsonOption();
        Option<long?> files = Inputs.Number(
            "--files", "Writes no more than so many, those that show most together.", 1, int.MaxValue);
        Command command = new("min", "Finds the fewest test cases that show the same.")
        {
            folder, output, files, variant, feedback, json,
        };
        command.SetAction(result =>
        {
            CorpusTools tools = new(result.GetValue(folder)!, result.GetValue(variant), cancel);
            CorpusTools.Minimum least = tools.Minimize(
                result.GetValue(output)!, Inputs.Feedback(result.GetValue(feedback)),
                (int)(result.GetValue(files) ?? int.MaxValue));
            string where = result.GetValue(output)!;
            screen.Line(result.GetValue(json)
                ? JsonReport.Line(new JsonObject
                {
                    ["before"] = least.Before,
                    ["files"] = least.Files,
                    ["features"] = least.Features,
                    ["featuresBefore"] = least.FeaturesBefore,
                })
                : $"{least.Before:#,0} test cases before, {least.Files:#,0} now in {where}: they show "
                + $"{least.Features:#,0} of {least.FeaturesBefore:#,0} features");
            return Problems(tools, screen);
        });
        return command;
    }

    private static Command Merge(Screen screen, CancellationToken cancel)
    {
        Argument<string> folder = new("dir") { Description = "The campaign's folder that takes what is new to it." };
        Argument<string[]> from = new("from")
        {
            Description = "Folders whose test cases and reproducers are taken.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string[]> variant = Inputs.VariantOption();
        Option<bool> json = Inputs.JsonOption();
        Command command = new("merge", "Takes over what other folders have that is new.")
        {
            folder, from, variant, json,
        };
        command.SetAction(result =>
        {
            CorpusTools tools = new(result.GetValue(folder)!, result.GetValue(variant), cancel);
            (int testCases, int reproducers) = tools.Merge(result.GetValue(from)!);
            screen.Line(result.GetValue(json)
                ? JsonReport.Line(new JsonObject { ["testCases"] = testCases, ["reproducers"] = reproducers })
                : $"{testCases:#,0} test cases and {reproducers:#,0} reproducers taken over");
            return Problems(tools, screen);
        });
        return command;
    }

    private static Command Verify(Screen screen, CancellationToken cancel)
    {
        Argument<string> folder = Folder();
        Option<string[]> variant = Inputs.VariantOption();
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "verify", "Runs every test case twice, which must be the same, and every reproducer, which must fail as it "
            + "says. Exits with 1 when something is wrong.")
        {
            folder, variant, json,
        };
        command.SetAction(result =>
        {
            CorpusTools tools = new(result.GetValue(folder)!, result.GetValue(variant), cancel);
            CorpusTools.Verdict verdict = tools.Verify();
            foreach (string problem in verdict.Wrong)
            {
                screen.Note($"fuzz: {problem}");
            }

            screen.Line(result.GetValue(json)
                ? JsonReport.Line(new JsonObject
                {
                    ["testCases"] = verdict.TestCases,
                    ["reproducers"] = verdict.Reproducers,
                    ["wrong"] = new JsonArray(verdict.Wrong.Select(line => (JsonNode)line).ToArray()),
                })
                : $"{verdict.TestCases:#,0} test cases and {verdict.Reproducers:#,0} reproducers, "
                + $"{verdict.Wrong.Count:#,0} of them wrong");
            return verdict.Wrong.Count > 0 ? App.Found : App.NothingFound;
        });
        return command;
    }

    private static Command Show(Screen screen)
    {
        Argument<string> file = new("file") { Description = "A test case in binary or in text, or a reproducer." };
        Command command = new("show", "Prints a test case as text.") { file };
        command.SetAction(result =>
        {
            CorpusTools tools = new(result.GetValue(file)!, null, CancellationToken.None);
            if (tools.Entries().FirstOrDefault() is { } entry && File.Exists(result.GetValue(file)))
            {
                Rest rest = TestCaseRunner.RestOf(entry.TestCase, tools.Points);
                screen.Text(TestCaseText.Print(entry.TestCase));
                screen.Line(
                    $"# after these turns: {(rest.Depth == 0 ? "random" : $"PCT, depth {rest.Depth}")}, "
                    + $"seed {rest.Seed}{(entry.TestCase.Rest is null ? " (not said: a hash of the bytes)" : "")}");
                return App.NothingFound;
            }

            throw tools.Reader.Problems.Count > 0
                ? new InputException(tools.Reader.Problems[0], 0, 0, "cannot be shown", "a test case")
                : new InputException(result.GetValue(file)!, 0, 0, "no file", "one test case");
        });
        return command;
    }

    private static int Problems(CorpusTools tools, Screen screen)
    {
        foreach (string problem in tools.Reader.Problems)
        {
            screen.Note($"fuzz: {problem}; passed over");
        }

        return App.NothingFound;
    }
}
