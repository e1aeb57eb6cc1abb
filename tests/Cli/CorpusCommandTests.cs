using System.Text.Json;
using Fuzz.Campaign;
using Fuzz.Cli;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Generators;
using Tests.Campaign;
using Xunit;

namespace Tests.Cli;

/// <summary>One small campaign, and all that can be done with what it has kept.</summary>
public sealed class CorpusCommandTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-corpus-").FullName;

    public CorpusCommandTests() => Fuzz("c", 1, 250);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Fewer_test_cases_show_the_same_and_none_of_them_can_go()
    {
        JsonElement least = Json("min", At("c"), "--output", At("min"));
        int files = least.GetProperty("files").GetInt32();
        Assert.Equal(files, Directory.GetFiles(At("min")).Length);
        Assert.InRange(files, 2, least.GetProperty("before").GetInt32() - 1);

        JsonElement before = Json("stats", At("c"));
        JsonElement after = Json("stats", At("min"));
        Assert.Equal(before.GetProperty("handoffs").GetInt32(), after.GetProperty("handoffs").GetInt32());
        Assert.Equal(before.GetProperty("nearMisses").GetInt32(), after.GetProperty("nearMisses").GetInt32());

        string spare = At("spare");
        Directory.CreateDirectory(spare);
        foreach (string file in Directory.GetFiles(At("min")).Skip(1))
        {
            File.Copy(file, Path.Combine(spare, Path.GetFileName(file)));
        }

        JsonElement less = Json("stats", spare);
        Assert.True(Features(less) < Features(after));
    }

    [Fact]
    public void A_minimum_takes_in_what_is_there_and_deletes_what_is_not_needed()
    {
        Json("min", At("c"), "--output", At("min"));
        string odd = Path.Combine(At("min"), "odd.program");
        File.WriteAllText(odd, "cpu0 drain\n");
        JsonElement again = Json("min", At("min"), "--output", At("min"));
        Assert.False(File.Exists(odd));
        Assert.Equal(again.GetProperty("files").GetInt32(), Directory.GetFiles(At("min")).Length);
    }

    [Fact]
    public void What_is_new_elsewhere_is_taken_over_and_only_that()
    {
        Fuzz("other", 2, 250);
        int taken = Json("merge", At("c"), At("other")).GetProperty("testCases").GetInt32();
        Assert.InRange(taken, 1, 400);
        Assert.Equal(taken, Directory.GetFiles(Path.Combine(At("c"), "merge0", "queue")).Length);
        Assert.Equal(0, Json("merge", At("c"), At("other")).GetProperty("testCases").GetInt32());
    }

    [Fact]
    public void The_simpler_of_two_reproducers_of_a_signature_stays()
    {
        string name = CorpusStore.NameOf(Failures.Parse().Violates);
        string[] variant = ["--variant", "non-atomic-swapbacked"];
        CorpusStore small = new(At("small"));
        small.Add(name, Failures.Parse());
        CorpusStore large = new(At("large"));
        large.Add(name, Failures.Parse(Failures.LostWaiters.Replace(
            "shape     mms 1  pages 1", "shape     mms 2  pages 3", Exactly)));

        Assert.Equal(1, Json(["merge", At("into"), At("large"), .. variant]).GetProperty("reproducers").GetInt32());
        Assert.Equal(1, Json(["merge", At("into"), At("small"), .. variant]).GetProperty("reproducers").GetInt32());
        Assert.Equal(0, Json(["merge", At("into"), At("large"), .. variant]).GetProperty("reproducers").GetInt32());
        string file = Assert.Single(Directory.GetFiles(At("into"), "*.reproducer"));
        Assert.Equal(Failures.Parse(), Failures.Parse(File.ReadAllText(file)));
    }

    [Fact]
    public void A_sound_corpus_verifies_and_a_reproducer_that_passes_does_not()
    {
        Assert.Equal(App.NothingFound, AppRun.Of("corpus", "verify", At("c")).ExitCode);
        string bad = Failures.LostWaiters.Replace("variant   non-atomic-swapbacked\n", "", Exactly);
        File.WriteAllText(Path.Combine(At("c"), "bad.reproducer"), bad);
        AppRun run = AppRun.Of("corpus", "verify", At("c"));
        Assert.Equal(App.Found, run.ExitCode);
        Assert.Contains("bad.reproducer: ", run.Error, Exactly);
    }

    [Fact]
    public void A_test_case_in_binary_is_shown_as_text_that_can_be_read_again()
    {
        string file = Directory.GetFiles(Path.Combine(At("c"), "w0", "queue"))[0];
        string shown = AppRun.Of("corpus", "show", file).Output;
        string text = At("shown.program");
        File.WriteAllText(text, shown);
        Assert.Equal(shown.Split('#')[0], AppRun.Of("corpus", "show", text).Output.Split('#')[0]);
        Assert.Contains("schedule  cpu", shown, Exactly);
    }

    [Fact]
    public void Any_bytes_are_shown_and_what_is_no_file_is_refused()
    {
        string file = At("bytes");
        File.WriteAllBytes(file, [0xFF, 0, 0x1B, 0x5B, 0x32, 0x4A]);
        Assert.Equal(App.NothingFound, AppRun.Of("corpus", "show", file).ExitCode);
        Assert.Contains("no file", AppRun.Refused("corpus", "show", At("c")), Exactly);
        Assert.Contains("there is no such folder", AppRun.Refused("corpus", "show", At("none")), Exactly);
        Strange.Fifo(At("fifo"));
        Assert.Contains("no regular file", AppRun.Refused("corpus", "show", At("fifo")), Exactly);
    }

    [Fact]
    public void Strange_files_are_passed_over_by_name_without_what_a_terminal_would_act_on()
    {
        string queue = Path.Combine(At("c"), "w9", "queue");
        Directory.CreateDirectory(queue);
        Strange.Link(Path.Combine(queue, "id:000000,\u001b[2J"), "/etc/passwd");
        Strange.Fifo(Path.Combine(queue, "id:000001"));
        AppRun run = AppRun.Of("corpus", "stats", At("c"));
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains("id:000000,?[2J: a link or a folder", run.Errors, Exactly);
        Assert.DoesNotContain('\u001b', run.Errors);
    }

    [Fact]
    public void Deep_and_long_text_is_refused_and_not_run()
    {
        File.WriteAllText(At("deep.program"), $"cpu0 {string.Concat(Enumerable.Repeat("drain; ", 100_000))}");
        Assert.NotEmpty(AppRun.Refused("corpus", "show", At("deep.program")));
        File.WriteAllText(At("long.program"), new string('x', 2_000_000));
        Assert.Contains("2000000 bytes", AppRun.Refused("corpus", "show", At("long.program")), Exactly);
    }

    private static int Features(JsonElement stats) =>
        stats.GetProperty("handoffs").GetInt32() + stats.GetProperty("nearMisses").GetInt32();

    private static JsonElement Json(params string[] args) => AppRun.Of(["corpus", .. args, "--json"]).Json;

    private string At(string name) => Path.Combine(folder, name);

    private void Fuzz(string name, ulong seed, long executions) => new CampaignRun(
        new CampaignOptions
        {
            Seed = seed,
            Executions = executions,
            Folder = CampaignFolder.Open(At(name), MmLanguage.Instance, []),
        },
        new CampaignParts(() => new MmEngine(), () => new ProgramSource(), failure => failure)).Run();
}
