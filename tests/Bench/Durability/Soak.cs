using System.Diagnostics;
using System.Globalization;
using Fuzz.Cli;
using Tests.Durability;

namespace Tests.Bench.Durability;

/// <summary>What a long run costs.</summary>
/// <param name="Minutes">That it ran.</param>
/// <param name="MebibytesAtEnd">Memory of the supervisor and its workers together.</param>
/// <param name="MebibytesPerHour">By which it grew in the second half.</param>
/// <param name="MebibytesAfterEightHours">If it went on so.</param>
/// <param name="HandlesAtEnd">Open files of all of them.</param>
/// <param name="HandlesPerHour">By which they grew in the second half.</param>
/// <param name="ExitCode">0 or 1.</param>
internal sealed record SoakFigures(
    double Minutes, double MebibytesAtEnd, double MebibytesPerHour, double MebibytesAfterEightHours,
    double HandlesAtEnd, double HandlesPerHour, int ExitCode);

/// <summary>Runs a campaign for half an hour and measures whether its processes grow. <c>FUZZ_SOAK_MINUTES</c> in the
/// environment asks for another time.</summary>
internal static class Soak
{
    private const double MinutesDefault = 30;
    private const int SampleMilliseconds = 2000;
    private const double HoursTarget = 8;

    public static SoakFigures Run()
    {
        double minutes = double.TryParse(
            Environment.GetEnvironmentVariable("FUZZ_SOAK_MINUTES"), CultureInfo.InvariantCulture, out double asked)
            ? asked : MinutesDefault;
        string folder = Directory.CreateTempSubdirectory("fuzz-soak-").FullName;
        using FuzzProcess fuzz = FuzzProcess.Run(
            typeof(App).Assembly.Location, Directory.GetCurrentDirectory(), "--workers", "2", "--corpus",
            Path.Combine(folder, "c"), "--seconds", ((int)(minutes * 60)).ToString(CultureInfo.InvariantCulture),
            "--seed", "1");
        List<(double Hours, double Memory, double Handles)> samples = [];
        Stopwatch watch = Stopwatch.StartNew();
        while (!fuzz.HasEnded)
        {
            int[] processes = [fuzz.Id, .. fuzz.Workers];
            if (processes.Length > 1)
            {
                samples.Add((watch.Elapsed.TotalHours, processes.Sum(Memory), processes.Sum(Handles)));
            }

            Thread.Sleep(SampleMilliseconds);
        }

        Directory.Delete(folder, recursive: true);

        // The first half is the beginning: code is compiled, and most of what there is to see is seen.
        (double Hours, double Memory, double Handles)[] later = [.. samples.Skip(samples.Count / 2).SkipLast(2)];
        double growth = Slope(later.Select(s => (s.Hours, s.Memory)).ToArray());
        return new SoakFigures(
            minutes, later[^1].Memory, growth, later[^1].Memory + growth * (HoursTarget - minutes / 60),
            later[^1].Handles, Slope(later.Select(s => (s.Hours, s.Handles)).ToArray()), fuzz.ExitCode);
    }

    private static double Memory(int process)
    {
        const string Resident = "VmRSS:";
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(
                text => text.StartsWith(Resident, StringComparison.Ordinal));
            string kibibytes = line?[Resident.Length..].Replace("kB", "", StringComparison.Ordinal) ?? "0";
            return double.Parse(kibibytes, CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static double Handles(int process)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Least squares.</summary>
    private static double Slope((double X, double Y)[] points)
    {
        double x = points.Average(p => p.X);
        double y = points.Average(p => p.Y);
        return points.Sum(p => (p.X - x) * (p.Y - y)) / points.Sum(p => (p.X - x) * (p.X - x));
    }
}
