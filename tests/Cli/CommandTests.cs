using System.Text.Json;
using Fuzz.Campaign;
using Fuzz.Cli;
using Fuzz.Programs;
using Fuzz.Reporting;
using Tests.Campaign;
using Xunit;

namespace Tests.Cli;

public sealed class CommandTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-cli-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Replaying_a_failure_exits_with_1_and_prints_its_report()
    {
        AppRun run = AppRun.Of("replay", Lost(), "--times", "100");
        Assert.Equal(App.Found, run.ExitCode);
        Assert.StartsWith("FLAGS-WORD violated: PG_waiters lost", run.Output, Exactly);
        Assert.EndsWith("fails as it says, 100 times out of 100\n", run.Output, Exactly);
        Assert.Empty(run.Errors);
    }

    [Fact]
    public void Replaying_it_without_the_defect_exits_with_0()
    {
        AppRun run = AppRun.Of("replay", Lost(), "--fixed", "--times", "100");
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.EndsWith("on v6.18: passes, 100 times out of 100\n", run.Output, Exactly);
        Assert.Equal(App.NothingFound, AppRun.Of("replay", Lost(), "--variant", "no-swapcache-pin").ExitCode);
    }

    [Fact]
    public void Verbose_replay_adds_every_step_and_the_state()
    {
        string output = AppRun.Of("replay", Lost(), "-v").Output;
        Assert.Matches(@"\d ! CPU0  \w+", output);
        Assert.Contains("SwapoffKill", output, Exactly);
        Assert.Contains("state in the end", output, Exactly);
        Assert.Contains("folio 0    refcount 3", output, Exactly);
    }

    [Fact]
    public void A_reproducer_of_another_engine_version_exits_with_2_and_says_where_it_drifted()
    {
        string file = Write("old.reproducer", Failures.Drifting().Print());
        AppRun run = AppRun.Of("replay", file);
        Assert.Equal(App.BadInput, run.ExitCode);
        Assert.Contains("DRIFTED", run.Output, Exactly);
        Assert.Contains("expected      cpu0 until done", run.Output, Exactly);
        Assert.Contains("actual        cpu0 blocked at FolioSleepForBit", run.Output, Exactly);

        JsonElement json = AppRun.Of("replay", file, "--json").Json;
        Assert.Equal("drifts", json.GetProperty("outcome").GetString());
        Assert.Equal("cpu0 until done", json.GetProperty("drift").GetProperty("expected").GetString());
    }

    [Fact]
    public void Replay_gives_machines_one_object()
    {
        JsonElement json = AppRun.Of("replay", Lost(), "--times", "3", "--json").Json;
        Assert.Equal("fails", json.GetProperty("outcome").GetString());
        Assert.Equal(3, json.GetProperty("times").GetInt32());

        json = AppRun.Of("replay", Lost(), "--fixed", "--json").Json;
        Assert.Equal("passes", json.GetProperty("outcome").GetString());
    }

    [Fact]
    public void Shrinking_gives_a_smaller_reproducer_that_fails_with_the_same_signature()
    {
        string bloated = Failures.LostWaiters
            .Replace("shape     mms 1  pages 1", "shape     mms 2  pages 3", Exactly)
            .Replace("cpu1      swapoff\n", "cpu1      swapoff\n          drain\n          read mm0 p2\n", Exactly);
        string file = Write("bloated.reproducer", bloated);
        string output = Path.Combine(folder, "small.reproducer");
        AppRun run = AppRun.Of("shrink", file, "--output", output, "--proof", "200");

        Assert.Equal(App.NothingFound, run.ExitCode);
        Reproducer small = Failures.Parse(File.ReadAllText(output));
        Assert.Equal(2, small.Program.ConcurrentCalls);
        Assert.Equal(
            new Program(MmLanguage.Instance, [], [], []).Shape,
            small.Program.Shape.Select((n, i) => i == MmLanguage.Device ? 0 : n));
        Assert.Equal(Failures.Parse().Violates, small.Violates);
        Assert.NotNull(small.Proof);
        Assert.Equal(App.Found, AppRun.Of("replay", output).ExitCode);

        JsonElement json = AppRun.Of("shrink", file, "--json", "--proof", "0").Json;
        Assert.Equal(4, json.GetProperty("before").GetProperty("calls").GetInt32());
        Assert.Equal(2, json.GetProperty("after").GetProperty("calls").GetInt32());
    }

    [Fact]
    public void A_campaign_ends_by_its_budget_and_gives_machines_one_object()
    {
        string corpus = Path.Combine(folder, "corpus");
        AppRun run = AppRun.Of("run", "--executions", "500", "--seed", "abcdef12", "--corpus", corpus, "--json");
        JsonElement json = run.Json;

        Assert.Equal(0xabcdef12UL, json.GetProperty("seed").GetUInt64());
        Assert.Equal(500, json.GetProperty("executions").GetInt64());
        Assert.Equal(run.ExitCode, json.GetProperty("failures").GetArrayLength() == 0 ? App.NothingFound : App.Found);
        int kept = json.GetProperty("testCasesKept").GetInt32();
        Assert.Equal(kept, Directory.GetFiles(Path.Combine(corpus, "w0", "queue")).Length);
        JsonElement worker = Assert.Single(json.GetProperty("perWorker").EnumerateArray());
        Assert.Equal("w0", worker.GetProperty("name").GetString());
        Assert.Equal(500, worker.GetProperty("executions").GetInt64());
        Assert.Contains("Ctrl-C ends it", run.Errors, Exactly);
    }

    [Fact]
    public void A_campaign_prints_its_calls_and_says_when_nothing_was_found()
    {
        AppRun run = AppRun.Of(
            "run", "--executions", "48", "--seed", "1", "--workers", "2", "--corpus", Path.Combine(folder, "c"));
        Assert.Contains("readahead", run.Output, Exactly);
        Assert.Contains("48 executions", run.Output, Exactly);
        Assert.Contains("w1", run.Output, Exactly);
    }

    [Fact]
    public void A_campaign_names_the_garbage_it_skipped()
    {
        string corpus = Path.Combine(folder, "corpus");
        Directory.CreateDirectory(corpus);
        File.WriteAllBytes(Path.Combine(corpus, "bad.program"), [0xFF]);
        AppRun run = AppRun.Of("run", "--executions", "10", "--seed", "1", "--corpus", corpus);
        Assert.Contains("bad.program:1:1: not a text", run.Errors, Exactly);
        Assert.Contains("skipped and moved to", run.Errors, Exactly);
    }

    [Fact]
    public void Hunting_one_story_prints_a_row_and_gives_machines_the_figures()
    {
        AppRun run = AppRun.Of("hunt", "--story", "lost-pg-waiters", "--seeds", "2", "--proof", "100", "--json");
        JsonElement story = Assert.Single(run.Json.GetProperty("stories").EnumerateArray());

        Assert.Equal(App.Found, run.ExitCode);
        Assert.Equal("lost-pg-waiters", story.GetProperty("name").GetString());
        Assert.True(story.GetProperty("found").GetBoolean());
        Assert.Equal(2, story.GetProperty("seedsFound").GetInt32());
        Assert.Equal(2, story.GetProperty("cpus").GetInt32());
        Assert.InRange(story.GetProperty("calls").GetInt32(), 2, 3);
        Assert.StartsWith("flags-word: PG_waiters lost", story.GetProperty("signature").GetString(), Exactly);
        Assert.True(story.GetProperty("seconds").GetDouble() > 0);
        Assert.True(story.GetProperty("executions").GetInt64() > 0);
        Assert.Contains("lost-pg-waiters", run.Errors, Exactly);
    }

    [Fact]
    public void The_stories_of_a_kernel_version_are_hunted_on_all_that_is_wrong_there()
    {
        AppRun run = AppRun.Of(
            "hunt", "--kernel", "mm-unstable-2024-06-18", "--story", "lost-pg-waiters,migrate-bug", "--proof", "0",
            "--json");
        JsonElement story = Assert.Single(run.Json.GetProperty("stories").EnumerateArray());
        Assert.Equal("lost-pg-waiters", story.GetProperty("name").GetString());
        Assert.Equal(App.Found, run.ExitCode);
        Assert.Equal(
            App.BadInput, AppRun.Of("hunt", "--kernel", "mm-unstable-2024-06-18", "--update").ExitCode);
    }

    [Theory]
    [InlineData("--calls", "shrinkthp", "deferred_split_scan")]
    [InlineData("--points", "FolioTrylock", "folio_trylock")]
    [InlineData("--variants", "no-swapcache-pin", "mm/swap")]
    [InlineData("--kernels", "v6.18", "own text")]
    [InlineData("--stories", "slot-aba", "no-swapcache-pin")]
    public void Everything_with_a_name_can_be_listed(string option, string name, string text)
    {
        AppRun run = AppRun.Of("show", option);
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains(name, run.Output, Exactly);
        Assert.Contains(text, run.Output, Exactly);
        Assert.True(AppRun.Of("show", option, "--json").Json.GetProperty(option[2..]).GetArrayLength() > 3);
    }

    [Fact]
    public void The_distribution_of_programs_depends_on_the_seed_alone()
    {
        string[] args = ["show", "--distribution", "--programs", "300", "--seed", "5", "--json"];
        AppRun run = AppRun.Of(args);
        JsonElement json = run.Json.GetProperty("distribution");

        Assert.Equal(run.Output, AppRun.Of(args).Output);
        Assert.Equal(300, json.GetProperty("programs").GetInt64());
        Assert.Equal(300, json.GetProperty("byCpus").EnumerateArray().Sum(n => n.GetInt64()));
        Assert.Equal(MmLanguage.Instance.Calls.Count, json.GetProperty("calls").GetArrayLength());
        Assert.Contains("of all executed calls found nothing to do", AppRun.Of(args[..6]).Output, Exactly);
    }

    [Fact]
    public void A_file_is_shown_in_its_canonical_form()
    {
        string untidy = Failures.LostWaiters.Replace("mms 1  pages 1  slots 1", "slots 1", Exactly);
        AppRun run = AppRun.Of("show", Write("untidy.reproducer", untidy));
        Assert.StartsWith(Failures.LostWaiters, run.Output, Exactly);

        string program = Write("a.program", "cpu0 drain;drain\n");
        Assert.Equal(
            "shape     mms 1  pages 1  slots 1  device async\ncpu0      drain\n          drain\n",
            AppRun.Of("show", program).Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run --help")]
    [InlineData("hunt --help")]
    [InlineData("replay --help")]
    [InlineData("--version")]
    public void Help_is_no_error(string line)
    {
        AppRun run = AppRun.Of(line.Split(' '));
        Assert.Equal(0, run.ExitCode);
        Assert.NotEmpty(run.Output);
        Assert.Empty(run.Errors);
    }

    [Fact]
    public void A_cancelled_campaign_still_prints_its_result()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        StringWriter output = new();
        int exitCode = App.Run(
            ["run", "--seed", "1", "--corpus", Path.Combine(folder, "c"), "--json"],
            new Screen(output, TextWriter.Null, interactive: false), cancelled.Token);
        Assert.Equal(App.NothingFound, exitCode);
        Assert.Contains("\"executions\":0", output.ToString(), Exactly);
    }

    private string Lost() => Write("lost.reproducer", Failures.LostWaiters);

    private string Write(string name, string text)
    {
        string file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
