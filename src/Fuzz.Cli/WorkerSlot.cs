using System.Diagnostics;
using System.Globalization;
using Fuzz.Campaign;

namespace Fuzz.Cli;

/// <summary>One worker of a campaign over all processes that have been it, one after another.</summary>
/// <param name="options">What the campaign is asked to do.</param>
/// <param name="number">The number in its name.</param>
/// <param name="share">Executions that are its own, or null.</param>
/// <param name="seed">Its seed.</param>
/// <param name="cpu">The processor it is pinned to, or -1.</param>
internal sealed class WorkerSlot(SupervisorOptions options, int number, long? share, ulong seed, int cpu) : IDisposable
{
    private const string ErrorPrefix = "fuzz: ";
    private const int QuickDeathsMax = 3;
    private const double QuickSeconds = 30;
    private readonly SortedDictionary<string, WorkerFinding> findings = new(StringComparer.Ordinal);
    private readonly List<StatisticsCounts> counts = [];
    private readonly List<Quarantined> quarantined = [];
    private WorkerProcess? process;
    private WorkerOutcome? outcome;
    private CampaignProgress before;
    private int quickDeaths;

    /// <summary>The name of its folder.</summary>
    public string Name => $"{options.Prefix}{Number}";

    /// <summary>The number in it.</summary>
    public int Number { get; set; } = number;

    /// <summary>The processor it is pinned to, or -1.</summary>
    public int Cpu => cpu;

    /// <summary>How it is doing, in all.</summary>
    public CampaignProgress Progress { get; private set; }

    /// <summary>Executions a second of the process that runs now.</summary>
    public double Rate { get; private set; }

    /// <summary>Processes that were started in the place of one that had died.</summary>
    public int Restarts { get; private set; }

    /// <summary>Whether it works.</summary>
    public bool IsRunning => process is not null;

    /// <summary>The process that runs now, or 0.</summary>
    public int ProcessId => process?.Id ?? 0;

    /// <summary>Whether the name was taken when its process began.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Why it cannot go on; null as long as it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Signatures that it met.</summary>
    public IReadOnlyCollection<WorkerFinding> Findings => findings.Values;

    /// <summary>What its processes executed, those that died excepted.</summary>
    public IReadOnlyList<StatisticsCounts> Counts => counts;

    /// <summary>Files that could not be read.</summary>
    public IReadOnlyList<Quarantined> Quarantined => quarantined;

    /// <summary>Starts a process.</summary>
    /// <param name="told">Called with all that it tells, by another thread.</param>
    public void Start(Action<WorkerMessage?> told)
    {
        outcome = null;
        before = Progress;
        List<string> arguments =
        [
            "--corpus", options.Campaign.Folder, "--name", Name, "--feedback", options.Feedback.ToString(),
            "--seed", seed.ToString(CultureInfo.InvariantCulture),
        ];
        AddNumber("--executions", share is null ? null : Math.Max(share.Value - Progress.Executions, 0));
        AddNumber("--memory", options.Memory);
        AddNumber("--cpu", cpu < 0 ? null : cpu);
        if (options.Variants.Count > 0)
        {
            arguments.AddRange(["--variant", string.Join(',', options.Variants)]);
        }

        process = new WorkerProcess(arguments, options.Memory, told);

        void AddNumber(string name, long? value)
        {
            if (value is not null)
            {
                arguments.AddRange([name, value.Value.ToString(CultureInfo.InvariantCulture)]);
            }
        }
    }

    /// <summary>Takes note of what its process tells.</summary>
    public void Take(WorkerMessage message)
    {
        Problem ??= message.Problem;
        if (message.Progress is { } now)
        {
            Rate = now.Rate;
            Progress = now with
            {
                Seconds = before.Seconds + now.Seconds,
                Executions = before.Executions + now.Executions,
                Found = before.Found + now.Found,
                Imported = before.Imported + now.Imported,
            };
        }

        if (message.Finding is { } finding)
        {
            Add(finding);
        }

        if (message.Outcome is { } end)
        {
            outcome = end;
            counts.Add(end.Counts);
            quarantined.AddRange(end.Quarantined);
            end.Findings.ToList().ForEach(Add);
        }
    }

    /// <summary>Takes note that its process has ended.</summary>
    /// <returns>What is odd about that: null, or why another one is to be started, unless there is a
    /// <see cref="Problem"/>.</returns>
    public string? End()
    {
        using WorkerProcess ended = process!;
        process = null;
        Rate = 0;
        bool isFull = outcome is { End: CampaignEnd.Memory } || ended.ExitCode == WorkerCommand.Full;
        if ((outcome is not null && !isFull) || Problem is not null)
        {
            return null;
        }

        string code = ended.Errors.Count > 0 ? ended.Errors[0] : $"exit code {ended.ExitCode}";
        string how = isFull ? $"{options.Memory} MiB of memory in use" : code;
        IsBusy = ended.ExitCode == WorkerCommand.Busy;
        if (IsBusy)
        {
            return $"{Name} is taken by another process: the next name is";
        }

        if (ended.ExitCode == App.BadInput)
        {
            Problem = how.StartsWith(ErrorPrefix, StringComparison.Ordinal) ? how[ErrorPrefix.Length..] : how;
            return null;
        }

        bool quick = Stopwatch.GetElapsedTime(ended.Started).TotalSeconds < QuickSeconds;
        quickDeaths = quick ? quickDeaths + 1 : 0;
        if (quickDeaths > QuickDeathsMax)
        {
            Problem = $"{Name} ended {quickDeaths} times soon after its start, the last time with {how}";
            return null;
        }

        Restarts++;
        return $"{Name} ended ({how}): it is started again; what it had told of is on the disk";
    }

    /// <summary>Asks it to end.</summary>
    public void Stop() => process?.Stop();

    /// <summary>Ends it at once.</summary>
    public void Kill() => process?.Kill();

    /// <inheritdoc />
    public void Dispose() => process?.Dispose();

    /// <summary>What was told before of the same signature is outdated, but for whoever was killed since.</summary>
    private void Add(WorkerFinding finding)
    {
        WorkerFinding? earlier = findings.GetValueOrDefault(finding.Signature);
        findings[finding.Signature] = earlier is null ? finding : finding with
        {
            IsKnown = finding.IsKnown && earlier.IsKnown,
            FoundAt = earlier.FoundAt > 0 ? earlier.FoundAt : finding.FoundAt,
        };
    }
}
