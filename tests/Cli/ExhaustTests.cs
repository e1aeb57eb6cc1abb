using System.Text.Json;
using Fuzz.Cli;
using Fuzz.Reporting;
using Tests.Campaign;
using Xunit;

namespace Tests.Cli;

public sealed class ExhaustTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-cli-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void All_programs_of_a_size_pass_on_v6_18()
    {
        AppRun run = AppRun.Of("exhaust", "--calls", "write,migrate", "--size", "2");
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Contains("2 calls: 12 programs, 7 explored: ", run.Output, Exactly);
        Assert.Contains(
            "complete: on v6.18 none of the 14 programs of at most 2 calls over write, migrate on at most 2 cpus fails",
            run.Output, Exactly);
    }

    [Fact]
    public void The_simplest_program_that_fails_becomes_a_reproducer_that_says_what_is_proven_of_smaller_ones()
    {
        string file = Path.Combine(folder, "least.reproducer");
        string[] args =
        [
            "exhaust", "--calls", "write,migrate", "--size", "4", "--variant", "migrate-without-flush",
            "--output", file,
        ];
        AppRun run = AppRun.Of(args);
        Assert.Equal(App.Found, run.ExitCode);
        Assert.Contains("found: on v6.18 with migrate-without-flush a program of 3 calls fails", run.Output, Exactly);
        Reproducer least = Failures.Parse(File.ReadAllText(file));
        Assert.Single(least.Program.Setup);
        Assert.Equal(2, least.Program.ConcurrentCalls);
        Assert.StartsWith("calls proven: none of the 14 programs of at most 2 calls ", least.Minimal, Exactly);
        Assert.Equal(App.Found, AppRun.Of("replay", file).ExitCode);

        JsonElement json = AppRun.Of([.. args[..^2], "--json"]).Json;
        Assert.Equal("found", json.GetProperty("outcome").GetString());
        Assert.Equal(2, json.GetProperty("proven").GetInt32());
        Assert.Equal([2, 12, 48], json.GetProperty("sizes").EnumerateArray().Select(
            size => size.GetProperty("programs").GetInt32()));
        Assert.Equal(File.ReadAllText(file), json.GetProperty("reproducer").GetString());
    }

    [Fact]
    public void Interrupted_it_says_how_far_it_came()
    {
        using CancellationTokenSource cancel = new();
        StringWriter output = new() { NewLine = "\n" };
        StringWriter errors = new() { NewLine = "\n" };
        cancel.Cancel();
        Assert.Equal(App.BadInput, App.Run(
            ["exhaust", "--calls", "write", "--size", "3"], new Screen(output, errors, interactive: false),
            cancel.Token));
        Assert.StartsWith(
            "not complete: on v6.18 nothing is proven; of 1 calls 0 programs", output.ToString(), Exactly);
        Assert.Equal("fuzz: interrupted\n", errors.ToString());
    }
}
