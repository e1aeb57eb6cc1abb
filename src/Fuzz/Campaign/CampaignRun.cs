using System.Diagnostics;
using Fuzz.Execution;
using Fuzz.Programs;

namespace Fuzz.Campaign;

/// <summary>Fuzzes until its budget is used up or it is cancelled: random programs and mutants of those that showed
/// something new, each under a portfolio of schedules.</summary>
/// <remarks>
/// One worker, on the thread that calls it. It shares a folder with any number of others, in other processes and on
/// other hosts: see <see cref="CampaignFolder"/>. However it ends, what is in the folder is complete: every file is
/// written whole soon after it is found. In a fresh folder, alone and with a budget in executions, all results depend
/// on the seed alone.
/// </remarks>
public sealed class CampaignRun
{
    private readonly CampaignOptions options;
    private readonly CampaignParts parts;

    /// <summary>A campaign.</summary>
    /// <param name="options">What it is asked to do.</param>
    /// <param name="parts">What it is made of.</param>
    public CampaignRun(CampaignOptions options, CampaignParts parts)
    {
        this.options = options;
        this.parts = parts;
    }

    /// <summary>Told of each signature when it is met first, and again when its reproducer has become simpler. What it
    /// is told of is on the disk.</summary>
    public Action<Finding> Told { get; init; } = _ => { };

    /// <summary>Runs it to its end.</summary>
    /// <param name="progress">Called a few times a second, and once at the end.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <exception cref="InputException">Somebody else works under its name.</exception>
    /// <exception cref="StorageException">The folder cannot be read or written.</exception>
    /// <exception cref="InvalidOperationException">An execution could not be repeated.</exception>
    public CampaignResult Run(Action<CampaignProgress>? progress = null, CancellationToken cancel = default)
    {
        WorkerRun run = new(options, Stopwatch.StartNew(), progress, cancel);
        IEngine engine = parts.NewEngine();
        using WorkerFolder? folder = Take();
        Findings findings = new(options, parts) { Told = Told };
        findings.Load(engine);
        using SharedQueue? queue = folder is null ? null : new SharedQueue(folder, engine);
        Heartbeat? heartbeat = folder is null ? null : new Heartbeat(folder.Folder, options, engine.Language);
        return new Worker(run, parts, engine, findings, queue, heartbeat).Run();
    }

    private WorkerFolder? Take() => options.Folder is not { } folder
        ? null
        : folder.TryTake(options.Worker) ?? throw new InputException(
            Path.Combine(folder.Folder, options.Worker), 0, 0, "another process works here", "a name of its own");
}
