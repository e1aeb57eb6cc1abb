using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fuzz.Coverage;

namespace Tests.Bench.Guidance;

/// <summary>Runs the processes of <see cref="GuidanceBench"/>, some at a time, and prints what they say.</summary>
internal sealed class GuidanceTable(Feedback[] modes, int workers)
{
    /// <summary>Stories that are found sooner than this without feedback say nothing of it.</summary>
    private const double Least = 1000;

    private static readonly JsonSerializerOptions Camel = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private readonly System.Threading.Lock gate = new();
    private readonly List<HuntRow> hunts = [];
    private readonly List<StatesRow> states = [];

    /// <summary>Hunts all stories with all kinds of feedback.</summary>
    public void Hunt(string[] stories, Func<string, string[]> command)
    {
        var jobs = stories.SelectMany(story => modes.Select(mode => (Story: story, Mode: mode)));
        Parallel.ForEach(jobs, new ParallelOptions { MaxDegreeOfParallelism = workers }, job =>
        {
            string[] arguments = [.. command(job.Story), "--feedback", $"{job.Mode}"];
            HuntRow row = JsonSerializer.Deserialize<HuntRow>(Run(arguments))!;
            lock (gate)
            {
                hunts.Add(row);
                Console.Error.WriteLine(Describe(row));
            }
        });
    }

    /// <summary>Counts the states that each kind of feedback shows.</summary>
    public void CountStates(string[] command) =>
        Parallel.ForEach(modes, new ParallelOptions { MaxDegreeOfParallelism = workers }, mode =>
        {
            StatesRow row = JsonSerializer.Deserialize<StatesRow>(Run([.. command, "--feedback", $"{mode}"]))!;
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
            foreach (HuntRow row in story.OrderBy(row => PlaceOf(row.Feedback)))
            {
                Console.WriteLine(Describe(row));
            }
        }

        foreach (Feedback mode in modes)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{mode,-20} needs {1 / Gain(mode, Feedback.None, out int count):0.00} of the executions of None, "
                + $"{1 / Gain(mode, Feedback.Contention, out _):0.00} of those of Contention ({count} stories)"));
        }

        foreach (StatesRow row in states.OrderBy(row => PlaceOf(row.Feedback)))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Feedback,-20} {row.States,10:#,0} states in {row.Executions,11:#,0} executions; "
                + $"{row.Handoffs:#,0} hand-offs, {row.NearMisses:#,0} near misses, {row.Edges:#,0} edges"));
        }

        if (json)
        {
            var gains = modes.Select(mode => Gain(mode, Feedback.None, out _));
            Console.WriteLine(JsonSerializer.Serialize(new { Hunts = hunts, States = states, Gains = gains }, Camel));
        }
    }

    private int PlaceOf(string feedback) => Array.FindIndex(modes, mode => $"{mode}" == feedback);

    private static string Describe(HuntRow row)
    {
        long[] sorted = [.. row.Executions.Order()];
        double seconds = Figures.Median(row.Seconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Story,-28} {row.Feedback,-20} {row.Found,3}/{sorted.Length} found  median {At(sorted, 2),10:#,0} "
            + $"[{At(sorted, 1):#,0}..{At(sorted, 3):#,0}] executions, {seconds:0.00} s");
    }

    private static long At(long[] sorted, int quarter) =>
        sorted[Math.Min(sorted.Length * quarter / 4, sorted.Length - 1)];

    /// <summary>Executions for each find: those of hunts that gave up count, too (the estimate of the mean of an
    /// exponential distribution from a censored sample).</summary>
    private static double Mean(HuntRow row) => row.Executions.Sum() / Math.Max(row.Found, 0.5);

    /// <summary>By how much one kind needs fewer executions than another, in the geometric mean over the stories that
    /// are not found at once.</summary>
    private double Gain(Feedback mode, Feedback other, out int count)
    {
        double[] gains = [.. hunts.Where(row => row.Feedback == $"{mode}").Select(row =>
        {
            HuntRow? without = hunts.Find(hunt => hunt.Story == row.Story && hunt.Feedback == $"{other}");
            return without is null || Mean(without) <= Least ? 0 : Math.Log(Mean(without) / Mean(row));
        })];
        count = hunts.Count(row => row.Feedback == $"{other}" && Mean(row) > Least);
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
