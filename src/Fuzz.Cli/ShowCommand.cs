using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Interleave;
using Mm;
using Mm.History;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary><c>fuzz show</c>: files, and all names that files and commands may use.</summary>
internal static class ShowCommand
{
    private const long ProgramsDefault = 10_000;
    private const long ProgramsMax = 100_000_000;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string?> file = new("FILE")
        {
            Description = "A program or a reproducer, to be printed in its canonical form.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> calls = new("--calls") { Description = "The calls, by family." };
        Option<bool> points = new("--points") { Description = "The points where a lane can be parked." };
        Option<bool> variants = new("--variants") { Description = "The variants of v6.18's routines." };
        Option<bool> kernels = new("--kernels") { Description = "The kernel versions, as sets of variants." };
        Option<bool> stories = new("--stories") { Description = "The known defects that 'hunt' looks for." };
        Option<bool> distribution = new("--distribution") { Description = "What the generators make." };
        Option<long?> programs = Inputs.Number(
            "--programs", $"How many programs to draw for --distribution ({ProgramsDefault} unless said).", 1,
            ProgramsMax);
        Option<string?> seed = Inputs.SeedOption();
        Option<bool> json = Inputs.JsonOption();
        Command command = new("show", "Prints a file, or the names that files and commands may use.")
        {
            file, calls, points, variants, kernels, stories, distribution, programs, seed, json,
        };
        command.SetAction(result =>
        {
            bool asJson = result.GetValue(json);
            List<Action> parts = [];
            void Part(bool wanted, string key, Func<JsonNode> toJson, Action print)
            {
                if (wanted)
                {
                    parts.Add(asJson ? () => screen.Line(JsonReport.Line(new JsonObject { [key] = toJson() })) : print);
                }
            }

            if (result.GetValue(file) is { } name)
            {
                parts.Add(() => ShowFile(name, asJson, screen));
            }

            Part(result.GetValue(calls), "calls", Catalogs.CallsToJson, () => Catalogs.PrintCalls(screen));
            Part(result.GetValue(points), "points", Catalogs.PointsToJson, () => Catalogs.PrintPoints(screen));
            Part(result.GetValue(variants), "variants", Catalogs.VariantsToJson, () => Catalogs.PrintVariants(screen));
            Part(result.GetValue(kernels), "kernels", Catalogs.KernelsToJson, () => Catalogs.PrintKernels(screen));
            Part(result.GetValue(stories), "stories", Catalogs.StoriesToJson, () => Catalogs.PrintStories(screen));
            if (result.GetValue(distribution))
            {
                ulong first = Inputs.Seed(result.GetValue(seed), 1);
                Statistics drawn = Distribution.Measure(result.GetValue(programs) ?? ProgramsDefault, first, cancel);
                Part(true, "distribution", () => Distribution.ToJson(drawn), () => Distribution.Print(drawn, screen));
            }

            RequireAny(parts);
            parts.ForEach(part => part());
            return App.NothingFound;
        });
        return command;
    }

    private static void RequireAny(List<Action> parts)
    {
        if (parts.Count == 0)
        {
            throw new InputException(
                Inputs.CommandLine, 0, 0, "nothing to show",
                "a file, or --calls, --points, --variants, --kernels, --stories or --distribution");
        }
    }

    private static void ShowFile(string file, bool json, Screen screen)
    {
        (Program program, Reproducer? reproducer) = Inputs.ReadProgram(file);
        if (reproducer is null)
        {
            string text = ProgramText.Print(program);
            screen.Text(json ? JsonReport.Line(new JsonObject { ["file"] = file, ["program"] = text }) + "\n" : text);
            return;
        }

        if (json)
        {
            JsonObject shown = new() { ["file"] = file, ["reproducer"] = JsonReport.Of(reproducer) };
            screen.Line(JsonReport.Line(shown));
            return;
        }

        screen.Text(reproducer.Print());
        screen.Line("");
        foreach (string name in reproducer.Variants)
        {
            VariantAttribute facts = VariantCatalog.Find(name)!.Facts;
            screen.Line($"{name}: {facts.Subject}");
            screen.Line($"  from     {facts.Origin}");
            screen.Line($"  fix      {facts.Fix}");
            screen.Line($"  symptom  {facts.Symptom}");
        }

        screen.Line($"see it fail: {TextReport.ReplayCommand(file)}");
    }
}
