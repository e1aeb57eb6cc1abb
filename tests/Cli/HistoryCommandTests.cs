using System.Text.Json;
using Fuzz.Cli;
using Mm.History;
using Xunit;

namespace Tests.Cli;

public class HistoryCommandTests
{
    private const StringComparison Exactly = StringComparison.Ordinal;

    [Fact]
    public void The_history_lists_every_commit_every_branch_and_every_version()
    {
        AppRun run = AppRun.Of("history");
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.All(
            Chronicle.All.Where(commit => commit.Hash != Commit.Unverified),
            commit => Assert.Contains(commit.Hash, run.Output, Exactly));
        Assert.All(KernelVersion.All, version => Assert.Contains(version.Name, run.Output, Exactly));
        Assert.All(Branch.All, branch => Assert.Contains($"{branch.Name}, on {branch.Base}", run.Output, Exactly));
    }

    [Fact]
    public void The_history_gives_machines_one_object()
    {
        JsonElement json = AppRun.Of("history", "--json").Json;
        Assert.Equal(Mainline.Commits.Count, json.GetProperty("commits").GetArrayLength());
        Assert.Equal(Branch.All.Count, json.GetProperty("branches").GetArrayLength());
        Assert.Equal(KernelVersion.All.Count, json.GetProperty("versions").GetArrayLength());
        JsonElement pin = json.GetProperty("commits").EnumerateArray()
            .First(commit => commit.GetProperty("hash").GetString() == "13ddaf26be32");
        Assert.Equal("no-swapcache-pin", pin.GetProperty("ends")[0].GetString());
    }

    [Theory]
    [InlineData("v6.7", "no-swapcache-pin: skipping the swap cache without pinning the slot")]
    [InlineData("v6.18", "nothing but v6.18's text")]
    [InlineData("next-20221107", "delayed-anon-rmap: ")]
    [InlineData("0bcac06f27d7", "no-swapcache-pin: ")]
    public void What_is_in_force_at_a_version_or_a_commit_is_named(string place, string text)
    {
        AppRun run = AppRun.Of("history", place);
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains(text, run.Output, Exactly);
        Assert.Equal(place, AppRun.Of("history", place, "--json").Json.GetProperty("name").GetString());
    }

    [Fact]
    public void The_text_stands_between_the_versions_that_it_is_compared_with()
    {
        string[] names = [.. KernelVersion.All.Select(version => version.Name)];
        Assert.True(Array.IndexOf(names, "v6.12") < Array.IndexOf(names, "v6.18"));
        Assert.True(Array.IndexOf(names, "v6.18") < Array.IndexOf(names, "v7.2"));
    }
}
