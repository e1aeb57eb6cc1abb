using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Cli;

/// <summary><c>fuzz replay FILE</c>: runs a reproducer and reports what comes of it.</summary>
internal static class ReplayCommand
{
    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string> file = new("FILE") { Description = "The reproducer." };
        Option<long?> times = Inputs.Number("--times", "How often (1 unless said otherwise).", 1);
        Option<string[]> variant = Inputs.VariantOption();
        Option<bool> isFixed = new("--fixed") { Description = "On plain v6.18, without the reproducer's variants." };
        Option<bool> verbose = new("--verbose", "-v") { Description = "Also every step, and the state in the end." };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "replay", "Replays a reproducer and prints its report. Exits with 1 when it fails, 0 when it passes.")
        {
            file, times, variant, isFixed, verbose, json,
        };
        command.SetAction(result =>
        {
            string[]? names = result.GetValue(variant);
            Request request = new(
                result.GetRequiredValue(file), result.GetValue(times) ?? 1,
                result.GetValue(isFixed) ? [] : names is { Length: > 0 } ? Inputs.Variants(names, null) : null,
                result.GetValue(verbose), result.GetValue(json));
            return Run(request, screen, cancel);
        });
        return command;
    }

    private static int Run(Request request, Screen screen, CancellationToken cancel)
    {
        Reproducer reproducer = Inputs.ReadReproducer(request.File);
        IReadOnlyList<string> variants = request.Variants ?? reproducer.Variants;

        // Another engine than the one it was made on takes other ways: the schedule is followed where it can be.
        bool strict = variants.SequenceEqual(reproducer.Variants, StringComparer.Ordinal);
        ReproducerRunner runner = new(reproducer, new MmEngine(variants), strict);
        Replay replay = runner.Run();
        Incident incident = runner.Capture();
        string state = request.Verbose ? KernelState.Describe(runner.Engine) : "";
        long done = 1;
        while (done < request.Times && !cancel.IsCancellationRequested)
        {
            Replay next = runner.Run();
            done++;
            if (next.End != replay.End || next.Drift != replay.Drift)
            {
                throw new InvalidOperationException(
                    $"replay {done} of {request.File} ended otherwise than the first: {next.End} after {replay.End}");
            }
        }

        Outcome outcome = new(reproducer, variants, replay, incident, done);
        if (request.Json)
        {
            screen.Line(JsonReport.Line(ToJson(request, outcome)));
        }
        else
        {
            Print(request, outcome, state, screen);
        }

        return replay.End switch
        {
            ReplayEnd.Passes => App.NothingFound,
            ReplayEnd.Drifts => App.BadInput,
            _ => App.Found,
        };
    }

    private static void Print(Request request, Outcome outcome, string state, Screen screen)
    {
        if (outcome.Replay.Drift is { } drift)
        {
            screen.Text(TextReport.PrintDrift(outcome.Reproducer, drift, request.File));
        }
        else if (outcome.Replay.End != ReplayEnd.Passes || request.Verbose)
        {
            screen.Text(TextReport.Print(outcome.Incident, request.File));
        }

        if (request.Verbose)
        {
            screen.Line("");
            screen.Text(StepList.Print(outcome.Incident));
            screen.Line("");
            screen.Text(state);
        }

        screen.Line("");
        string engine = Inputs.Describe(outcome.Variants);
        screen.Line($"{request.File} on {engine}: {Verdict(outcome)}, {Times(outcome.Times)}");
    }

    private static string Verdict(Outcome outcome) => outcome.Replay.End switch
    {
        ReplayEnd.Fails => "fails as it says",
        ReplayEnd.FailsOtherwise => $"fails, but otherwise than '{outcome.Reproducer.Violates}'",
        ReplayEnd.Passes => "passes",
        _ => "drifted",
    };

    private static string Times(long times) => times == 1 ? "once" : $"{times} times out of {times}";

    private static JsonObject ToJson(Request request, Outcome outcome)
    {
        JsonObject json = JsonReport.Of(outcome.Incident, request.File);
        json["outcome"] = outcome.Replay.End switch
        {
            ReplayEnd.Fails => "fails",
            ReplayEnd.FailsOtherwise => "failsOtherwise",
            ReplayEnd.Passes => "passes",
            _ => "drifts",
        };
        json["times"] = outcome.Times;
        json["on"] = new JsonArray(outcome.Variants.Select(name => (JsonNode)name).ToArray());
        json["drift"] = outcome.Replay.Drift is { } drift ? JsonReport.Of(drift) : null;
        return json;
    }

    private sealed record Request(
        string File, long Times, IReadOnlyList<string>? Variants, bool Verbose, bool Json);

    private sealed record Outcome(
        Reproducer Reproducer, IReadOnlyList<string> Variants, Replay Replay, Incident Incident, long Times);
}
