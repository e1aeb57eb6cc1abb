using System.Diagnostics;
using System.Globalization;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>The loop of a campaign's worker: explores, keeps what is new, takes over what others found, tells how it is
/// doing.</summary>
internal sealed class Worker : IExplorationListener
{
    private const double ProgressSeconds = 0.25;
    private const double SyncSeconds = 5;
    private readonly CampaignOptions options;
    private readonly Findings findings;
    private readonly SharedQueue? queue;
    private readonly Heartbeat? heartbeat;
    private readonly Exploration exploration;
    private readonly StabilityCheck stability;
    private readonly Stopwatch watch;
    private readonly Statistics statistics;
    private readonly Action<CampaignProgress>? progress;
    private readonly CancellationToken cancel;
    private string? origin;
    private Import? import;
    private bool isReplaying;
    private bool hasReplayed;
    private Program? last;
    private long replayed;
    private int found;
    private int imported;
    private double nextProgress;
    private double nextSync = SyncSeconds;
    private CampaignEnd? end;

    /// <summary>A worker.</summary>
    /// <param name="run">What it is to do, and whom it tells.</param>
    /// <param name="parts">What it is made of.</param>
    /// <param name="engine">What it explores.</param>
    /// <param name="findings">Takes failures.</param>
    /// <param name="queue">Takes test cases; null to keep none.</param>
    /// <param name="heartbeat">Takes figures, with the queue.</param>
    public Worker(
        WorkerRun run, CampaignParts parts, IEngine engine, Findings findings, SharedQueue? queue,
        Heartbeat? heartbeat)
    {
        (options, watch, progress, cancel) = run;
        (this.findings, this.queue, this.heartbeat) = (findings, queue, heartbeat);
        ulong before = (ulong)(heartbeat?.Before.Counts.Executions ?? 0);
        ulong seed = before == 0 ? options.Seed : new Rng(options.Seed ^ before).NextUInt64();
        exploration = new Exploration(engine, parts.NewSource(), seed, options.Feedback);
        stability = new StabilityCheck(exploration.Executor, parts.NewEngine());
        statistics = new Statistics(engine.Language);
    }

    /// <inheritdoc />
    public bool MayGoOn
    {
        get
        {
            if (cancel.IsCancellationRequested)
            {
                end ??= CampaignEnd.Cancelled;
            }
            else if (!isReplaying
                && (Executions >= options.Executions || watch.Elapsed.TotalSeconds >= options.Seconds))
            {
                end ??= CampaignEnd.Budget;
            }

            return end is null;
        }
    }

    private long Executions => exploration.Executions - replayed;

    private PointTable Points => exploration.Executor.Engine.Machine.Points;

    /// <summary>Works until its budget is used up or it is asked to stop.</summary>
    /// <exception cref="StorageException">Something cannot be read or written.</exception>
    /// <exception cref="InvalidOperationException">An execution could not be repeated.</exception>
    public CampaignResult Run()
    {
        ReplayOwn();
        if (MayGoOn)
        {
            Sync();
        }

        foreach (TestCase seed in findings.Seeds)
        {
            origin = "orig:seed";
            exploration.Run(seed.Program, seed.Schedule.Turns.Count > 0 ? seed.Schedule : null, this);
            origin = null;
            Attend();
        }

        while (MayGoOn)
        {
            exploration.Next(this);
            Attend();
        }

        Tell();
        IReadOnlyList<Quarantined> bad = [.. findings.Quarantined, .. queue?.Quarantined ?? []];
        return new CampaignResult(end!.Value, Counted(), findings.All, bad, Now());
    }

    /// <inheritdoc />
    public void OnProgram(Program program)
    {
        last = program;
        statistics.Add(program);
    }

    /// <inheritdoc />
    public void OnNovelty(TestCase testCase, Novelty novelty)
    {
        if (isReplaying)
        {
            return;
        }

        bool isKept = queue is null || queue.Keep(testCase, origin is null ? OwnOrigin() : $"{origin},+cov");
        found += isKept && origin is null ? 1 : 0;
        imported += isKept && origin is not null ? 1 : 0;
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
            Executions, import?.Place);

        // One failure of a program is enough; its other schedules would mostly show the same.
        return false;
    }

    private string OwnOrigin() => string.Create(
        CultureInfo.InvariantCulture, $"time:{watch.ElapsedMilliseconds},execs:{Executions},op:explore");

    /// <summary>What was seen before comes back: the same executions show the same.</summary>
    private void ReplayOwn()
    {
        isReplaying = true;
        foreach (TestCase testCase in queue?.Own() ?? [])
        {
            if (!MayGoOn)
            {
                break;
            }

            exploration.Replay(testCase, this);
            replayed = exploration.Executions;
            Attend();
        }

        isReplaying = false;
        hasReplayed = end is null;
    }

    private void Attend()
    {
        if (last is not null)
        {
            stability.Look(last, exploration.Executions);
            last = null;
        }

        double now = watch.Elapsed.TotalSeconds;
        if (now >= nextProgress)
        {
            nextProgress = now + ProgressSeconds;
            progress?.Invoke(Now());
        }

        if (now >= nextSync && !isReplaying)
        {
            Sync();
            nextSync = watch.Elapsed.TotalSeconds + SyncSeconds;
        }
    }

    private void Sync()
    {
        if (queue is null)
        {
            return;
        }

        foreach ((TestCase testCase, Import from) in queue.Imports())
        {
            if (!MayGoOn)
            {
                return;
            }

            (origin, import) = (from.Origin, from);
            exploration.Replay(testCase, this);
            (origin, import) = (null, null);
        }

        Tell();
        if (Environment.WorkingSet > options.MemoryMax)
        {
            end ??= CampaignEnd.Memory;
        }
    }

    /// <summary>What it tells of is on the disk: nobody who reads it will ever see less.</summary>
    private void Tell()
    {
        queue?.Save();
        CampaignProgress now = Now();
        if (hasReplayed)
        {
            heartbeat?.Write(now, Counted().ToCounts(), findings.All);
        }

        progress?.Invoke(now);
    }

    private Statistics Counted()
    {
        Statistics counted = new(statistics.Language);
        counted.Add(statistics.ToCounts());
        counted.Add(exploration.Executor, Executions);
        return counted;
    }

    private CampaignProgress Now() => new(
        watch.Elapsed.TotalSeconds, Executions, exploration.Edges.Count, exploration.Coverage.Handoffs,
        exploration.Coverage.NearMisses, queue?.Stored ?? found, found, imported, findings.All.Count,
        exploration.Coverage.Singletons, exploration.Executions);
}

/// <summary>What a worker is told besides what it is made of.</summary>
/// <param name="Options">What it is to do.</param>
/// <param name="Watch">Runs since its start.</param>
/// <param name="Progress">Told a few times a second, and once at the end.</param>
/// <param name="Cancel">Ends it early.</param>
internal sealed record WorkerRun(
    CampaignOptions Options, Stopwatch Watch, Action<CampaignProgress>? Progress, CancellationToken Cancel);
