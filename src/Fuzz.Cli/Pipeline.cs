using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Questions;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Fuzz.Shrinking;
using Mm.History;

namespace Fuzz.Cli;

/// <summary>The steps from a failure to a reproducer that is worth keeping.</summary>
internal static class Pipeline
{
    /// <summary>Makes a reproducer smaller; the same signature still fails. Its proof says what is known of its
    /// schedule.</summary>
    public static Reproducer Shrink(Reproducer reproducer)
    {
        Executor executor = new(new MmEngine(reproducer.Variants));
        ShrunkFailure small =
            ShrunkFailure.Shrink(executor, reproducer.Program, reproducer.Schedule, reproducer.Violates);
        return Copy(
            new Reproducer(small.Program, small.Fewest.Schedule, reproducer.Violates)
            {
                Variants = reproducer.Variants,
                Remark = reproducer.Remark,
                Symptom = reproducer.Symptom,
                Engine = reproducer.Engine,
            },
            proof: small.Fewest.Statement);
    }

    /// <summary>Enumerates the schedules of a shrunk reproducer on plain v6.18 and notes the result in its
    /// header.</summary>
    /// <param name="reproducer">As it comes from <see cref="Shrink"/>.</param>
    /// <param name="executionsMax">The budget; with 0, and without variants, nothing is to be proven.</param>
    /// <param name="cancel">Ends the search; nothing is noted of v6.18 then.</param>
    public static Reproducer Prove(Reproducer reproducer, long executionsMax, CancellationToken cancel)
    {
        if (reproducer.Variants.Count == 0)
        {
            return reproducer;
        }

        SearchResult? passing = executionsMax == 0
            ? null
            : new Prover(new Executor(new MmEngine()), executionsMax).Search(reproducer.Program, cancel: cancel).Result;
        // What is said of the variant's schedules is not said twice.
        bool isKnown = reproducer.Proof?.StartsWith(KernelVersion.Text, StringComparison.Ordinal) == true;
        string? failing = isKnown ? null : reproducer.Proof;
        return Copy(reproducer, proof: Prover.Describe(passing, failing));
    }

    /// <summary>Explores, on the kernel that fails, what is less than a reproducer, and notes in its header whether it
    /// is proven that none of that fails. What fails with fewer calls takes its place.</summary>
    /// <param name="reproducer">As it comes from <see cref="Shrink"/>.</param>
    /// <param name="executionsMax">The budget for each program, and for all together that are made of the same sorts of
    /// calls, the fewest first.</param>
    /// <param name="cancel">Ends it; nothing is noted then.</param>
    public static Reproducer ProveMinimal(Reproducer reproducer, long executionsMax, CancellationToken cancel)
    {
        Executor executor = new(new MmEngine(reproducer.Variants));
        ReproductionTest test = new(executor, reproducer.Violates, reproducer.Schedule);
        FewestPreemptions fewest = FewestPreemptions.Find(test, executor, reproducer.Program, executionsMax);
        Prover prover = new(executor, executionsMax);
        FewestCalls? calls = FewestCalls.Find(
            reproducer.Program, part => prover.Search(part, Fails, cancel).Result);
        if (cancel.IsCancellationRequested)
        {
            return reproducer;
        }

        if (calls?.Failing is { } smaller)
        {
            return Replace(smaller, Schedule.FromTrace(executor.Engine.Machine));
        }

        Scope scope = Scope.Of(reproducer);
        int fewer = reproducer.Program.Setup.Length + reproducer.Program.ConcurrentCalls - 1;
        ScopeResult all = new SmallScope(
            scope.Programs(), executionsMax, () => new Executor(new MmEngine(reproducer.Variants)), 1, Fails)
            .Search(fewer, executionsMax, cancel: cancel);
        if (cancel.IsCancellationRequested)
        {
            return reproducer;
        }

        if (all.Simplest is { } simplest)
        {
            return Replace(simplest.Program, simplest.Schedule);
        }

        bool isFewest = fewest.IsProven && fewest.Preemptions == reproducer.Schedule.Preemptions;
        string ofSchedules = isFewest ? $"proven: {fewest.Statement}" : $"not proven: {fewest.Statement}";
        string ofCalls = calls?.ToString() ?? $"not tried: it has more than {FewestCalls.CallsMax}";
        string ofAll = all.Proven == 0 ? ""
            : $"; globally {(all.Proven == fewer ? "proven" : $"up to {all.Proven}")}: {scope.Claim(all, "fails so")}";
        return Copy(reproducer, minimal: $"schedule {ofSchedules}; calls {ofCalls}{ofAll}");

        bool Fails(Verdict verdict) => verdict.Find(reproducer.Violates) is not null;

        Reproducer Replace(Program program, Schedule schedule)
        {
            Reproducer shrunk = Shrink(Copy(reproducer, program: program, schedule: schedule));
            Reproducer better = Copy(
                reproducer, program: shrunk.Program, schedule: shrunk.Schedule, proof: shrunk.Proof);
            return ProveMinimal(Prove(better, executionsMax, cancel), executionsMax, cancel);
        }
    }

