using System.Globalization;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;

namespace Tests.Bench.Explore;

/// <summary>How many programs of the default generator can be explored completely, by lanes and calls: each with the
/// first calls of its lanes, and of its setup. Seconds are those of one processor, however busy it is.</summary>
internal static class SampleBench
{
    private const int SetupMax = 3;
    private const ulong Seed = 1;
    private const long Budget = 1_000_000_000;
    private const double SecondsMax = 60;

    public static SortedDictionary<string, double> Run()
    {
        SortedDictionary<string, double> figures = new(StringComparer.Ordinal);
        Executor executor = new(new MmEngine());
        foreach ((int lanes, int calls, int programs) in new[] { (2, 1, 30), (2, 2, 30), (3, 1, 10) })
        {
            Explored[] all = [.. Draw(lanes, calls).Take(programs).Select(program => Explore(executor, program))];
            string name = string.Create(CultureInfo.InvariantCulture, $"{lanes}x{calls}");
            Add("programs", programs);
            Add("closed", all.Count(explored => explored.Closed));
            Add("failing", all.Count(explored => explored.Fails));
            Add("secondsMedian", Figures.Median([.. all.Select(explored => explored.Seconds)]));
            Add("secondsMax", all.Max(explored => explored.Seconds));
            Add("executionsMedian", Figures.Median([.. all.Select(explored => explored.Executions)]));
            Add("executionsMax", all.Max(explored => explored.Executions));

            void Add(string what, double value)
            {
                figures.Add($"{name}_{what}", value);
                Console.Error.WriteLine($"{name} {what} {value:0.###}");
            }
        }

        return figures;
    }

    private static IEnumerable<Program> Draw(int lanes, int calls)
    {
        ProgramSource source = new();
        Rng rng = new(Seed);
        while (true)
        {
            Program program = source.Fresh(rng);
            Call[][] enough = Array.FindAll(program.Cpus, lane => lane.Length >= calls);
            if (enough.Length >= lanes)
            {
                yield return new Program(
                    program.Language, program.Shape, [.. program.Setup.Take(SetupMax)],
                    [.. enough.Take(lanes).Select(lane => lane[..calls])]);
            }
        }
    }

    private static Explored Explore(Executor executor, Program program)
    {
        using CancellationTokenSource patience = new();
        double start = Seconds();
        using Timer clock = new(
            _ =>
            {
                if (Seconds() - start > SecondsMax)
                {
                    patience.Cancel();
                }
            },
            null, dueTime: 100, period: 100);
        ProofSearch search = new Prover(executor, Budget).Search(program, cancel: patience.Token);
        return new Explored(
            search.Result is Complete or Found, search.Result is Found, search.Executions, Seconds() - start);
    }

    private static double Seconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private sealed record Explored(bool Closed, bool Fails, double Executions, double Seconds);
}
