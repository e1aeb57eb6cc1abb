using System.Globalization;
using System.Text.Json.Nodes;
using Fuzz.Questions;
using Fuzz.Schedules;
using Mm.History;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary>What <c>fuzz blame</c> prints: each point of the history, the commits, and how sure all that is.</summary>
internal static class BlameReport
{
    private const double MissMin = 1e-9;

    public static void Print(Blame blame, string? oracle, Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns(
            "point of the history", "variants in force", "", "how sure");
        foreach (EraTrial era in blame.Eras)
        {
            Row(table, era.Era.Name, era.Decisive, blame);
        }

        if (blame.Own is { } own)
        {
            Row(table, "the reproducer's own kernel", own, blame);
        }

        foreach (Trial remedy in blame.Remedies)
        {
            Row(table, "a fix that no tree has", remedy, blame);
        }

        screen.Print(table);
        screen.Line(oracle is null ? "counts: any broken law" : $"counts: violations of the oracle '{oracle}'");
        if (blame.RateMin is { } rate)
        {
            screen.Line(
                $"rate:   where it fails, at least {Share(rate)} of random executions do (95 %, the rarest point)");
        }

        foreach (Change change in blame.Changes)
        {
            string what = change.ToBad ? "first bad" : "fixed by";
            screen.Line($"{what}  {change.Commit}{(change.Branch is null ? "" : $", on {change.Branch.Base}")}");
        }

        if (blame.Hypothetical.Count > 0 && blame.Own?.Bad == true)
        {
            screen.Line($"no commit: variant {string.Join(", ", blame.Hypothetical)}");
        }
    }

    public static JsonObject ToJson(Blame blame, string file, string? oracle) => new()
    {
        ["file"] = file,
        ["oracle"] = oracle,
        ["blame"] = blame.ToString(),
        ["firstBad"] = ToJson(blame.FirstBad),
        ["fix"] = ToJson(blame.Fix),
        ["hypothetical"] = Names(blame.Hypothetical),
        ["changes"] = new JsonArray(blame.Changes.Select(change => (JsonNode?)ToJson(change)).ToArray()),
        ["rateMin"] = blame.RateMin,
        ["own"] = blame.Own is { } own ? ToJson(own, blame) : null,
        ["remedies"] = new JsonArray(blame.Remedies.Select(trial => (JsonNode)ToJson(trial, blame)).ToArray()),
        ["points"] = new JsonArray(blame.Eras.Select(era =>
        {
            JsonObject json = ToJson(era.Decisive, blame);
            json["name"] = era.Era.Name;
            json["branch"] = era.Branch?.Name;
            return (JsonNode)json;
        }).ToArray()),
    };

    private static void Row(Table table, string name, Trial trial, Blame blame)
    {
        string variants = trial.Variants.Count == 0 ? "" : string.Join(", ", trial.Variants);
        table.AddRow(new[]
        {
            name, variants, trial.Bad ? "fails" : "passes", Certainty(trial, blame),
        }.Select(Markup.Escape).ToArray());
    }

    private static string Certainty(Trial trial, Blame blame)
    {
        string otherwise = trial.Otherwise == 0 ? "" : $"; {trial.Otherwise:#,0} failed otherwise";
        if (trial.Bad)
        {
            string found = trial.Search is Found f
                ? $"with {f.Preemptions} preemption(s), at enumerated schedule {trial.Enumerated:#,0}; " : "";
            return $"{found}{trial.Hits:#,0} of {trial.Sampled:#,0} random ones{otherwise}";
        }

        if (trial.Search is Complete)
        {
            return $"enumerated: {trial.Search}{otherwise}";
        }

        string bounded = trial.IsBounded ? $"bounded: {trial.Search}; " : "";
        return $"{bounded}{trial.Sampled:#,0} random ones clean, rate below "
            + $"{Share(Confidence.RateMax(trial.Sampled))} (95 %); {MissText(trial, blame)}{otherwise}";
    }

    private static string MissText(Trial trial, Blame blame) => blame.RateMin is not { } rate
        ? "missed with unknown probability"
        : Confidence.Miss(rate, trial.Sampled) is var miss && miss < MissMin
            ? "missed with less than 1e-9"
            : $"missed with {miss.ToString("0.##e+0", CultureInfo.InvariantCulture)}";

    private static string Share(double rate) =>
        $"{(rate * 100).ToString("0.####", CultureInfo.InvariantCulture)} %";

    private static JsonObject? ToJson(Change? change)
    {
        if (change is null)
        {
            return null;
        }

        JsonObject json = HistoryCommand.ToJson(change.Commit);
        json["toBad"] = change.ToBad;
        json["branch"] = change.Branch?.Name;
        return json;
    }

    private static JsonObject ToJson(Trial trial, Blame blame) => new()
    {
        ["variants"] = Names(trial.Variants),
        ["bad"] = trial.Bad,
        ["violation"] = trial.Violation?.Signature.ToString(),
        ["certain"] = trial.Certain,
        ["preemptions"] = trial.Search switch
        {
            Found found => found.Preemptions,
            Bounded { Preemptions: >= 0 } bounded => bounded.Preemptions,
            _ => null,
        },
        ["complete"] = trial.Search is Complete,
        ["enumerated"] = trial.Enumerated,
        ["sampled"] = trial.Sampled,
        ["hits"] = trial.Hits,
        ["otherwise"] = trial.Otherwise,
        ["rateMax"] = trial.Bad || trial.Certain ? null : Confidence.RateMax(trial.Sampled),
        ["miss"] = trial.Certain || blame.RateMin is not { } rate ? null : Confidence.Miss(rate, trial.Sampled),
    };

    private static JsonArray Names(IReadOnlyList<string> names) => new(names.Select(name => (JsonNode)name).ToArray());
}
