using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Cli;

/// <summary><c>fuzz prove FILE</c>: explores every interleaving of one program.</summary>
internal static class ProveCommand
{
    private const long BudgetDefault = 5_000_000;
    private const int WorkersMax = 64;
    private const long MemoryDefault = StateMemory.BytesDefault >> 20;

    /// <summary>Share of the budget that random walks have beside it, where nothing else says more.</summary>
    private const long WalksShare = 10;
    private const ulong WalksSeed = 1;

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string> file = new("FILE") { Description = "The program, or a reproducer, whose program it is." };
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> kernel = Inputs.KernelOption();
        Option<long?> budget = Inputs.Number(
            "--budget", $"Most executions ({BudgetDefault} unless said).", 1);
        Option<long?> workers = Inputs.Number(
            "--workers", "Threads that take part (as many as there are processors, unless said).", 1, WorkersMax);
        Option<long?> memory = Inputs.Number(
            "--memory", $"MiB for the states that were met ({MemoryDefault} unless said).", 1, 1 << 20);
        Option<bool> update = new("--update")
        {
            Description = "FILE is a reproducer: writes into its header what is proven of the kernel without its "
                + "variants, and of all that is less than it; and its report, and the table of the corpus, anew.",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new(
            "prove", "Explores every interleaving of a program on v6.18, on variants, or on a kernel version. Exits "
            + "with 1 when one fails, 0 when none does.")
        {
            file, variant, kernel, budget, workers, memory, update, json,
        };
        Option[] others = [variant, kernel, workers, memory, json];
        command.Validators.Add(result =>
        {
            if (result.GetResult(update) is not null
                && Array.Find(others, other => result.GetResult(other) is { Implicit: false }) is { } given)
            {
                result.AddError($"{update.Name} takes no {given.Name}: it proves what FILE's header names.");
            }
        });
        command.SetAction(result =>
        {
            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), result.GetValue(kernel));
            string name = result.GetRequiredValue(file);
            if (result.GetValue(update))
            {
                return Update(name, result.GetValue(budget) ?? BudgetDefault, screen, cancel);
            }

            Program program = Inputs.ReadProgram(name).Program;
            int threads = (int)(result.GetValue(workers) ?? Math.Min(Environment.ProcessorCount, WorkersMax));
            MmEngine[] engines = [.. Enumerable.Range(0, threads).Select(_ => new MmEngine(variants))];
            Prover prover = new(
                result.GetValue(budget) ?? BudgetDefault, (result.GetValue(memory) ?? MemoryDefault) << 20,
                Array.ConvertAll(engines, engine => new Executor(engine)));
            Proof proof = Prove(
                name, program, prover, engines[0], (result.GetValue(budget) ?? BudgetDefault) / WalksShare, cancel);
            return Tell(proof, result.GetValue(json), screen);
        });
        return command;
    }

    private static int Update(string file, long budget, Screen screen, CancellationToken cancel)
    {
        if (!file.EndsWith(CorpusStore.ReproducerSuffix, StringComparison.Ordinal))
        {
            throw new InputException(
                file, 0, 0, "its name is none of a reproducer", $"NAME{CorpusStore.ReproducerSuffix}");
        }

        Reproducer reproducer = Inputs.ReadReproducer(file);
        Reproducer proven = Pipeline.Prove(reproducer, budget, cancel);
        proven = Pipeline.ProveMinimal(proven, budget, cancel);
        cancel.ThrowIfCancellationRequested();
        string name = Path.GetFileName(file)[..^CorpusStore.ReproducerSuffix.Length];
        CorpusStore store = new(Path.GetDirectoryName(file) is { Length: > 0 } folder ? folder : ".");
        store.Add(name, proven, _ => TextReport.Print(Pipeline.Witness(proven, file), file));
        HuntCommand.StoreTable(screen);
        screen.Line($"{file}: proof {proven.Proof}; minimal: {proven.Minimal}");
        return App.NothingFound;
    }

    private static Proof Prove(
        string file, Program program, Prover prover, MmEngine engine, long walksMax, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        ProofSearch search = prover.Search(program, cancel: cancel);
        cancel.ThrowIfCancellationRequested();
        long? walks = null;
        bool hasFailed = search.Result is Found;
        if (search.Result is Bounded bounded)
        {
            walks = prover.Walk(program, walksMax, WalksSeed, cancel);
            cancel.ThrowIfCancellationRequested();
            hasFailed = walks < walksMax;
            search = new ProofSearch(
                hasFailed
                    ? new Found(
                        Schedule.FromTrace(engine.Machine).Preemptions, bounded.Preemptions < 0 ? null : bounded,
                        walks.Value + 1)
                    : bounded,
                search.Executions + walks.Value + (hasFailed ? 1 : 0));
        }

        return new Proof(
            file, engine.Variants, search, hasFailed ? null : walks, Stopwatch.GetElapsedTime(start).TotalSeconds,
            hasFailed ? Failing(program, engine) : null);
    }

    private static int Tell(Proof proof, bool json, Screen screen)
    {
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
    private static Reproducer Failing(Program program, MmEngine engine) =>
        new(program, Schedule.FromTrace(engine.Machine), engine.Verdict.Violations[0].Signature)
        {
            Variants = engine.Variants,
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
        if (proof.Walks is { } walks)
        {
            screen.Line(
                $"{walks:#,0} random walks pass, too: of such fewer than 1 in "
                + $"{1 / ResidualRisk.FailureMaxOf(walks):#,0} fails ({100 * ResidualRisk.Confidence:0} %)");
        }
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
        ["states"] = proof.Search.Result switch
        {
            Complete complete => complete.States,
            Bounded bounded => bounded.States,
            _ => null,
        },
        ["executions"] = proof.Search.Executions,
        ["randomWalks"] = proof.Walks,
        ["randomWalkFailsAtMost"] = proof.Walks is { } walks ? ResidualRisk.FailureMaxOf(walks) : null,
        ["seconds"] = Math.Round(proof.Seconds, 3),
        ["failing"] = proof.Failing is null ? null : JsonReport.Of(proof.Failing),
        ["reproducer"] = proof.Failing?.Print(),
    };

    private sealed record Proof(
        string File, IReadOnlyList<string> Variants, ProofSearch Search, long? Walks, double Seconds,
        Reproducer? Failing);
}
