using System.Text.Json;
using Fuzz.Cli;
using Xunit;

namespace Tests.Cli;

/// <summary>One run of the command line in this process, with what it printed.</summary>
internal sealed record AppRun(int ExitCode, string Output, string Errors)
{
    /// <summary>The only line of errors; there must be no other.</summary>
    public string Error => Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The last line of the output as JSON.</summary>
    public JsonElement Json
    {
        get
        {
            string last = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            using JsonDocument document = JsonDocument.Parse(last);
            return document.RootElement.Clone();
        }
    }

    public static AppRun Of(params string[] args)
    {
        StringWriter output = new() { NewLine = "\n" };
        StringWriter errors = new() { NewLine = "\n" };
        int exitCode = App.Run(args, new Screen(output, errors, interactive: false));
        return new AppRun(exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>Runs what must be refused: exit code 2, nothing printed, one line of error without a stack
    /// trace.</summary>
    public static string Refused(params string[] args)
    {
        AppRun run = Of(args);
        Assert.Equal(App.BadInput, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.StartsWith("fuzz: ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", run.Errors, StringComparison.Ordinal);
        return run.Error;
    }
}
