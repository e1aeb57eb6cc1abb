using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Reporting;

namespace Fuzz.Cli;

/// <summary><c>fuzz shrink FILE</c>: makes a reproducer as small as it gets.</summary>
internal static class ShrinkCommand
{
    private const long ProofExecutions = 200_000;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string> file = new("FILE") { Description = "The reproducer." };
        Option<string?> output = new("--output", "-o")
        {
            Description = "Where to put the smaller one; it is printed when nothing is said.",
            HelpName = "FILE",
        };
        Option<long?> proof = Inputs.Number("--proof", "Executions to spend on each part of the proof; 0 for none.", 0);
        Option<bool> prove = new("--prove")
        {
            Description = "Explores every program of fewer of its calls, and proves that none fails.",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "shrink", "Makes a reproducer smaller, keeping what it breaks, and proves what it can of it.")
        {
            file, output, proof, prove, json,
        };
        command.SetAction(result => Run(
            result.GetRequiredValue(file), result.GetValue(output), result.GetValue(proof) ?? ProofExecutions,
            result.GetValue(prove), result.GetValue(json), screen, cancel));
        return command;
    }

    private static int Run(
        string file, string? output, long proof, bool prove, bool json, Screen screen, CancellationToken cancel)
    {
        Reproducer before = Inputs.ReadReproducer(file);
        Pipeline.Witness(before, file);
        cancel.ThrowIfCancellationRequested();
        Reproducer after = Pipeline.Prove(Pipeline.Shrink(before), proof, cancel);
        after = prove ? Pipeline.ProveMinimal(after, proof, cancel) : after;
        Incident incident = Pipeline.Witness(after, file);
        if (output is not null)
        {
            CorpusStore.WriteWhole(output, after.Print());
        }

        if (json)
        {
            screen.Line(JsonReport.Line(new JsonObject
            {
                ["file"] = file,
                ["output"] = output,
                ["before"] = JsonReport.Of(before),
                ["after"] = JsonReport.Of(after),
                ["steps"] = incident.Steps,
                ["text"] = after.Print(),
            }));
            return App.NothingFound;
        }

        if (output is null)
        {
            screen.Text(after.Print());
        }

        screen.Note($"{Describe(before)}  ->  {Describe(after)}{(output is null ? "" : $"  ({output})")}");
        return App.NothingFound;
    }

    private static string Describe(Reproducer reproducer) =>
        $"{reproducer.Program.Cpus.Length} cpus, {reproducer.Program.ConcurrentCalls} calls after "
        + $"{reproducer.Program.Setup.Length} of setup, {reproducer.Schedule.Preemptions} preemption(s)";
}
