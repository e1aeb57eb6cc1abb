using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;

namespace Fuzz.Cli;

/// <summary><c>fuzz exhaust</c>: explores all programs of some calls, by size, each with all its schedules.</summary>
internal static class ExhaustCommand
{
    private const long BudgetDefault = 1_000_000;
    private const int SizeMax = 12;
    private const int WorkersMax = 64;
    private const string Found = "found";
    private const string Complete = "complete";

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Language language = MmLanguage.Instance;
        Option<string[]> calls = new("--calls")
        {
            Description = "The calls that programs are made of (see 'show --calls'), with all arguments.",
            HelpName = "NAME[,NAME]",
            Required = true,
        };
        Option<long?> size = Inputs.Number("--size", "Most calls of a program, its setup included.", 1, SizeMax);
        size.Required = true;
        Option<long?> cpus = Inputs.Number("--cpus", "Most lanes (2 unless said).", 1, language.CpusMax);
        Option<long?> numbers = Inputs.Number("--numbers", "Greatest count in a call (1 unless said).", 1, 4);
        Option<string?> shape = new("--shape")
        {
            Description = "The world, as in programs: 'mms 2  pages 1' (1 of everything unless said).",
            HelpName = "TEXT",
        };
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> kernel = Inputs.KernelOption();
        Option<long?> budget = Inputs.Number(
            "--budget", $"Most executions of a program ({BudgetDefault} unless said).", 1);
        Option<long?> workers = Inputs.Number(
            "--workers", "Threads that take part (as many as there are processors, unless said).", 1, WorkersMax);
        Option<string?> output = new("--output", "-o")
        {
            Description = "Where to put the simplest program that fails, as a reproducer; it is printed unless said.",
            HelpName = "FILE",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "exhaust", "Explores all programs that are made of some calls, by size, each with all its schedules, on "
            + "v6.18, on variants, or on a kernel version. Exits with 1 when one fails, 0 when none does.")
        {
            calls, size, cpus, numbers, shape, variant, kernel, budget, workers, output, json,
        };
        command.SetAction(result =>
        {
            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), result.GetValue(kernel));
            Scope scope = new(
                Inputs.Calls(result.GetRequiredValue(calls)), Inputs.Shape(result.GetValue(shape)),
                (int)(result.GetValue(cpus) ?? 2), (int)(result.GetValue(numbers) ?? 1), variants);
            int threads = (int)(result.GetValue(workers) ?? Math.Min(Environment.ProcessorCount, WorkersMax));
            SmallScope search = new(
                scope.Programs(), result.GetValue(budget) ?? BudgetDefault,
                () => new Executor(new MmEngine(variants)), threads);
            return Run(
                scope, search, (int)result.GetValue(size)!.Value, result.GetValue(output), result.GetValue(json),
                screen, cancel);
        });
        return command;
    }

    private static int Run(
        Scope scope, SmallScope search, int sizeMax, string? output, bool json, Screen screen, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        ScopeResult result = search.Search(sizeMax, progress: Show, cancel: cancel);
        double seconds = Seconds();
        Reproducer? failing = result.Simplest is { } simplest ? scope.Reproduce(simplest, result) : null;
        if (failing is not null && output is not null)
        {
            CorpusStore.WriteWhole(output, failing.Print());
        }

        if (json)
        {
            screen.Line(JsonReport.Line(ToJson(scope, result, sizeMax, failing, seconds)));
        }
        else
        {
            Print(result, output is null ? failing : null, screen);
            screen.Line($"{Describe(scope, result, sizeMax)}; {seconds:0.00} s");
        }

        if (cancel.IsCancellationRequested)
        {
            screen.Fail("interrupted");
            return App.BadInput;
        }

        return result.Failures.Count == 0 ? App.NothingFound : App.Found;

        double Seconds() => Stopwatch.GetElapsedTime(start).TotalSeconds;

        void Show(int size, int explored, long executions) => screen.Live(
            $"{size} calls: {explored:#,0} programs explored; {executions:#,0} executions", Seconds());
    }

    private static void Print(ScopeResult result, Reproducer? failing, Screen screen)
    {
        foreach (ScopeSize size in result.Sizes)
        {
            string open = size.Open == 0 ? "" : $", {size.Open:#,0} of them not completely";
            screen.Line(
                $"{size.Calls} calls: {size.Programs:#,0} programs, {size.Explored:#,0} explored{open}: "
                + $"{size.Executions:#,0} executions, {size.States:#,0} states");
        }

        foreach ((string law, int count) in result.Failures.CountBy(failure => failure.Signature.ToString()))
        {
            screen.Line($"{count:#,0} of those explored fail by {law}");
        }

        if (failing is not null)
        {
            screen.Text(failing.Print());
            screen.Line("");
        }
    }

    private static string Describe(Scope scope, ScopeResult result, int sizeMax)
    {
        string on = Inputs.Describe(scope.Variants);
        string claim = result.Proven == 0 ? "nothing is proven" : scope.Claim(result);
        return Outcome(result, sizeMax) switch
        {
            Found => $"found: on {on} a program of {result.Sizes.Count} calls fails; of smaller ones {claim}",
            Complete => $"complete: on {on} {claim}",
            _ => $"not complete: on {on} {claim}; of {result.Sizes.Count + 1} calls "
                + $"{result.Beyond:#,0} programs were explored, and none fails",
        };
    }

    private static string Outcome(ScopeResult result, int sizeMax) =>
        result.Failures.Count > 0 ? Found : result.Proven == sizeMax ? Complete : "bounded";

    private static JsonObject ToJson(
        Scope scope, ScopeResult result, int sizeMax, Reproducer? failing, double seconds) => new()
    {
        ["calls"] = new JsonArray(scope.Names.Select(name => (JsonNode)name).ToArray()),
        ["on"] = new JsonArray(scope.Variants.Select(name => (JsonNode)name).ToArray()),
        ["outcome"] = Outcome(result, sizeMax),
        ["proven"] = result.Proven,
        ["sizes"] = new JsonArray(result.Sizes.Select(size => (JsonNode)new JsonObject
        {
            ["calls"] = size.Calls,
            ["programs"] = size.Programs,
            ["explored"] = size.Explored,
            ["executions"] = size.Executions,
            ["states"] = size.States,
            ["open"] = size.Open,
        }).ToArray()),
        ["failures"] = result.Failures.Count,
        ["seconds"] = Math.Round(seconds, 3),
        ["failing"] = failing is null ? null : JsonReport.Of(failing),
        ["reproducer"] = failing?.Print(),
    };
}
