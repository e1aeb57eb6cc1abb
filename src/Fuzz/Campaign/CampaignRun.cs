using System.Diagnostics;
using Fuzz.Execution;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>Fuzzes until its budget is used up or it is cancelled: random programs, each under a portfolio of
/// schedules.</summary>
/// <remarks>
/// Each failure signature is shrunk and stored once; programs that show new hand-offs are kept. However it ends, the
/// corpus is
/// complete: every file is written whole at the moment when it is found.
/// </remarks>
public sealed class CampaignRun
{
    private const int ProgressMilliseconds = 250;
    private readonly CampaignOptions options;
    private readonly CampaignParts parts;
    private readonly Findings findings;
    private readonly Stopwatch watch = new();
    private Worker[] workers = [];

    /// <summary>A campaign.</summary>
    /// <param name="options">What it is asked to do.</param>
    /// <param name="parts">What it is made of.</param>
    public CampaignRun(CampaignOptions options, CampaignParts parts)
    {
        if (options.Workers < 1)
        {
            throw new ArgumentException("a campaign has at least one worker", nameof(options));
        }

        this.options = options;
        this.parts = parts;
        findings = new Findings(options, parts);
    }

    /// <summary>Runs it to its end, on threads of its own.</summary>
    /// <param name="progress">Called a few times a second, and once at the end, by the calling thread.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <exception cref="StorageException">The corpus cannot be read or written.</exception>
    public CampaignResult Run(Action<CampaignProgress>? progress = null, CancellationToken cancel = default)
    {
        watch.Restart();
        IEngine engine = parts.NewEngine();
        findings.Load(engine);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Rng seeds = new(options.Seed);
        workers = Enumerable.Range(0, options.Workers)
            .Select(i => new Worker(options, parts, findings, seeds.NextUInt64(), ShareOf(i))).ToArray();
        Exception?[] errors = new Exception?[options.Workers];
        Thread[] threads = workers.Select((worker, i) => new Thread(() => Work(worker, i, errors, stop))).ToArray();
        if (options.Seconds is { } seconds)
        {
            stop.CancelAfter(TimeSpan.FromSeconds(Math.Max(seconds - watch.Elapsed.TotalSeconds, 0)));
        }

        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            while (!thread.Join(ProgressMilliseconds))
            {
                progress?.Invoke(Now());
            }
        }

        if (Array.Find(errors, error => error is not null) is { } failed)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failed);
        }

        return Finish(engine, progress);
    }

    private CampaignResult Finish(IEngine engine, Action<CampaignProgress>? progress)
    {
        Statistics total = new(engine.Language);
        foreach (Worker worker in workers)
        {
            total.Add(worker.Statistics);
        }

        CampaignProgress last = Now();
        progress?.Invoke(last);
        return new CampaignResult(total, findings.Failed, findings.Quarantined, last);
    }

    private void Work(Worker worker, int index, Exception?[] errors, CancellationTokenSource stop)
    {
        try
        {
            worker.Run(findings.Start.Where((_, i) => i % options.Workers == index), stop.Token);
        }
        catch (Exception error)
        {
            errors[index] = error;
            stop.Cancel();
        }
    }

    private long? ShareOf(int worker) =>
        options.Executions is { } all ? all / options.Workers + (worker < all % options.Workers ? 1 : 0) : null;

    private CampaignProgress Now() => new(
        watch.Elapsed.TotalSeconds, workers.Sum(worker => worker.Executions), findings.Handoffs, findings.Kept,
        findings.Failures);
}
