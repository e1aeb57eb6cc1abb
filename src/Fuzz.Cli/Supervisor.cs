using System.Collections.Concurrent;
using System.Diagnostics;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Programs;
using Interleave;

namespace Fuzz.Cli;

/// <summary>What a campaign of several processes is asked to do.</summary>
/// <param name="Campaign">Where it keeps what it finds.</param>
/// <param name="Variants">What is fuzzed.</param>
/// <param name="Seed">Where the seeds of the workers come from.</param>
/// <param name="Workers">How many processes.</param>
/// <param name="Prefix">How their names begin.</param>
/// <param name="Executions">After how many to end, or null.</param>
/// <param name="Seconds">After how many to end, or null.</param>
/// <param name="Memory">MiB that each may use.</param>
/// <param name="Feedback">What they learn from.</param>
internal sealed record SupervisorOptions(
    CampaignFolder Campaign, IReadOnlyList<string> Variants, ulong Seed, int Workers, string Prefix, long? Executions,
    double? Seconds, long Memory, Feedback Feedback);

/// <summary>Starts the workers of a campaign, one process each, watches over them, and ends with the last.</summary>
/// <remarks>It takes no part in the work and holds nothing that would be lost with it: when it is killed the workers
/// end, and when a worker dies another one takes its place.</remarks>
internal sealed class Supervisor : IDisposable
{
    private const int PollMilliseconds = 100;
    private const double PatienceSeconds = 60;
    private readonly SupervisorOptions options;
    private readonly Screen screen;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly List<WorkerSlot> slots = [];
    private readonly BlockingCollection<(WorkerSlot Slot, WorkerMessage? Message)> mail = [];
    private double? stopped;

    /// <summary>A supervisor.</summary>
    /// <exception cref="StorageException">The campaign's folder cannot be written.</exception>
    public Supervisor(SupervisorOptions options, Screen screen)
    {
        this.options = options;
        this.screen = screen;
        int[] cpus = Processors();
        Rng seeds = new(options.Seed);
        int next = 0;
        for (int i = 0; i < options.Workers; i++)
        {
            int number = options.Campaign.FirstFree(options.Prefix, next);
            ulong seed = 0;
            for (; next <= number; next++)
            {
                seed = seeds.NextUInt64();
            }

            long? share = options.Executions / options.Workers + (i < options.Executions % options.Workers ? 1 : 0);
            slots.Add(new WorkerSlot(options, number, share, seed, cpus.Length == 0 ? -1 : cpus[number % cpus.Length]));
        }
    }

    /// <summary>The workers.</summary>
    public IReadOnlyList<WorkerSlot> Slots => slots;

    /// <summary>Seconds since the start.</summary>
    public double Seconds => watch.Elapsed.TotalSeconds;

    /// <summary>Why it ended before its time, or null.</summary>
    public string? Problem => slots.Select(slot => slot.Problem).FirstOrDefault(problem => problem is not null);

    /// <summary>Runs the campaign to its end.</summary>
    /// <param name="show">Called a few times a second.</param>
    /// <param name="cancel">Ends it early.</param>
    public void Run(Action show, CancellationToken cancel)
    {
        slots.ForEach(Start);
        while (slots.Exists(slot => slot.IsRunning))
        {
            bool isTime = Seconds >= options.Seconds;
            if (stopped is null && (cancel.IsCancellationRequested || isTime || Problem is not null))
            {
                stopped = Seconds;
                slots.ForEach(slot => slot.Stop());
            }
            else if (Seconds > stopped + PatienceSeconds)
            {
                slots.ForEach(slot => slot.Kill());
            }

            if (mail.TryTake(
                out (WorkerSlot Slot, WorkerMessage? Message) letter, PollMilliseconds, CancellationToken.None))
            {
                Take(letter.Slot, letter.Message);
            }

            show();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        slots.ForEach(slot => slot.Dispose());
        mail.Dispose();
    }

    /// <summary>Those that this process may use, as far as they can be told.</summary>
    private static int[] Processors()
    {
        const int Told = 64;
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows())
        {
            return [];
        }

        using Process self = Process.GetCurrentProcess();
        ulong mask = (ulong)self.ProcessorAffinity;
        return Environment.ProcessorCount > Told
            ? []
            : [.. Enumerable.Range(0, Told).Where(cpu => (mask >> cpu & 1) != 0)];
    }

    private void Start(WorkerSlot slot) => slot.Start(message => mail.Add((slot, message)));

    private void Take(WorkerSlot slot, WorkerMessage? message)
    {
        if (message is not null)
        {
            slot.Take(message);
            return;
        }

        if (slot.End() is { } odd && stopped is null)
        {
            if (slot.IsBusy)
            {
                slot.Number = options.Campaign.FirstFree(options.Prefix, slots.Max(other => other.Number) + 1);
            }

            screen.Note($"fuzz: {odd}");
            Start(slot);
        }
    }
}
