using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Reporting;

namespace Fuzz.Campaign;

/// <summary>What a campaign is asked to do.</summary>
public sealed record CampaignOptions
{
    /// <summary>Where all random numbers come from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Names of the variants to fuzz; none for plain v6.18.</summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    /// <summary>Executions after which to end; null for no such end. Those of the shrinker are not counted.</summary>
    public long? Executions { get; init; }

    /// <summary>Seconds after which to end; null for no such end.</summary>
    public double? Seconds { get; init; }

    /// <summary>What it learns from.</summary>
    public Feedback Feedback { get; init; } = Feedback.All;

    /// <summary>Where test cases and failures are kept, and shared with other workers; null to keep nothing.</summary>
    public CampaignFolder? Folder { get; init; }

    /// <summary>The name under which this worker works there.</summary>
    public string Worker { get; init; } = "w0";

    /// <summary>The processor it is pinned to, or -1: to be told to others, no more.</summary>
    public int Cpu { get; init; } = -1;

    /// <summary>Bytes of memory after which to end; null for no such end.</summary>
    public long? MemoryMax { get; init; }

    /// <summary>What the engine's own text is known to have wrong: signatures, and the files that show them. They are
    /// counted like others, but nothing is made of them.</summary>
    public IReadOnlyDictionary<string, string> Regressions { get; init; } = new SortedDictionary<string, string>();
}

/// <summary>The parts that a campaign is made of.</summary>
/// <param name="NewEngine">A fresh engine with the campaign's variants.</param>
/// <param name="NewSource">A fresh source of programs.</param>
/// <param name="Shrink">Makes a reproducer smaller; keeps its signature.</param>
public sealed record CampaignParts(
    Func<IEngine> NewEngine, Func<IProgramSource> NewSource, Func<Reproducer, Reproducer> Shrink);

/// <summary>What a live line shows.</summary>
/// <param name="Seconds">Since the start.</param>
/// <param name="Executions">So far, without those that replayed the worker's own queue.</param>
/// <param name="Edges">Different code edges seen.</param>
/// <param name="Handoffs">Different hand-offs seen.</param>
/// <param name="NearMisses">Different near misses seen.</param>
/// <param name="Queue">Test cases in the worker's queue.</param>
/// <param name="Found">Those of them that this run has found.</param>
/// <param name="Imported">Those of them that this run has taken over from other workers.</param>
/// <param name="Failures">Different signatures.</param>
/// <param name="Singletons">See <see cref="Coverage.TraceCoverage.Singletons"/>.</param>
/// <param name="Observed">Executions that they are of: all of this process, replays included.</param>
public readonly record struct CampaignProgress(
    double Seconds, long Executions, int Edges, int Handoffs, int NearMisses, int Queue, int Found, int Imported,
    int Failures, int Singletons, long Observed)
{
    /// <summary>Executions a second.</summary>
    public double Rate => Seconds > 0 ? Executions / Seconds : 0;
}

/// <summary>One signature that a worker met.</summary>
/// <param name="Reproducer">Shrunk; as it was met when it was known already.</param>
/// <param name="FoundAt">Number of the execution that met it first.</param>
/// <param name="File">Where it is kept, or null.</param>
/// <param name="Report">The report in text; empty when it was known, or is not shrunk yet.</param>
public sealed record Finding(Reproducer Reproducer, long FoundAt, string? File, string Report)
{
    /// <summary>Whether it was in the corpus, or one of the regressions, or another worker has met it before.</summary>
    public bool IsKnown { get; init; }

    /// <summary>Whether it is one of <see cref="CampaignOptions.Regressions"/>.</summary>
    public bool IsRegression { get; init; }

    /// <summary>The test case of another worker that showed it first: <see cref="Import.Place"/>; null when it was the
    /// worker's own.</summary>
    public string? From { get; init; }

    /// <summary>Executions that met it.</summary>
    public long Count { get; internal set; } = 1;
}

/// <summary>Why a campaign ended.</summary>
public enum CampaignEnd
{
    /// <summary>Its budget is used up.</summary>
    Budget,

    /// <summary>It was asked to.</summary>
    Cancelled,

    /// <summary>It has as much memory as it may have.</summary>
    Memory,
}

/// <summary>What a campaign did.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="Statistics">The counts.</param>
/// <param name="Findings">The failures, sorted by signature.</param>
/// <param name="Quarantined">Files of the corpus that could not be read.</param>
/// <param name="Progress">The last state of the live line.</param>
public sealed record CampaignResult(
    CampaignEnd End,
    Statistics Statistics,
    IReadOnlyCollection<Finding> Findings,
    IReadOnlyList<Quarantined> Quarantined,
    CampaignProgress Progress);
