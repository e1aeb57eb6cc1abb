using System.Text.Json;
using Fuzz.Cli;
using Tests.Defects;
using Xunit;

namespace Tests.Cli;

public class BlameTests
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private static readonly string[] Small = ["--budget", "1000", "--samples", "300"];

    [Fact]
    public void Blaming_prints_each_point_the_commits_and_how_sure_it_is()
    {
        AppRun run = AppRun.Of(["blame", Reproducer("slot-aba"), .. Small]);
        Assert.Equal(App.Found, run.ExitCode);
        Assert.Contains("first bad  0bcac06f27d7 \"mm, swap: skip swapcache", run.Output, Exactly);
        Assert.Contains("fixed by  13ddaf26be32", run.Output, Exactly);
        Assert.Contains("counts: violations of the oracle 'swapin-copy'", run.Output, Exactly);
        Assert.Contains("; 300", run.Output, Exactly);
        Assert.Contains("random ones clean", run.Output, Exactly);
    }

    [Fact]
    public void Blame_gives_machines_one_object()
    {
        JsonElement json = AppRun.Of(["blame", Reproducer("double-first-map"), "--json", .. Small]).Json;
        Assert.Equal(
            "no commit: variant swapin-without-folio-lock", json.GetProperty("blame").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("firstBad").ValueKind);
        Assert.True(json.GetProperty("own").GetProperty("bad").GetBoolean());
        JsonElement point = json.GetProperty("points")[0];
        Assert.False(point.GetProperty("bad").GetBoolean());
        Assert.Equal(0.01, point.GetProperty("rateMax").GetDouble(), 1e-9);
        Assert.InRange(point.GetProperty("miss").GetDouble(), 0, 1);
    }

    [Fact]
    public void A_range_may_be_named_from_either_side()
    {
        string file = Reproducer("slot-aba");
        string[] fix = ["blame", file, "--good", "v6.12", "--bad", "v5.17", "--json", .. Small];
        Assert.Equal("13ddaf26be32", Hash(AppRun.Of(fix).Json.GetProperty("fix")));
        string[] first = ["blame", file, "--good", "v3.15", "--bad", "v6.7", "--json", .. Small];
        Assert.Equal("0bcac06f27d7", Hash(AppRun.Of(first).Json.GetProperty("firstBad")));
    }

    [Fact]
    public void Ends_that_are_not_as_they_were_said_to_be_are_named()
    {
        string output = AppRun.Of(
            ["blame", Reproducer("slot-aba"), "--good", "v6.1", "--bad", "v6.18", .. Small]).Output;
        Assert.Contains("v6.1 was said to be good, but fails", output, Exactly);
        Assert.Contains("v6.18 was said to be bad, but nothing fails", output, Exactly);
    }

    [Fact]
    public void A_program_that_fails_nowhere_exits_with_0()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("fuzz-cli-").FullName, "one.program");
        File.WriteAllText(file, "shape mms 1 pages 1\ncpu0 write mm0 p0\n");
        AppRun run = AppRun.Of("blame", file);
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains("enumerated: all 1 schedules", run.Output, Exactly);
        Assert.Contains("counts: any broken law", run.Output, Exactly);
        Assert.Contains("nothing fails within the budget", run.Output, Exactly);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static string Reproducer(string story) => Path.Combine(CorpusFolder.Defects, $"{story}.reproducer");

    private static string? Hash(JsonElement commit) => commit.GetProperty("hash").GetString();
}
