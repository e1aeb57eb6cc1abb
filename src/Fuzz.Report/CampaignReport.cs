namespace Fuzz.Report;

/// <summary>A campaign as its page shows it, but for the steps of its failures: <see cref="FailureDetail"/>.</summary>
/// <remarks>Becomes JSON as it stands; times are seconds, moments are seconds since 1970 (0 for unknown).</remarks>
public sealed record CampaignReport
{
    /// <summary>Name of the campaign's folder.</summary>
    public required string Name { get; init; }

    /// <summary>What is fuzzed, in words.</summary>
    public required string Subject { get; init; }

    /// <summary>The last moment that any worker has told of.</summary>
    public long AsOf { get; init; }

    /// <summary>The headline.</summary>
    public required Totals Totals { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyList<WorkerSummary> Workers { get; init; }

    /// <summary>Over time.</summary>
    public required IReadOnlyList<Chart> Charts { get; init; }

    /// <summary>By name of the file.</summary>
    public required IReadOnlyList<FailureSummary> Failures { get; init; }

    /// <summary>What was left out or could not be read, a sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>Sums over workers; of what workers see alike (edges, hand-offs, corpus), the most that one has.</summary>
/// <param name="Executions">Executions.</param>
/// <param name="Rate">Executions a second of the workers that are at work.</param>
/// <param name="Seconds">Since the first worker began.</param>
/// <param name="WorkSeconds">Sum of what each has worked.</param>
/// <param name="Active">Workers that told of themselves lately.</param>
/// <param name="Edges">Edges.</param>
/// <param name="Handoffs">Hand-offs, or null when nobody sees any.</param>
/// <param name="Corpus">Test cases.</param>
public sealed record Totals(
    long Executions, double Rate, long Seconds, long WorkSeconds, int Active, long Edges, long? Handoffs, long Corpus);

/// <summary>One row of the table of workers.</summary>
public sealed record WorkerSummary
{
    /// <summary>Name of its folder.</summary>
    public required string Name { get; init; }

    /// <summary>The fuzzer.</summary>
    public required string Fuzzer { get; init; }

    /// <summary>When it was last heard of.</summary>
    public long LastUpdate { get; init; }

    /// <summary>Whether that was lately, as seen from the one last heard of.</summary>
    public bool Active { get; init; }

    /// <summary>Seconds that it has worked.</summary>
    public long RunTime { get; init; }

    /// <summary>Executions.</summary>
    public long Executions { get; init; }

    /// <summary>Executions a second, lately.</summary>
    public double Rate { get; init; }

    /// <summary>Test cases.</summary>
    public long Corpus { get; init; }

    /// <summary>Of these, found by itself.</summary>
    public long Found { get; init; }

    /// <summary>Of these, found by others.</summary>
    public long Imported { get; init; }

    /// <summary>Edges.</summary>
    public long Edges { get; init; }

    /// <summary>Hand-offs, or null.</summary>
    public long? Handoffs { get; init; }

    /// <summary>Near misses, or null.</summary>
    public long? NearMisses { get; init; }

    /// <summary>Failures: signatures, or what afl-fuzz saved as crashes.</summary>
    public long Failures { get; init; }

    /// <summary>Percent.</summary>
    public double Stability { get; init; }

    /// <summary>MiB.</summary>
    public long PeakMemory { get; init; }

    /// <summary>The processor it is pinned to, or -1.</summary>
    public long Cpu { get; init; }

    /// <summary>How it was started.</summary>
    public required string CommandLine { get; init; }
}

/// <summary>One row of the table of failures.</summary>
public sealed record FailureSummary
{
    /// <summary>Name of the reproducer's file.</summary>
    public required string File { get; init; }

    /// <summary>Tells one version of it from the next.</summary>
    public required string Version { get; init; }

    /// <summary>oracle: law [routine].</summary>
    public required string Signature { get; init; }

    /// <summary>The oracle.</summary>
    public required string Oracle { get; init; }

    /// <summary>The law.</summary>
    public required string Law { get; init; }

    /// <summary>The kernel function.</summary>
    public required string Routine { get; init; }

    /// <summary>Variants in force.</summary>
    public required IReadOnlyList<string> Variants { get; init; }

    /// <summary>What the person who keeps it wrote above it.</summary>
    public required string Remark { get; init; }

    /// <summary>Lanes.</summary>
    public int Cpus { get; init; }

    /// <summary>Calls of all lanes.</summary>
    public int Calls { get; init; }

    /// <summary>Switches that nothing forced.</summary>
    public int Preemptions { get; init; }

    /// <summary>Executions that met it, or null when no worker tells.</summary>
    public long? Met { get; init; }

    /// <summary>The worker that found it, or null.</summary>
    public string? FoundBy { get; init; }

    /// <summary>Seconds after the campaign's beginning, or null.</summary>
    public long? FoundAt { get; init; }

    /// <summary>The commits, or null.</summary>
    public string? Blame { get; init; }

    /// <summary>The command that replays it.</summary>
    public required string Replay { get; init; }
}

/// <summary>One chart.</summary>
/// <param name="Id">Which.</param>
/// <param name="Title">What the ordinate is.</param>
/// <param name="Unit">Of the ordinate.</param>
/// <param name="Lines">One a worker that has such figures, below what stands for all where there are several.</param>
public sealed record Chart(string Id, string Title, string Unit, IReadOnlyList<ChartLine> Lines);

/// <summary>One line of a chart.</summary>
/// <param name="Name">The worker, or what stands for all.</param>
/// <param name="IsTotal">Whether it stands for all.</param>
/// <param name="Seconds">Since the campaign's beginning, ascending.</param>
/// <param name="Values">The ordinates.</param>
public sealed record ChartLine(string Name, bool IsTotal, IReadOnlyList<long> Seconds, IReadOnlyList<double> Values);
