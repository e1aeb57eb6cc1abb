using System.Diagnostics;
using Tests.Defects;
using Xunit;

namespace Tests.Target;

/// <summary>What the scripts say before they start anything.</summary>
public class ScriptTests
{
    [Theory]
    [InlineData("afl.sh", "usage: afl.sh DIR -M|-S NAME")]
    [InlineData("libfuzzer.sh", "usage: libfuzzer.sh DIR NAME")]
    public void Without_arguments_a_script_says_how_it_is_used(string script, string expected) =>
        Assert.Contains(expected, Refused(script), StringComparison.Ordinal);

    [Theory]
    [InlineData("afl.sh", "afl-fuzz is not installed: install AFL++", "DIR", "-M", "main")]
    [InlineData("libfuzzer.sh", "libfuzzer-dotnet is not installed: build libfuzzer-dotnet.cc", "DIR", "lf")]
    public void What_is_missing_is_said_in_one_line(string script, string expected, params string[] arguments) =>
        Assert.Contains(expected, Refused(script, arguments), StringComparison.Ordinal);

    private static string Refused(string script, params string[] arguments)
    {
        string path = Path.Combine(CorpusFolder.Root, "src", "Fuzz.Target", script);
        ProcessStartInfo start = new("bash", [path, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = "/nowhere";
        start.Environment.Remove("LIBFUZZER_DOTNET");
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(2, process.ExitCode);
        return Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
