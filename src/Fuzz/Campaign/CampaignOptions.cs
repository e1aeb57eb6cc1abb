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

    /// <summary>Number of threads, each with its own engine. With one, all results depend on the seed alone.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Executions after which to end; null for no such end. Those of the shrinker are not counted.</summary>
    public long? Executions { get; init; }

    /// <summary>Seconds after which to end; null for no such end.</summary>
    public double? Seconds { get; init; }

    /// <summary>What it learns from.</summary>
    public Feedback Feedback { get; init; } = Feedback.All;

    /// <summary>Where programs and failures are kept; null to keep nothing.</summary>
    public CorpusStore? Corpus { get; init; }

    /// <summary>What the engine's own text is known to have wrong: signatures, and the files that show them. They are
    /// counted like others, but nothing is made of them.</summary>
    public IReadOnlyDictionary<string, string> Regressions { get; init; } = new SortedDictionary<string, string>();
}

/// <summary>The parts that a campaign is made of; each worker gets its own engine and its own source.</summary>
/// <param name="NewEngine">A fresh engine with the campaign's variants.</param>
/// <param name="NewSource">A fresh source of programs.</param>
/// <param name="Shrink">Makes a reproducer smaller; keeps its signature. Called by one worker at a time.</param>
public sealed record CampaignParts(
    Func<IEngine> NewEngine, Func<IProgramSource> NewSource, Func<Reproducer, Reproducer> Shrink);

/// <summary>What a live line shows.</summary>
/// <param name="Seconds">Since the start.</param>
/// <param name="Executions">So far.</param>
/// <param name="Handoffs">Different hand-offs seen.</param>
/// <param name="Kept">Programs kept because they showed something new.</param>
/// <param name="Failures">Different signatures.</param>
public readonly record struct CampaignProgress(double Seconds, long Executions, int Handoffs, int Kept, int Failures)
{
    /// <summary>Executions a second, over all workers.</summary>
    public double Rate => Seconds > 0 ? Executions / Seconds : 0;
}

/// <summary>One signature that a campaign met.</summary>
/// <param name="Reproducer">Shrunk; as found when it was known from the corpus.</param>
/// <param name="FoundAt">Number of the worker's execution that met it first.</param>
/// <param name="File">Where it is kept, or null.</param>
/// <param name="Report">The report in text; empty when it was known from the corpus.</param>
public sealed record Finding(Reproducer Reproducer, long FoundAt, string? File, string Report)
{
    /// <summary>Whether it is one of <see cref="CampaignOptions.Regressions"/>.</summary>
    public bool IsRegression { get; init; }

    /// <summary>Executions that met it.</summary>
    public long Count { get; internal set; } = 1;
}

/// <summary>What a campaign did.</summary>
/// <param name="Statistics">The counts.</param>
/// <param name="Findings">The failures, sorted by signature.</param>
/// <param name="Quarantined">Files of the corpus that could not be read.</param>
/// <param name="Progress">The last state of the live line.</param>
public sealed record CampaignResult(
    Statistics Statistics,
    IReadOnlyList<Finding> Findings,
    IReadOnlyList<Quarantined> Quarantined,
    CampaignProgress Progress);
