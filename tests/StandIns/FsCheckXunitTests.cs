using System.Text.RegularExpressions;
using FsCheck.Xunit;
using Xunit;

namespace Tests.StandIns;

[Collection(nameof(PropertySamples))]
public sealed class FsCheckXunitTests
{
    public FsCheckXunitTests() => PropertySamples.Calls.Clear();

    [Property]
    public bool The_runner_finds_and_runs_a_property_of_a_test_class(int[] numbers) =>
        numbers.Reverse().Reverse().SequenceEqual(numbers);

    [Theory]
    [InlineData(nameof(PropertySamples.True))]
    [InlineData(nameof(PropertySamples.LaterTrue))]
    [InlineData(nameof(PropertySamples.Empty))]
    [InlineData(nameof(PropertySamples.Seven))]
    [InlineData(nameof(PropertySamples.FirstOfTwo))]
    public async Task A_true_property_passes_and_writes_the_summary_of_FsCheck(string property) =>
        Assert.Contains("Ok, passed 100 tests.", await PropertyProbe.PassAsync<PropertySamples>(property));

    [Fact]
    public async Task A_quiet_property_passes_without_a_word() =>
        Assert.Empty((await PropertyProbe.PassAsync<PropertySamples>(nameof(PropertySamples.Quiet))).Trim());

    [Fact]
    public async Task The_summary_tells_the_share_of_each_class() => Assert.Contains(
        "Ok, passed 100 tests (100% positive).",
        await PropertyProbe.PassAsync<PropertySamples>(nameof(PropertySamples.Classified)));

    [Fact]
    public async Task A_verbose_property_writes_the_arguments_of_every_case()
    {
        var output = await PropertyProbe.PassAsync<PropertySamples>(nameof(PropertySamples.Verbose));
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["0:", "1:", "2:"], lines.Where(line => line.EndsWith(':')));
        Assert.Equal(3, lines.Count(line => line is "true" or "false"));
    }

    [Fact]
    public async Task A_failing_property_reports_the_shrunk_example_and_its_replay()
    {
        var report = await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Below80));
        Assert.Contains("FsCheck.Xunit.PropertyFailedException", report);
        Assert.Matches("Falsifiable, after [0-9]+ tests?", report);
        Assert.Matches("Shrunk:\r?\n80\r?\n", report);
        Assert.Matches(@"with size of [0-9]+ and seed of \([0-9]+,[0-9]+\)", report);
    }

    [Fact]
    public async Task The_reported_replay_repeats_the_one_failing_case()
    {
        var report = await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Below80));
        var original = Find(report, @"Original:\s+(?<found>[0-9]+)");
        var size = Find(report, "with size of (?<found>[0-9]+)");
        var seed = Find(report, @"seed of \((?<found>[0-9]+,[0-9]+)\)");
        PropertySamples.Calls.Clear();
        ReplayedPropertyAttribute.Chosen = $"({seed},{size})";

        var again = await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Replayed));
        Assert.Contains("Falsifiable, after 1 test (", again);
        Assert.Equal(original, PropertySamples.Calls[1]);
    }

    [Fact]
    public async Task A_replay_without_a_size_repeats_the_whole_run()
    {
        ReplayedPropertyAttribute.Chosen = "17234047130667642678,3215559178322092721";
        var first = await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Replayed));
        string[] calls = [.. PropertySamples.Calls];
        PropertySamples.Calls.Clear();

        var second = await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Replayed));
        Assert.Equal(first, second);
        Assert.Equal(calls, PropertySamples.Calls);
        Assert.Contains(ReplayedPropertyAttribute.Chosen, first);
    }

    [Theory]
    [InlineData(nameof(PropertySamples.Throwing), "too long", "[|0; 0; 0|]")]
    [InlineData(nameof(PropertySamples.Later), "too large", "5")]
    [InlineData(nameof(PropertySamples.Labelled), "Label of failing property: below five", "5")]
    public async Task A_failure_shows_what_the_property_said(string property, string message, string shrunk)
    {
        var report = await PropertyProbe.FailAsync<PropertySamples>(property);
        Assert.Contains(message, report);
        Assert.Contains(shrunk, report);
    }

    [Fact]
    public async Task A_property_that_rejects_every_case_fails() => Assert.Contains(
        "Arguments exhausted after 0 tests",
        await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Impossible)));

    [Fact]
    public async Task All_cases_of_a_property_share_one_instance()
    {
        await PropertyProbe.PassAsync<PropertySamples>(nameof(PropertySamples.Verbose));
        Assert.Equal("made", PropertySamples.Calls[0]);
        Assert.Equal(5, PropertySamples.Calls.Count);
        Assert.Equal("disposed", PropertySamples.Calls[4]);
    }

    [Theory]
    [InlineData(nameof(SamplesWithDefaults.TakesTheClass), "passed 20 tests")]
    [InlineData(nameof(SamplesWithDefaults.TakesTheMethod), "passed 30 tests")]
    public async Task A_method_overrides_the_defaults_of_its_class(string property, string summary) =>
        Assert.Contains(summary, await PropertyProbe.PassAsync<SamplesWithDefaults>(property));

    [Fact]
    public async Task The_defaults_of_the_nearest_class_win()
    {
        const string property = nameof(SamplesWithDefaults.Nested.TakesTheNearest);
        Assert.Contains("passed 10 tests", await PropertyProbe.PassAsync<SamplesWithDefaults.Nested>(property));
    }

    [Fact]
    public async Task Skip_and_display_name_are_those_of_a_fact()
    {
        var skipped = await PropertyProbe.SkipAsync<PropertySamples>(nameof(PropertySamples.Skipped));
        Assert.Equal("not today", skipped.Reason);
        Assert.Equal("a name of its own", skipped.TestCase.DisplayName);
    }

    private static string Find(string text, string pattern) =>
        Regex.Match(text, pattern, RegexOptions.NonBacktracking).Groups["found"].Value;
}
