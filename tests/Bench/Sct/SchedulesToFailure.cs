using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fuzz.Schedules;
using Interleave;
using Tests.SctBench;

namespace Tests.Bench.Sct;

/// <summary>Schedules to the first failure of the SCTBench programs, for each scheduler.</summary>
internal static class SchedulesToFailure
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    private const string SafeStackName = "SafeStack";
    private const int SafeStackFactor = 10;

    /// <summary>One program under one scheduler.</summary>
    /// <param name="Name">The program.</param>
    /// <param name="Scheduler">The scheduler.</param>
    /// <param name="Median">Median over the seeds of schedules to the first failure; one more than the cap where it
    /// was missed.</param>
    /// <param name="Missed">Seeds that found nothing.</param>
    /// <param name="BestPublished">The lowest published median of any scheduler; null for none.</param>
    internal sealed record Figure(string Name, string Scheduler, double Median, int Missed, double? BestPublished);

    public static Command Build(Option<bool> json)
    {
        Option<int> seeds = new("--seeds") { Description = "Seeds of each figure.", DefaultValueFactory = _ => 20 };
        Option<int> cap = new("--cap")
        {
            Description = $"Most schedules of a search; {SafeStackFactor} times as many for {SafeStackName}.",
            DefaultValueFactory = _ => 10_000,
        };
        Option<string[]> only = new("--only")
        {
            Description = "Names of programs.", AllowMultipleArgumentsPerToken = true,
        };
        Option<string[]> schedulers = new("--schedulers")
        {
            Description = "Names of schedulers.", AllowMultipleArgumentsPerToken = true,
        };
        Command command = new("sctbench", "Schedules to the first failure of the SCTBench programs, by scheduler")
        {
            seeds, cap, only, schedulers,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(seeds), parsed.GetValue(cap), parsed.GetValue(only) ?? [],
            parsed.GetValue(schedulers) ?? [], parsed.GetValue(json)));
        return command;
    }

    private static void Run(int seeds, int cap, string[] only, string[] names, bool json)
    {
        SctSuite.Row[] rows = [.. SctSuite.Rows.Where(row => only.Length == 0 || only.Contains(row.Name))];
        (string Name, Func<Rng, Portfolio> Make)[] schedulers =
            [.. SctSuite.Schedulers.Where(one => names.Length == 0 || names.Contains(one.Name))];
        Figure[,] figures = new Figure[rows.Length, schedulers.Length];

        // The longest ones first, so that no thread is left with one at the end.
        Parallel.For(0, figures.Length, new ParallelOptions { MaxDegreeOfParallelism = 2 }, task =>
        {
            int row = rows.Length - 1 - (task / schedulers.Length);
            int scheduler = task % schedulers.Length;
            figures[row, scheduler] = Measure(rows[row], schedulers[scheduler], seeds, cap);
        });
        Print(rows, schedulers.Select(one => one.Name), figures);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { rows = figures.Cast<Figure>() }, Options));
        }
    }

    private static Figure Measure(
        SctSuite.Row row, (string Name, Func<Rng, Portfolio> Make) scheduler, int seeds, int cap)
    {
        cap *= row.Name == SafeStackName ? SafeStackFactor : 1;
        SctProgram program = row.Make();
        int[] found = new int[seeds];
        for (int seed = 0; seed < seeds; seed++)
        {
            found[seed] = SctSuite.SchedulesToFailure(
                program, scheduler.Make(new Rng((ulong)seed)), cap);
        }

        Array.Sort(found);
        double median = (found[(seeds - 1) / 2] + found[seeds / 2]) / 2.0;
        return new Figure(row.Name, scheduler.Name, median, found.Count(schedules => schedules > cap), row.Best);
    }

    private static void Print(SctSuite.Row[] rows, IEnumerable<string> schedulers, Figure[,] figures)
    {
        Console.WriteLine("Schedules to the first failure, median over the seeds (seeds that missed it)");
        Console.WriteLine($"| program | {string.Join(" | ", schedulers)} | best published |");
        Console.WriteLine($"|{string.Concat(Enumerable.Repeat(" --- |", figures.GetLength(1) + 2))}");
        for (int row = 0; row < rows.Length; row++)
        {
            IEnumerable<string> cells = Enumerable.Range(0, figures.GetLength(1)).Select(i => Cell(figures[row, i]));
            string best = rows[row].Best is { } value ? $"{Number(value)} ({rows[row].Who})" : "none";
            Console.WriteLine($"| {rows[row].Name} | {string.Join(" | ", cells)} | {best} |");
        }
    }

    private static string Cell(Figure figure) =>
        Number(figure.Median) + (figure.Missed > 0 ? $" ({figure.Missed})" : "");

    private static string Number(double value) => value.ToString("#,0.#", CultureInfo.InvariantCulture);
}
