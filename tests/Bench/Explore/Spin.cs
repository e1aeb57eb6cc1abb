using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tests.Bench.Explore;

/// <summary>Spin on the same model, if it is installed (Debian: spin, gcc): the model checker of the field.</summary>
internal static partial class Spin
{
    /// <summary>States, transitions and seconds; null when Spin or a compiler is missing.</summary>
    public static (double States, double Transitions, double Seconds)? Run(int lanes, int rounds)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fuzz-spin-");
        try
        {
            string model = Path.Combine(AppContext.BaseDirectory, "mapcount.pml");
            Start(folder, "spin", $"-DLANES={lanes}", $"-DROUNDS={rounds}", "-a", model);
            Start(folder, "gcc", "-O2", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c");
            string output = Start(folder, Path.Combine(folder.FullName, "pan"), "-m1000000", "-w24");
            return (Number(States(), output), Number(Transitions(), output), Number(Seconds(), output));
        }
        catch (Win32Exception)
        {
            return null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Number(Regex what, string output) =>
        double.Parse(what.Match(output).Groups["figure"].Value, CultureInfo.InvariantCulture);

    private static string Start(DirectoryInfo folder, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    [GeneratedRegex(@"(?<figure>[0-9.e+]+) states, stored", RegexOptions.NonBacktracking)]
    private static partial Regex States();

    [GeneratedRegex(@"(?<figure>[0-9.e+]+) transitions", RegexOptions.NonBacktracking)]
    private static partial Regex Transitions();

    [GeneratedRegex(@"elapsed time (?<figure>[0-9.e+-]+) seconds", RegexOptions.NonBacktracking)]
    private static partial Regex Seconds();
}
