using Fuzz.Campaign;
using Fuzz.Reporting;

namespace Fuzz.Report;

/// <summary>How a test of CI's ended.</summary>
public enum TestOutcome
{
    /// <summary>Nothing was found.</summary>
    Passed,

    /// <summary>A law was broken.</summary>
    Failed,

    /// <summary>A file could not be read.</summary>
    Error,
}

/// <summary>What a campaign found, one signature at a time, as CI sees tests.</summary>
/// <param name="Group">The oracle.</param>
/// <param name="Name">Law and routine, and the variants if there are any.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Message">In one line, what happened.</param>
/// <param name="Text">How to see it again, and the reproducer.</param>
/// <param name="File">Where the reproducer is.</param>
public sealed record TestResult(
    string Group, string Name, TestOutcome Outcome, string Message, string Text, string File)
{
    /// <summary>The results of a campaign: its failures and the files that could not be read; where there are none, one
    /// that has passed, as CI takes no tests for no run.</summary>
    public static IReadOnlyList<TestResult> Of(CampaignSnapshot campaign)
    {
        List<TestResult> results = [.. campaign.Failures.Select(failure => Of(campaign, failure))];
        results.AddRange(campaign.Unreadable.Select(file => new TestResult(
            "corpus", $"{file.Name} can be read", TestOutcome.Error, file.Problem, "",
            Path.Combine(campaign.Path, file.Name))));
        return results.Count > 0
            ? results
            : [new TestResult("campaign", "no law is broken", TestOutcome.Passed, "", "", campaign.Path)];
    }

    private static TestResult Of(CampaignSnapshot campaign, StoredFailure failure)
    {
        Reproducer reproducer = failure.Reproducer;
        string file = Path.Combine(campaign.Path, failure.Name);
        string variants = reproducer.Variants.Count == 0 ? "" : $" with {string.Join(", ", reproducer.Variants)}";
        string law = $"{reproducer.Violates.Law} [{reproducer.Violates.Routine}]";
        string symptom = reproducer.Symptom is null ? "" : $"; {reproducer.Symptom}";
        return new TestResult(
            reproducer.Violates.Oracle, law + variants, TestOutcome.Failed,
            $"{reproducer.Violates}{symptom}",
            $"{TextReport.ReplayCommand(file)}\n\n{reproducer.Print()}", file);
    }
}
