using System.Diagnostics;
using Fuzz.Cli;
using Tests.Durability;

namespace Tests.Bench.Durability;

/// <summary>What a full disk does.</summary>
/// <param name="ExitCode">Of the campaign that filled it: 2.</param>
/// <param name="ErrorLines">That it printed, progress aside: 1.</param>
/// <param name="TestCases">That were stored.</param>
/// <param name="Wrong">Things that were not as they should be, then and after it was made larger and run again.</param>
/// <param name="MoreTestCases">That were stored when there was room again.</param>
internal sealed record DiskFullFigures(int ExitCode, int ErrorLines, int TestCases, int Wrong, int MoreTestCases);

/// <summary>Runs a campaign on a disk of a few megabytes until it is full, then makes the disk larger and goes on.
/// Mounts a tmpfs, so it must be root.</summary>
internal static class DiskFull
{
    private const int LinesMax = 20;

    public static DiskFullFigures Run()
    {
        string folder = Directory.CreateTempSubdirectory("fuzz-full-").FullName;
        Command("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder);
        try
        {
            CampaignAudit audit = new(Path.Combine(folder, "c"), []);
            (int exitCode, string[] errors) = Campaign(folder, "100000000");
            IReadOnlyList<string> wrong = audit.Check();
            int before = audit.Entries;
            Command("mount", "-o", "remount,size=64m", folder);
            Campaign(folder, "20000");
            IReadOnlyList<string> later = audit.Check();
            foreach (string line in wrong.Concat(later).Take(LinesMax).Concat(errors))
            {
                Console.Error.WriteLine(line);
            }

            return new DiskFullFigures(
                exitCode, errors.Length, before, wrong.Count + later.Count, audit.Entries - before);
        }
        finally
        {
            Command("umount", folder);
            Directory.Delete(folder);
        }
    }

    private static (int ExitCode, string[] Errors) Campaign(string folder, string executions)
    {
        using FuzzProcess fuzz = FuzzProcess.Run(
            typeof(App).Assembly.Location, Directory.GetCurrentDirectory(), "--workers", "2", "--corpus",
            Path.Combine(folder, "c"), "--executions", executions, "--seed", "1");
        while (!fuzz.HasEnded)
        {
            Thread.Sleep(100);
        }

        fuzz.Wait();
        return (
            fuzz.ExitCode,
            [.. fuzz.Errors.Split('\n').Where(line => line.StartsWith("fuzz: ", StringComparison.Ordinal))]);
    }

    private static void Command(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}");
        }
    }
}
