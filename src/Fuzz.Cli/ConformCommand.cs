using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Conformance;
using Conformance.Guest;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Generators;

namespace Fuzz.Cli;

/// <summary><c>fuzz conform</c>: the engine and a real kernel make the same calls, and must show the same.</summary>
internal static class ConformCommand
{
    /// <summary>What it takes to run a real kernel is not here.</summary>
    public const int Unable = 3;

    /// <summary>Where programs go that show a difference.</summary>
    public const string Folder = "corpus/conformance";

    private const long ProgramsDefault = 500;
    private const long CallsDefault = 42;
    private const int WorkersMax = 64;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string[]> files = new("FILE")
        {
            Description = "Programs, in place of random ones.", Arity = ArgumentArity.ZeroOrMore,
        };
        Option<long?> programs = Inputs.Number(
            "--programs", $"Random programs ({ProgramsDefault} unless said).", 1, int.MaxValue);
        Option<long?> calls = Inputs.Number("--calls", $"Calls of each ({CallsDefault} unless said).", 1, 10_000);
        KernelChoice kernel = new();
        Option<long?> workers = Inputs.Number(
            "--workers", "Kernels side by side (as many as there are processors, unless said).", 1, WorkersMax);
        Option<string?> worlds = new("--worlds")
        {
            Description = "Worlds that random programs are drawn for: small folios only, large ones too, or both "
                + "(both unless said).",
            HelpName = "small,large",
        };
        Option<string?> output = new("--output", "-o")
        {
            Description = $"Where programs go that show a difference ({Folder} unless said).", HelpName = "DIR",
        };
        Option<string?> record = new("--record")
        {
            Description = "A file that gets what the kernel says of each program that both sides agree on.",
            HelpName = "FILE",
        };
        Option<bool> setup = new("--setup")
        {
            Description = "Says what of this machine is missing, and how to get it.",
        };
        Option<string?> seed = Inputs.SeedOption();
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "conform", "Compares the engine with a real kernel in emulation, call by call. Exits with 1 when they "
            + "differ and nothing explains it, 3 when a real kernel cannot be had here.")
        {
            files, programs, calls, worlds, kernel.Version, kernel.Patch, seed, workers, output, record, setup,
            json,
        };
        command.SetAction(result => result.GetValue(setup)
            ? ShowSetup(screen)
            : Run(
                new Request(
                    kernel.Of(result), result.GetValue(files) ?? [],
                    new ConformanceBudget(
                        (int)(result.GetValue(programs) ?? ProgramsDefault),
                        Inputs.Seed(result.GetValue(seed), 1),
                        (int)(result.GetValue(workers) ?? Math.Min(Environment.ProcessorCount, WorkersMax))),
                    (int)(result.GetValue(calls) ?? CallsDefault), KnownWorlds(result.GetValue(worlds)),
                    result.GetValue(output) ?? Folder, result.GetValue(record),
                    result.GetValue(json)),
                screen, cancel));
        return command;
    }

    private static Worlds KnownWorlds(string? text)
    {
        string[] names = [.. Enum.GetNames<Worlds>().Select(name => name.ToLowerInvariant())];
        return (text ?? string.Join(',', names)).Split(',')
            .Aggregate(default(Worlds), (all, word) =>
                all | Enum.Parse<Worlds>(Inputs.Known(word, "world", names), ignoreCase: true));
    }

    private static int ShowSetup(Screen screen)
    {
        Setup setup = Setup.Of(CacheFolder.Default);
        foreach (string line in setup.Describe())
        {
            screen.Line(line);
        }

        return setup.IsComplete ? App.NothingFound : Unable;
    }

    private static int Run(Request request, Screen screen, CancellationToken cancel)
    {
        Queue<Program> given = new(request.Files.Select(file => Inputs.ReadProgram(file).Program));
        ConformanceBudget budget = given.Count == 0
            ? request.Budget : request.Budget with { Programs = given.Count, Workers = 1 };
        KernelImage image;
        try
        {
            image = request.Kernel.Get(screen);
        }
        catch (GuestException error)
        {
            screen.Fail($"{error.Message} ('fuzz conform --setup' says what it takes)");
            return Unable;
        }

        SequentialSource source = new(
            call => CallMapping.Of(call).AppliesTo(request.Kernel.Release), request.Calls, request.Worlds);
        Dictionary<string, string> written = new(StringComparer.Ordinal);
        ConformanceRun run = new(
            request.Kernel.Release, rng => given.TryDequeue(out Program? program) ? program : source.Fresh(rng),
            _ => new GuestSide(image), budget)
        {
            Agreed = request.Record is { } file
                ? (program, kernel) => Recording.Append(file, new Recorded(program, ((GuestSide)kernel).Exchanges))
                : null,
            Found = given.Count == 0 ? difference => Store(request, difference, written, screen) : null,
        };
        Stopwatch watch = Stopwatch.StartNew();
        run.Run(
            () => screen.Live(
                $"{watch.Elapsed.TotalSeconds,6:0.0} s  {run.Programs:#,0} of {budget.Programs:#,0} programs, "
                + $"{run.Calls:#,0} calls, {run.Differing} differ, {run.Unexplained} unexplained",
                watch.Elapsed.TotalSeconds),
            cancel);
        Outcome outcome = new(image.Release, run, watch.Elapsed.TotalSeconds);
        if (request.Json)
        {
            screen.Line(JsonReport.Line(ToJson(outcome)));
        }
        else
        {
            Print(request, outcome, screen);
        }

        return run.Unexplained > 0 ? App.Found : App.NothingFound;
    }

    /// <summary>A file for each signature, under the name that it got when it was found.</summary>
    private static void Store(
        Request request, Difference difference, Dictionary<string, string> written, Screen screen)
    {
        if (!written.TryGetValue(difference.Signature, out string? file))
        {
            string name = $"{difference.Slug}-{request.Kernel.Release.Name}";
            for (int number = 1; file is null || written.ContainsValue(file); number++)
            {
                string end = number == 1 ? "" : $"-{number}";
                file = Path.Combine(request.Output, $"{name}{end}{CorpusStore.ProgramSuffix}");
            }

            written[difference.Signature] = file;
            screen.Note($"{file} written");
        }

        Directory.CreateDirectory(request.Output);
        CorpusStore.WriteWhole(file, difference.Print(request.Kernel.Release));
    }

    private static void Print(Request request, Outcome outcome, Screen screen)
    {
        foreach (DifferenceCount each in outcome.Run.Differences.Values)
        {
            screen.Line(
                $"{each.Count,6} x {each.Example.Signature}"
                + (each.Freedom is { } freedom ? $"  ({freedom.Name}: {freedom.Reason})" : ""));
            if (each.Freedom is null && request.Files.Length > 0)
            {
                screen.Line(each.Example.Print(request.Kernel.Release));
            }
        }

        foreach (string failure in outcome.Run.Failures)
        {
            screen.Line(failure);
        }

        foreach (string interruption in outcome.Run.Interruptions)
        {
            screen.Line($"a kernel was lost, and a fresh one took its place: {interruption}");
        }

        screen.Line(
            $"{outcome.Kernel}: {outcome.Run.Programs:#,0} programs, {outcome.Run.Calls:#,0} calls, "
            + $"{outcome.Run.Differing} differences, {outcome.Run.Unexplained} unexplained; {outcome.Seconds:0.0} s, "
            + $"{outcome.Run.Calls / outcome.Seconds:0} calls/s");
    }

    private static JsonObject ToJson(Outcome outcome) => new()
    {
        ["programs"] = outcome.Run.Programs,
        ["calls"] = outcome.Run.Calls,
        ["differences"] = outcome.Run.Differing,
        ["unexplained"] = outcome.Run.Unexplained,
        ["callsPerSecond"] = Math.Round(outcome.Run.Calls / outcome.Seconds, 1),
        ["kernel"] = outcome.Kernel,
        ["seconds"] = Math.Round(outcome.Seconds, 1),
        ["outside"] = outcome.Run.Outside,
        ["failures"] = new JsonArray([.. outcome.Run.Failures.Select(failure => (JsonNode)failure)]),
        ["interruptions"] = new JsonArray([.. outcome.Run.Interruptions.Select(each => (JsonNode)each)]),
        ["signatures"] = new JsonArray([.. outcome.Run.Differences.Values.Select(each => (JsonNode)new JsonObject
        {
            ["signature"] = each.Example.Signature,
            ["programs"] = each.Count,
            ["freedom"] = each.Freedom?.Name,
        })]),
        ["callCounts"] = new JsonObject(MmLanguage.Instance.Calls
            .Where(call => outcome.Run.CallCounts[call.Kind] > 0)
            .Select(call => KeyValuePair.Create(call.Name, (JsonNode?)outcome.Run.CallCounts[call.Kind]))),
    };

    private sealed record Request(
        ChosenKernel Kernel, string[] Files, ConformanceBudget Budget, int Calls, Worlds Worlds, string Output,
        string? Record, bool Json);

    private sealed record Outcome(string Kernel, ConformanceRun Run, double Seconds);
}
