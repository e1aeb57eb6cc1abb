using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>One thread of a campaign: explores, hands on what is new.</summary>
internal sealed class Worker : IExplorationListener
{
    private readonly CampaignOptions options;
    private readonly Findings findings;
    private readonly Exploration exploration;
    private readonly long? executionsMax;
    private CancellationToken stop;
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
        exploration = new Exploration(parts.NewEngine(), parts.NewSource(), seed, options.Feedback);
        Statistics = new Statistics(exploration.Executor.Engine.Language);
    }

    /// <summary>What this worker counted; complete when it has ended.</summary>
    public Statistics Statistics { get; }

    /// <summary>Executions so far; may be read by other threads.</summary>
    public long Executions => Volatile.Read(ref executions);

    /// <inheritdoc />
    public bool MayGoOn
    {
        get
        {
            Volatile.Write(ref executions, exploration.Executions);
            return !stop.IsCancellationRequested && !(exploration.Executions >= executionsMax);
        }
    }

    /// <summary>Works until its budget is used up or it is asked to stop.</summary>
    /// <param name="start">Programs to run before drawing others.</param>
    /// <param name="stop">Asks it to stop.</param>
    public void Run(IEnumerable<Program> start, CancellationToken stop)
    {
        this.stop = stop;
        foreach (Program program in start)
        {
            exploration.Run(program, null, this);
        }

        while (MayGoOn)
        {
            exploration.Next(this);
        }

        Statistics.Add(exploration.Executor, exploration.Executions);
    }

    /// <inheritdoc />
    public void OnProgram(Program program) => Statistics.Add(program);

    /// <inheritdoc />
    public void OnNovelty(Program program, Novelty novelty)
    {
        if (novelty.Handoffs > 0)
        {
            findings.Offer(program, exploration.Executor.Engine.Machine.Trace);
        }
    }

    /// <inheritdoc />
    public bool OnFailure(Program program)
    {
        // What was seen first is nearest to the cause; what followed is in the report.
        Verdict verdict = exploration.Executor.Engine.Verdict;
        Violation first = verdict.Violations[0];
        Violation? symptom = verdict.Symptom;
        findings.Report(
            new Reproducer(program, Schedule.FromTrace(exploration.Executor.Engine.Machine), first.Signature)
            {
                Variants = options.Variants,
                Symptom = symptom?.Message ?? symptom?.Signature.Law ?? first.Message,
                Engine = EngineVersion.Current,
            },
            exploration.Executions);

        // One failure of a program is enough; its other schedules would mostly show the same.
        return false;
    }
}
