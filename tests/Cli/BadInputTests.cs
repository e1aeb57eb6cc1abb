using Tests.Campaign;
using Xunit;

namespace Tests.Cli;

public sealed class BadInputTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-cli-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("rn", "unknown command 'rn'", "the nearest is 'run'")]
    [InlineData("run --sed 1", "unknown option or argument '--sed'", "the nearest is '--seed'")]
    [InlineData("", "Required command was not provided", "'fuzz --help'")]
    [InlineData("run --seed x!", "--seed 'x!'", "a number from 0 or a git hash")]
    [InlineData("run --executions many", "--executions 'many'", "a whole number from 1")]
    [InlineData("run --executions -1", "--executions '-1'", "a whole number from 1")]
    [InlineData("run --workers 0", "--workers '0'", "1..256")]
    [InlineData("run --variant no-swapcache-pim", "unknown variant", "the nearest is 'no-swapcache-pin'")]
    [InlineData("run --kernel v6.77", "unknown kernel 'v6.77'", "the nearest is 'v6.7'")]
    [InlineData("run --variant anon-test-before-lock,no-swapcache-recheck", "both replace", "different routines")]
    [InlineData("hunt --story slot-abc", "unknown story 'slot-abc'", "the nearest is 'slot-aba'")]
    [InlineData("history v6.77", "unknown version or commit 'v6.77'", "the nearest is 'v6.7'")]
    [InlineData("history 13ddaf", "unknown version or commit '13ddaf'", "7 digits of a hash")]
    [InlineData("blame x --good v6.77", "unknown version or commit 'v6.77'", "the nearest is 'v6.7'")]
    [InlineData("blame x --good v6.7 --bad v6.7", "the same tree", "two different ones")]
    [InlineData("blame x --good v6.2 --bad next-20221107", "is below the other", "no range at all")]
    [InlineData("blame x --budget 0", "--budget '0'", "a whole number from 1")]
    [InlineData("prove x --budget 0", "--budget '0'", "a whole number from 1")]
    [InlineData("prove x --kernel v6.77", "unknown kernel 'v6.77'", "the nearest is 'v6.7'")]
    [InlineData("exhaust --calls reed --size 1", "unknown call 'reed'", "the nearest is 'read'")]
    [InlineData("exhaust --calls , --size 1", "--calls without a name", "names of calls")]
    [InlineData("exhaust --calls read", "Option '--size' is required", "'fuzz exhaust --help'")]
    [InlineData("exhaust --calls read --size 13", "--size '13'", "a whole number 1..12")]
    [InlineData("exhaust --calls read --size 1 --cpus 5", "--cpus '5'", "a whole number 1..4")]
    [InlineData("show", "nothing to show", "--distribution")]
    [InlineData("replay", "Required argument 'FILE' missing", "'fuzz replay --help'")]
    public void A_command_line_that_cannot_be_understood_is_answered_in_one_line(
        string line, string problem, string help)
    {
        string error = AppRun.Refused(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("fuzz: command line: ", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.Contains(help, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("shrink")]
    [InlineData("prove")]
    [InlineData("blame")]
    [InlineData("show")]
    public void A_file_that_is_not_there_is_named_with_the_nearest_one(string command)
    {
        Write("lost.reproducer", Failures.LostWaiters);
        string missing = Path.Combine(folder, "lots.reproducer");
        string error = AppRun.Refused(command, missing);
        Assert.Contains($"{missing}: there is no such file", error, StringComparison.Ordinal);
        Assert.EndsWith($"the nearest is '{Path.Combine(folder, "lost.reproducer")}'", error, StringComparison.Ordinal);
        Assert.Contains("this is a folder", AppRun.Refused(command, folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("swapoff", "swapof", ":10:11: unknown call 'swapof'", "the nearest is 'swapoff'")]
    [InlineData(
        "until RmapNewWriteFlags", "until RmapNewWriteFlag", ":11:22: unknown point 'RmapNewWriteFlag'",
        "the nearest is 'RmapNewWriteFlags'")]
    [InlineData(
        "non-atomic-swapbacked", "nonatomic-swapbacked", ":2:11: unknown variant",
        "the nearest is 'non-atomic-swapbacked'")]
    [InlineData("pages 1", "pages x", ":6:24: 'x' is no value of 'pages'", "a number 1..16")]
    [InlineData(
        "violates  flags-word: PG_waiters lost [folio_add_new_anon_rmap]", "violates  something", ":3:11:",
        "'oracle: law [routine]'")]
    [InlineData(
        "schedule  cpu1 until RmapNewWriteFlags", "schedule  cpu1 RmapNewWriteFlags", ":11:16:", "cpuN until POINT")]
    public void A_malformed_reproducer_is_answered_with_line_column_and_what_was_expected(
        string from, string to, string place, string help)
    {
        string file = Write("bad.reproducer", Failures.LostWaiters.Replace(from, to, StringComparison.Ordinal));
        foreach (string command in new[] { "replay", "shrink", "prove", "blame", "show" })
        {
            string error = AppRun.Refused(command, file);
            Assert.Contains($"bad.reproducer{place}", error, StringComparison.Ordinal);
            Assert.Contains(help, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Binary_garbage_is_no_reproducer()
    {
        string file = Path.Combine(folder, "garbage.reproducer");
        Interleave.Rng rng = new(1);
        for (int i = 0; i < 50; i++)
        {
            File.WriteAllBytes(file, Enumerable.Range(0, rng.Next(400)).Select(_ => (byte)rng.Next(256)).ToArray());
            Assert.Contains(file, AppRun.Refused("replay", file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_truncation_of_a_reproducer_replays_or_is_refused_with_a_place()
    {
        for (int length = 0; length < Failures.LostWaiters.Length; length += 7)
        {
            string file = Write("cut.reproducer", Failures.LostWaiters[..length]);
            AppRun run = AppRun.Of("replay", file);
            Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("internal error", run.Errors, StringComparison.Ordinal);
            Assert.Contains("cut.reproducer", run.Errors + run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_reproducer_that_does_not_fail_cannot_be_shrunk()
    {
        string file = Write("fixed.reproducer", Failures.LostWaiters.Replace(
            "variant   non-atomic-swapbacked\n", "", StringComparison.Ordinal));
        string error = AppRun.Refused("shrink", file);
        Assert.Contains("expected a failure of 'flags-word: PG_waiters lost", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_corpus_folder_that_cannot_be_written_is_named_with_what_to_do()
    {
        string file = Write("file", "");
        string error = AppRun.Refused("run", "--executions", "10", "--corpus", Path.Combine(file, "corpus"));
        Assert.Contains(Path.Combine(file, "corpus"), error, StringComparison.Ordinal);
        Assert.Contains("name another one with --corpus", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_file_that_cannot_be_written_is_named()
    {
        string file = Write("lost.reproducer", Failures.LostWaiters);
        string error = AppRun.Refused("shrink", file, "--proof", "0", "--output", Path.Combine(file, "x"));
        Assert.Contains(Path.Combine(file, "x"), error, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
