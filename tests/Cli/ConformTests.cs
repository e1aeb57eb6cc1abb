using Xunit;

namespace Tests.Cli;

public sealed class ConformTests
{
    [Theory]
    [InlineData("conform --kernel 6.81", "unknown kernel '6.81'", "the nearest is '6.1'")]
    [InlineData("conform --programs 0", "--programs '0'", "a whole number 1..")]
    [InlineData("conform --workers 65", "--workers '65'", "a whole number 1..64")]
    [InlineData("conform --calls x", "--calls 'x'", "a whole number 1..10000")]
    [InlineData("conform --seed x!", "--seed 'x!'", "a number from 0 or a git hash")]
    [InlineData("conform no.program", "no.program: there is no such file", "a file with a reproducer")]
    public void A_command_line_that_cannot_be_understood_is_answered_in_one_line(
        string line, string problem, string help)
    {
        string error = AppRun.Refused(line.Split(' '));
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.Contains(help, error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_takes_is_said_without_an_emulator()
    {
        AppRun run = AppRun.Of("conform", "--setup");
        Assert.True(run.ExitCode is 0 or 3);
        Assert.Contains("qemu", run.Output, StringComparison.Ordinal);
        Assert.Equal(run.ExitCode == 3, run.Output.Contains("apt-get install", StringComparison.Ordinal));
    }
}
