using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tests.Bench.Guidance;

/// <summary>Runs the processes of <see cref="GuidanceBench"/>, some at a time, and prints what they say.</summary>
/// <param name="option">What tells a process how to hunt.</param>
/// <param name="modes">Its values.</param>
/// <param name="baselines">Those that the others are compared with.</param>
/// <param name="workers">Processes at a time.</param>
internal sealed class GuidanceTable(string option, string[] modes, string[] baselines, int workers)
{
    /// <summary>Stories that are found sooner than this without feedback say nothing of it.</summary>
    private const double Least = 1000;

    private static readonly JsonSerializerOptions Camel = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private readonly System.Threading.Lock gate = new();
    private readonly List<HuntRow> hunts = [];
    private readonly List<StatesRow> states = [];

    /// <summary>Hunts all stories in all modes.</summary>
    public void Hunt(string[] stories, Func<string, string[]> command)
    {
        var jobs = stories.SelectMany(story => modes.Select(mode => (Story: story, Mode: mode)));
        Parallel.ForEach(jobs, new ParallelOptions { MaxDegreeOfParallelism = workers }, job =>
        {
            string[] arguments = [.. command(job.Story), option, job.Mode];
            HuntRow row = JsonSerializer.Deserialize<HuntRow>(Run(arguments))!;
            lock (gate)
            {
                hunts.Add(row);
                Console.Error.WriteLine(Describe(row));
            }
        });
    }

    /// <summary>Counts the states that each mode shows.</summary>
    public void CountStates(string[] command) =>
        Parallel.ForEach(modes, new ParallelOptions { MaxDegreeOfParallelism = workers }, mode =>
        {
            StatesRow row = JsonSerializer.Deserialize<StatesRow>(Run([.. command, option, mode]))!;
            lock (gate)
            {
                states.Add(row);
            }
        });

    /// <summary>Prints the tables.</summary>
    public void Print(bool json)
    {
        foreach (IGrouping<string, HuntRow> story in hunts.GroupBy(row => row.Story).OrderBy(g => g.Key))
        {
            foreach (HuntRow row in story.OrderBy(row => PlaceOf(row.Mode)))
            {
                Console.WriteLine(Describe(row));
            }
        }

        foreach (string mode in modes)
        {
            IEnumerable<string> shares = baselines.Select(other => string.Create(
                CultureInfo.InvariantCulture, $"{1 / Gain(mode, other, out _):0.00} of the executions of {other}"));
            Gain(mode, baselines[0], out int count);
            Console.WriteLine($"{mode,-20} needs {string.Join(", ", shares)} ({count} stories)");
        }

        foreach (StatesRow row in states.OrderBy(row => PlaceOf(row.Mode)))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Mode,-20} {row.States,10:#,0} states in {row.Executions,11:#,0} executions; "
                + $"{row.Handoffs:#,0} hand-offs, {row.NearMisses:#,0} near misses, {row.Edges:#,0} edges"));
        }

        if (json)
        {
            var gains = modes.Select(mode => Gain(mode, baselines[0], out _));
            Console.WriteLine(JsonSerializer.Serialize(new { Hunts = hunts, States = states, Gains = gains }, Camel));
        }
    }

    private int PlaceOf(string name) => Array.FindIndex(modes, mode => mode == name);

    private static string Describe(HuntRow row)
    {
        long[] sorted = [.. row.Executions.Order()];
        double seconds = Figures.Median(row.Seconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Story,-28} {row.Mode,-20} {row.Found,3}/{sorted.Length} found  median {At(sorted, 2),10:#,0} "
            + $"[{At(sorted, 1):#,0}..{At(sorted, 3):#,0}] executions, {seconds:0.00} s");
    }

    private static long At(long[] sorted, int quarter) =>
        sorted[Math.Min(sorted.Length * quarter / 4, sorted.Length - 1)];

    /// <summary>Executions for each find: those of hunts that gave up count, too (the estimate of the mean of an
    /// exponential distribution from a censored sample).</summary>
    private static double Mean(HuntRow row) => row.Executions.Sum() / Math.Max(row.Found, 0.5);

    /// <summary>By how much one mode needs fewer executions than another, in the geometric mean over the stories that
    /// are not found at once.</summary>
    private double Gain(string mode, string other, out int count)
    {
        double[] gains = [.. hunts.Where(row => row.Mode == mode).Select(row =>
        {
            HuntRow? without = hunts.Find(hunt => hunt.Story == row.Story && hunt.Mode == other);
            return without is null || Mean(without) <= Least ? 0 : Math.Log(Mean(without) / Mean(row));
        })];
        count = hunts.Count(row => row.Mode == other && Mean(row) > Least);
        return count == 0 ? 1 : Math.Exp(gains.Sum() / count);
    }

    private static string Run(string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "woven", "Bench.dll");
        ProcessStartInfo start = new("dotnet", [program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && output.Length > 0
            ? output.TrimEnd().Split('\n')[^1]
            : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {process.ExitCode}");
    }
}
