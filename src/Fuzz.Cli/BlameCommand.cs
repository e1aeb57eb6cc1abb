using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Questions;
using Fuzz.Reporting;
using Mm.History;

namespace Fuzz.Cli;

/// <summary><c>fuzz blame FILE</c>: which commit of the modelled history a failure came with, and which one put it
/// right.</summary>
internal static class BlameCommand
{
    public static Command Build(Screen screen, CancellationToken cancel)
    {
        TrialBudget least = new();
        Argument<string> file = new("FILE") { Description = "A reproducer or a program." };
        Option<string?> good = new("--good") { Description = "A version or commit that passes.", HelpName = "VERSION" };
        Option<string?> bad = new("--bad") { Description = "A version or commit that fails.", HelpName = "VERSION" };
        Option<long?> budget = Inputs.Number(
            "--budget", $"Most executions of the enumeration at each point ({least.Enumerated} unless said).", 1);
        Option<long?> samples = Inputs.Number(
            "--samples", $"Random executions at each point after it ({least.Sampled} unless said).", 0, int.MaxValue);
        Option<bool> any = new("--any")
        {
            Description = "Any broken law counts, not only those of the reproducer's oracle.",
        };
        Option<string?> seed = Inputs.SeedOption();
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "blame", "Finds the commit that a failure came with and the one that put it right. Exits with 1 when the "
            + "program fails anywhere.")
        {
            file, good, bad, budget, samples, any, seed, json,
        };
        command.SetAction(result => Run(
            new Request(
                result.GetRequiredValue(file), result.GetValue(good), result.GetValue(bad),
                new TrialBudget(
                    result.GetValue(budget) ?? least.Enumerated, result.GetValue(samples) ?? least.Sampled,
                    Inputs.Seed(result.GetValue(seed), least.Seed)),
                result.GetValue(any), result.GetValue(json)),
            screen, cancel));
        return command;
    }

    private static int Run(Request request, Screen screen, CancellationToken cancel)
    {
        (Branch? Branch, IReadOnlyList<SourceTree> Trees)? range = Range(request.Good, request.Bad);
        (Program program, Reproducer? reproducer) = Inputs.ReadProgram(request.File);
        string? oracle = request.Any ? null : reproducer?.Violates.Oracle;
        Stopwatch watch = Stopwatch.StartNew();
        Blamer blamer = new(
            program, oracle, reproducer?.Variants ?? [], request.Budget,
            era => screen.Live($"{watch.Elapsed.TotalSeconds,6:0.0} s  {era}", watch.Elapsed.TotalSeconds), cancel);
        Blame blame = range is { } found ? blamer.Between(found.Branch, found.Trees) : blamer.Everywhere();
        if (request.Json)
        {
            screen.Line(JsonReport.Line(BlameReport.ToJson(blame, request.File, oracle)));
        }
        else
        {
            BlameReport.Print(blame, oracle, screen);
            Contradict(request, blame, screen);
            screen.Line($"{request.File}: {blame}; {watch.Elapsed.TotalSeconds:0.0} s");
        }

        return blame.Any ? App.Found : App.NothingFound;
    }

    /// <summary>The trees between two names, oldest first; null when none was named. The end of mainline that is on the
    /// other side stands for a name that was left out.</summary>
    private static (Branch? Branch, IReadOnlyList<SourceTree> Trees)? Range(string? good, string? bad)
    {
        if (good is null && bad is null)
        {
            return null;
        }

        Place passes = good is null ? new Place(null, 0) : Inputs.Place(good);
        Place fails = bad is null ? new Place(null, Mainline.Commits.Count) : Inputs.Place(bad);
        if (passes == fails)
        {
            throw new InputException(
                Inputs.CommandLine, 0, 0, $"--good {good} and --bad {bad} are the same tree", "two different ones");
        }

        IReadOnlyList<SourceTree>? trees = passes.Index <= fails.Index ? passes.To(fails) : fails.To(passes);
        return trees is null
            ? throw new InputException(
                Inputs.CommandLine, 0, 0,
                $"neither of --good {good ?? "(the beginning)"} and --bad {bad ?? "(the newest)"} is below the other",
                "a branch and what it is based on, two releases, or no range at all (see 'fuzz history')")
            : (passes.Branch ?? fails.Branch, trees);
    }

    private static void Contradict(Request request, Blame blame, Screen screen)
    {
        void Check(string? name, bool bad)
        {
            if (name is not null && Inputs.Place(name) is { } place
                && Find(blame, SourceTree.Line(place.Branch)[place.Index]) is { } trial && trial.Bad != bad)
            {
                screen.Line($"{name} was said to be {(bad ? "bad" : "good")}, but {(bad ? "nothing fails" : "fails")}");
            }
        }

        Check(request.Good, bad: false);
        Check(request.Bad, bad: true);
    }

    private static EraTrial? Find(Blame blame, SourceTree tree) =>
        blame.Eras.FirstOrDefault(trial => trial.Era.First.SameAs(tree));

    private sealed record Request(
        string File, string? Good, string? Bad, TrialBudget Budget, bool Any, bool Json);
}