    /// <summary>Tries a reproducer at every point of the history and notes the result in its header.</summary>
    /// <param name="reproducer">As it comes from <see cref="Shrink"/>.</param>
    /// <param name="executionsMax">What is spent on the enumeration at each point; 0 for no blame.</param>
    /// <param name="cancel">Ends it; nothing is noted then.</param>
    public static Reproducer Blame(Reproducer reproducer, long executionsMax, CancellationToken cancel)
    {
        const int EnumeratedForEachSample = 10;
        if (executionsMax == 0 || cancel.IsCancellationRequested)
        {
            return reproducer;
        }

        TrialBudget budget = new(executionsMax, Math.Max(executionsMax / EnumeratedForEachSample, 1));
        try
        {
            Blame blame = new Blamer(
                reproducer.Program, reproducer.Violates.Oracle, reproducer.Variants, budget, cancel: cancel)
                .Everywhere();
            return Copy(reproducer, blame: blame.ToString());
        }
        catch (OperationCanceledException)
        {
            return reproducer;
        }
    }

    /// <summary>The reproducer with other words in its header, or another program; what is null stays.</summary>
    public static Reproducer Copy(
        Reproducer reproducer, string? remark = null, string? symptom = null, string? proof = null,
        string? minimal = null, string? blame = null, Aftermath? aftermath = null, string? hunted = null,
        Program? program = null, Schedule? schedule = null) =>
        new(program ?? reproducer.Program, schedule ?? reproducer.Schedule, reproducer.Violates)
        {
            Variants = reproducer.Variants,
            Remark = remark ?? reproducer.Remark,
            Symptom = symptom ?? reproducer.Symptom,
            Proof = proof ?? reproducer.Proof,
            Minimal = minimal ?? reproducer.Minimal,
            Blame = blame ?? reproducer.Blame,
            Distance = aftermath?.DescribeDistance() ?? reproducer.Distance,
            Caught = aftermath?.DescribeRates() ?? reproducer.Caught,
            Hunted = hunted ?? reproducer.Hunted,
            Engine = reproducer.Engine ?? EngineVersion.Current,
        };

    /// <summary>Replays strictly once, to take the incident down.</summary>
    /// <exception cref="InputException">It does not fail as it says.</exception>
    public static Incident Witness(Reproducer reproducer, string file)
    {
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
        Replay replay = runner.Run();
        return replay.End == ReplayEnd.Fails
            ? runner.Capture()
            : throw new InputException(
                file, 0, 0, Explain(reproducer, replay, runner.Engine), $"a failure of '{reproducer.Violates}'");
    }

    /// <summary>What came of a replay, in words.</summary>
    public static string Explain(Reproducer reproducer, Replay replay, IEngine engine) => replay.End switch
    {
        ReplayEnd.Drifts => replay.Drift!.ToString(),
        ReplayEnd.FailsOtherwise => $"fails otherwise: {engine.Verdict.Violations[0].Signature}",
        ReplayEnd.Passes => "passes: nothing was broken",
        _ => $"fails as it says: {reproducer.Violates}",
    };
}
