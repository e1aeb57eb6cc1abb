using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Tests.Proofs;

namespace Tests.Bench.Explore;

/// <summary>Executions that it takes to explore small programs of the folio engine: all schedules, those that are not
/// equivalent (<see cref="ReducedSearch"/>), those that lead to new states (<see cref="ExhaustiveSearch"/>).</summary>
/// <remarks>That they come to the same ends is a test: tests/Proofs/EqualityTests.</remarks>
internal static class ReductionBench
{
    private static readonly JsonSerializerOptions Camel = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Executions of one program; null where the cap came first.</summary>
    /// <param name="Program">Its calls.</param>
    /// <param name="All">All schedules.</param>
    /// <param name="Reduced">Without equivalent ones.</param>
    /// <param name="ByStates">By states.</param>
    /// <param name="States">Those.</param>
    internal sealed record Row(string Program, long? All, long? Reduced, long? ByStates, long? States);

    public static Command Build(Option<bool> json)
    {
        Option<long> cap = new("--executions")
        {
            Description = "Most executions of each search.", DefaultValueFactory = _ => 200_000,
        };
        Command command = new("reduction", "Executions with and without reduction, of twenty small programs") { cap };
        command.SetAction(parsed =>
        {
            Row[] rows = [.. SmallPrograms.Rows.Select(row => Explore(
                (string)row[0], (string)row[1], (string)row[2], parsed.GetValue(cap)))];
            Print(rows, parsed.GetValue(cap));
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { rows }, Camel));
            }
        });
        return command;
    }

    private static Row Explore(string setup, string one, string other, long cap)
    {
        Executor executor = new(new MmEngine()) { ComparesStates = true };
        Program program = SmallPrograms.Make(setup, one, other);
        SearchResult all = ExhaustiveSearch.Within(Execute, ExhaustiveSearch.Unbounded, cap);
        SearchResult reduced = ReducedSearch.Run(Execute, executor.Engine.Machine, cap);
        SearchResult states = ExhaustiveSearch.Within(Execute, ExhaustiveSearch.Unbounded, cap, executor.States);
        string name = $"{(setup.Contains("pageout", StringComparison.Ordinal) ? "swapped" : "mapped")}: {one}; {other}";
        return new Row(
            name, (all as Complete)?.Executions, (reduced as Complete)?.Executions, (states as Complete)?.Executions,
            (states as Complete)?.States);

        bool Execute(Interleave.IScheduler search)
        {
            executor.Run(program, search);
            return true;
        }
    }

    private static void Print(Row[] rows, long cap)
    {
        Console.WriteLine("| program | all schedules | not equivalent | by states | states |");
        Console.WriteLine("| --- | --: | --: | --: | --: |");
        foreach (Row row in rows)
        {
            string[] counts = [Text(row.All), Text(row.Reduced), Text(row.ByStates), Text(row.States)];
            Console.WriteLine($"| {row.Program} | {string.Join(" | ", counts)} |");
        }

        string Text(long? count) => (count is null ? "> " : "")
            + (count ?? cap).ToString("#,0", CultureInfo.InvariantCulture);
    }
}
