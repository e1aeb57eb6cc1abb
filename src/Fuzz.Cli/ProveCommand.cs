using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Cli;

/// <summary><c>fuzz prove FILE</c>: executes every interleaving of one program, by ascending number of
/// preemptions.</summary>
internal static class ProveCommand
{
    private const long BudgetDefault = 1_000_000;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string> file = new("FILE") { Description = "The program, or a reproducer, whose program it is." };
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> kernel = Inputs.KernelOption();
        Option<long?> budget = Inputs.Number(
            "--budget", $"Most executions, over all bounds ({BudgetDefault} unless said).", 1);
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "prove", "Executes every interleaving of a program on v6.18, on variants, or on a kernel version. Exits "
            + "with 1 when one fails, 0 when none does.")
        {
            file, variant, kernel, budget, json,
        };
        command.SetAction(result =>
        {
            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), result.GetValue(kernel));
            string name = result.GetRequiredValue(file);
            Program program = Inputs.ReadProgram(name).Program;
            return Run(
                name, program, variants, result.GetValue(budget) ?? BudgetDefault, result.GetValue(json), screen,
                cancel);
        });
        return command;
    }

    private static int Run(
        string file, Program program, IReadOnlyList<string> variants, long budget, bool json, Screen screen,
        CancellationToken cancel)
    {
        MmEngine engine = new(variants);
        long start = Stopwatch.GetTimestamp();
        ProofSearch search = Prover.Search(program, new Executor(engine), budget, cancel: cancel);
        cancel.ThrowIfCancellationRequested();
        Proof proof = new(
            file, variants, search, Stopwatch.GetElapsedTime(start).TotalSeconds,
            search.Result is Found ? Failing(program, engine, variants) : null);
        if (json)
        {
            screen.Line(JsonReport.Line(ToJson(proof)));
        }
        else
        {
            Print(proof, screen);
        }

        return proof.Failing is null ? App.NothingFound : App.Found;
    }

    /// <summary>What the search ran last, which failed.</summary>
    private static Reproducer Failing(Program program, MmEngine engine, IReadOnlyList<string> variants) =>
        new(program, Schedule.FromTrace(engine.Machine), engine.Verdict.Violations[0].Signature)
        {
            Variants = variants,
            Engine = EngineVersion.Current,
        };

    private static void Print(Proof proof, Screen screen)
    {
        if (proof.Failing is { } failing)
        {
            screen.Text(failing.Print());
            screen.Line("");
        }

        screen.Line(
            $"{proof.File} on {Inputs.Describe(proof.Variants)}: {Describe(proof.Search.Result)}; "
            + $"{proof.Search.Executions:#,0} executions, {proof.Seconds:0.00} s");
    }

    private static string Describe(SearchResult search) => search switch
    {
        Complete complete => $"proven: {complete} pass",
        Bounded { Preemptions: < 0 } => "nothing is proven: the budget ended before the first bound was finished",
        Bounded bounded => $"bounded: {bounded} pass, there are more",
        Found found => $"found: a schedule with {found.Preemptions} preemption(s) fails"
            + (found.Below is null ? "" : $", none of {found.Below} does"),
        _ => search.ToString(),
    };

    private static JsonObject ToJson(Proof proof) => new()
    {
        ["file"] = proof.File,
        ["on"] = new JsonArray(proof.Variants.Select(name => (JsonNode)name).ToArray()),
        ["outcome"] = proof.Search.Result switch
        {
            Complete => "complete",
            Found => "found",
            _ => "bounded",
        },
        ["preemptions"] = proof.Search.Result switch
        {
            Bounded { Preemptions: >= 0 } bounded => bounded.Preemptions,
            Found found => found.Preemptions,
            _ => null,
        },
        ["schedules"] = proof.Search.Result is Found ? null : proof.Search.Result.Executions,
        ["executions"] = proof.Search.Executions,
        ["seconds"] = Math.Round(proof.Seconds, 3),
        ["failing"] = proof.Failing is null ? null : JsonReport.Of(proof.Failing),
        ["reproducer"] = proof.Failing?.Print(),
    };

    private sealed record Proof(
        string File, IReadOnlyList<string> Variants, ProofSearch Search, double Seconds, Reproducer? Failing);
}
