using System.Text.Json;
using Fuzz.Cli;
using Fuzz.Reporting;
using Tests.Campaign;
using Tests.Defects;
using Xunit;

namespace Tests.Cli;

public sealed class ProveTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-cli-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_program_of_one_lane_is_proven_completely()
    {
        AppRun run = AppRun.Of("prove", Write("one.program", "shape mms 1 pages 1\ncpu0 write mm0 p0\n"));
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains("on v6.18: proven: all 1 schedules pass; 1 executions", run.Output, Exactly);
    }

    [Fact]
    public void A_reproducer_passes_on_v6_18_as_far_as_the_budget_goes()
    {
        AppRun run = AppRun.Of("prove", Write("lost.reproducer", Failures.LostWaiters), "--budget", "3000", "--json");
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Equal("bounded", run.Json.GetProperty("outcome").GetString());
        Assert.InRange(run.Json.GetProperty("preemptions").GetInt32(), 0, 3);
        Assert.InRange(run.Json.GetProperty("executions").GetInt64(), 100, 3300);
    }

    [Fact]
    public void Where_the_budget_ends_random_walks_say_how_likely_a_failure_is_at_most()
    {
        string file = Write("lost.reproducer", Failures.LostWaiters);
        AppRun run = AppRun.Of("prove", file, "--budget", "3000");
        Assert.Contains(
            "\n300 random walks pass, too: of such fewer than 1 in 101 fails (95 %)", run.Output, Exactly);
    }

    [Fact]
    public void What_is_proven_of_a_reproducer_can_be_written_into_its_header()
    {
        string file = Write("lost.reproducer", Failures.LostWaiters);
        AppRun run = AppRun.Of("prove", file, "--update", "--budget", "30000");
        Assert.Equal(App.NothingFound, run.ExitCode);
        Reproducer proven = Failures.Parse(File.ReadAllText(file));
        Assert.StartsWith("v6.18 passes all schedules (", proven.Proof, Exactly);
        Assert.StartsWith("schedule proven: no schedule with 0 preemptions fails", proven.Minimal, Exactly);
        Assert.Contains("calls proven: none of the ", proven.Minimal, Exactly);
        Assert.Equal(Failures.Parse().Schedule, proven.Schedule);
        Assert.Contains(proven.Proof!, File.ReadAllText(Path.ChangeExtension(file, ".report.txt")), Exactly);
    }

    [Fact]
    public void A_header_is_only_written_of_a_reproducer_and_as_it_stands()
    {
        string program = Write("one.program", "shape mms 1 pages 1\ncpu0 write mm0 p0\n");
        Assert.Contains("its name is none of a reproducer", AppRun.Refused("prove", program, "--update"), Exactly);
        string file = Write("lost.reproducer", Failures.LostWaiters);
        Assert.Contains("--update takes no --json", AppRun.Refused("prove", file, "--update", "--json"), Exactly);
        Assert.Equal(Failures.LostWaiters, File.ReadAllText(file));
    }

    [Theory]
    [InlineData("--variant", "non-atomic-swapbacked")]
    [InlineData("--kernel", "mm-unstable-2024-06-18")]
    public void The_first_schedule_that_fails_ends_the_search_and_is_printed(string option, string name)
    {
        string file = Write("lost.reproducer", Failures.LostWaiters);
        JsonElement json = AppRun.Of("prove", file, option, name, "--json").Json;
        Assert.Equal("found", json.GetProperty("outcome").GetString());
        Assert.Equal(1, json.GetProperty("preemptions").GetInt32());

        AppRun run = AppRun.Of("prove", file, option, name);
        Assert.Equal(App.Found, run.ExitCode);
        Assert.Contains("found: a schedule with 1 preemption(s) fails, none of the ", run.Output, Exactly);

        string found = Write("found.reproducer", json.GetProperty("reproducer").GetString()!);
        Assert.Equal(App.Found, AppRun.Of("replay", found).ExitCode);
    }

    [Fact]
    public void A_budget_that_is_too_small_proves_nothing_and_says_so()
    {
        AppRun run = AppRun.Of("prove", Write("lost.reproducer", Failures.LostWaiters), "--budget", "1");
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains("nothing is proven", run.Output, Exactly);
    }

    [Fact]
    public void A_version_and_a_variant_of_the_same_routine_give_the_variant()
    {
        string file = Path.Combine(CorpusFolder.Defects, "slot-aba.reproducer");
        string[] json =
        [
            .. AppRun.Of("prove", file, "--kernel", "v6.7", "--variant", "no-swapcache-recheck", "--budget", "500",
                "--json").Json.GetProperty("on").EnumerateArray().Select(name => name.GetString()!),
        ];
        Assert.Contains("no-swapcache-recheck", json);
        Assert.DoesNotContain("no-swapcache-pin", json);
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
