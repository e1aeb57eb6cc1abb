using System.Text.Json;
using Fuzz.Campaign;

namespace Fuzz.Cli;

/// <summary>What a worker process tells the one that has started it: one line of JSON on its standard output.</summary>
internal sealed record WorkerMessage
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>How it is doing.</summary>
    public CampaignProgress? Progress { get; init; }

    /// <summary>A signature that it met first, or whose reproducer has become simpler; it is on the disk.</summary>
    public WorkerFinding? Finding { get; init; }

    /// <summary>What it came to, in the end.</summary>
    public WorkerOutcome? Outcome { get; init; }

    /// <summary>Why it cannot go on: one line for a person.</summary>
    public string? Problem { get; init; }

    /// <summary>Reads one; null when it is none.</summary>
    public static WorkerMessage? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<WorkerMessage>(line, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The line, without its newline.</summary>
    public string Print() => JsonSerializer.Serialize(this, Options);
}

/// <summary>A signature that a worker met.</summary>
/// <param name="Signature">The signature.</param>
/// <param name="File">Its reproducer.</param>
/// <param name="FoundAt">See <see cref="Finding.FoundAt"/>.</param>
/// <param name="Count">See <see cref="Finding.Count"/>.</param>
/// <param name="IsKnown">See <see cref="Finding.IsKnown"/>.</param>
/// <param name="IsRegression">See <see cref="Finding.IsRegression"/>.</param>
internal sealed record WorkerFinding(
    string Signature, string File, long FoundAt, long Count, bool IsKnown, bool IsRegression)
{
    /// <summary>The same in short.</summary>
    public static WorkerFinding Of(Finding finding) => new(
        finding.Reproducer.Violates.ToString(), finding.File ?? "", finding.FoundAt, finding.Count, finding.IsKnown,
        finding.IsRegression);
}

/// <summary>What a worker came to.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="Counts">What it executed.</param>
/// <param name="Findings">The failures.</param>
/// <param name="Quarantined">Files that could not be read.</param>
internal sealed record WorkerOutcome(
    CampaignEnd End, StatisticsCounts Counts, IReadOnlyList<WorkerFinding> Findings,
    IReadOnlyList<Quarantined> Quarantined);
