using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>One thread of a campaign: draws programs, runs each under some schedules, hands on what is new.</summary>
internal sealed class Worker
{
    private readonly CampaignOptions options;
    private readonly Findings findings;
    private readonly Executor executor;
    private readonly IProgramSource source;
    private readonly Rng rng;
    private readonly Portfolio portfolio;
    private readonly HandoffSet seen = new();
    private readonly long? executionsMax;
    private long executions;

    /// <summary>A worker.</summary>
    /// <param name="options">The campaign's options.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="findings">What the workers share.</param>
    /// <param name="seed">This worker's seed.</param>
    /// <param name="executionsMax">This worker's share of the budget, or null.</param>
    public Worker(CampaignOptions options, CampaignParts parts, Findings findings, ulong seed, long? executionsMax)
    {
        this.options = options;
        this.findings = findings;
        this.executionsMax = executionsMax;
        executor = new Executor(parts.NewEngine());
        source = parts.NewSource();
        rng = new Rng(seed);
        portfolio = new Portfolio(rng);
        Statistics = new Statistics(executor.Engine.Language);
    }

    /// <summary>What this worker counted; complete when it has ended.</summary>
    public Statistics Statistics { get; }

    /// <summary>Executions so far; may be read by other threads.</summary>
    public long Executions => Volatile.Read(ref executions);

    /// <summary>Works until its budget is used up or it is asked to stop.</summary>
    /// <param name="start">Programs to run before drawing others.</param>
    /// <param name="stop">Asks it to stop.</param>
    public void Run(IEnumerable<Program> start, CancellationToken stop)
    {
        foreach (Program program in start)
        {
            RunSchedules(program, stop);
        }

        while (MayGoOn(stop))
        {
            Program program = source.Fresh(rng);
            Statistics.Add(program);
            RunSchedules(program, stop);
        }

        Statistics.Add(executor, executions);
    }

    private bool MayGoOn(CancellationToken stop) =>
        !stop.IsCancellationRequested && !(executions >= executionsMax);

    private void RunSchedules(Program program, CancellationToken stop)
    {
        Machine machine = executor.Engine.Machine;
        portfolio.NewProgram();
        for (int i = 0; portfolio.Wants(i, machine) && MayGoOn(stop); i++)
        {
            bool passed = executor.Run(program, portfolio.For(i));
            Volatile.Write(ref executions, executions + 1);
            if (seen.Add(machine.Trace) > 0)
            {
                findings.Offer(program, machine.Trace);
            }

            if (!passed)
            {
                // One failure of a program is enough; its other schedules would mostly show the same.
                Report(program, machine);
                return;
            }
        }
    }

    private void Report(Program program, Machine machine)
    {
        // What was seen first is nearest to the cause; what followed is in the report.
        Violation first = executor.Engine.Verdict.Violations[0];
        Violation? symptom = executor.Engine.Verdict.Symptom;
        findings.Report(
            new Reproducer(program, Schedule.FromTrace(machine), first.Signature)
            {
                Variants = options.Variants,
                Symptom = symptom?.Message ?? symptom?.Signature.Law ?? first.Message,
                Engine = EngineVersion.Current,
            },
            executions);
    }
}
