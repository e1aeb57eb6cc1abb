using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary>What the generators make, as <c>show --distribution</c> prints it and campaigns count it.</summary>
internal static class Distribution
{
    /// <summary>Draws programs, runs each once, and counts.</summary>
    public static Statistics Measure(long programs, ulong seed, CancellationToken cancel)
    {
        Executor executor = new(new MmEngine());
        Rng rng = new(seed);
        Portfolio portfolio = new(rng);
        ProgramSource source = new();
        Statistics statistics = new(executor.Engine.Language);
        long executions = 0;
        for (; executions < programs && !cancel.IsCancellationRequested; executions++)
        {
            Program program = source.Fresh(rng);
            statistics.Add(program);
            portfolio.NewProgram();
            executor.Run(program, portfolio.For((int)(executions % int.MaxValue)));
        }

        statistics.Add(executor, executions);
        return statistics;
    }

    /// <summary>One row for each call: in how many programs it is, and how often it finds nothing to do.</summary>
    public static Table CallTable(Statistics statistics)
    {
        Table table = new Table().RoundedBorder().AddColumns("call", "family", "in programs", "executed", "no-ops");
        foreach (int column in new[] { 2, 3, 4 })
        {
            table.Columns[column].RightAligned();
        }

        foreach (CallStatistics call in statistics.Calls)
        {
            table.AddRow(
                call.Call.Name, call.Call.Family, Share(call.Programs, statistics.Programs),
                $"{call.Effective + call.NoOps:#,0}", Share(call.NoOps, call.Effective + call.NoOps));
        }

        return table;
    }

    /// <summary>Prints everything.</summary>
    public static void Print(Statistics statistics, Screen screen)
    {
        screen.Print(CallTable(statistics));
        screen.Print(Histogram("cpus", statistics.ByCpus, statistics.Programs));
        screen.Print(Histogram("calls besides the setup", statistics.ByCalls, statistics.Programs));
        screen.Print(Histogram("calls in the setup", statistics.BySetup, statistics.Programs));
        screen.Line(
            $"{statistics.Programs:#,0} programs; "
            + $"{Share(statistics.NoOpShare)} of all executed calls found nothing to do; "
            + $"{Statistics.Mean(statistics.ByCpus):0.0} cpus, {Statistics.Mean(statistics.ByCalls):0.0} calls after "
            + $"{Statistics.Mean(statistics.BySetup):0.0} of setup on average");
    }

    /// <summary>The same for machines.</summary>
    public static JsonObject ToJson(Statistics statistics) => new()
    {
        ["programs"] = statistics.Programs,
        ["noOpShare"] = Math.Round(statistics.NoOpShare, 4),
        ["calls"] = CallsToJson(statistics),
        ["byCpus"] = ToJson(statistics.ByCpus),
        ["byCalls"] = ToJson(statistics.ByCalls),
        ["bySetup"] = ToJson(statistics.BySetup),
    };

    /// <summary>The calls for machines.</summary>
    public static JsonArray CallsToJson(Statistics statistics) =>
        new(statistics.Calls.Select(call => (JsonNode)ToJson(call)).ToArray());

    private static JsonObject ToJson(CallStatistics call) => new()
    {
        ["name"] = call.Call.Name,
        ["family"] = call.Call.Family,
        ["programs"] = call.Programs,
        ["effective"] = call.Effective,
        ["noOps"] = call.NoOps,
    };

    private static JsonArray ToJson(long[] histogram) => new(histogram.Select(n => (JsonNode)n).ToArray());

    private static Table Histogram(string what, long[] histogram, long programs)
    {
        const int BarMax = 40;
        Table table = new Table().RoundedBorder().AddColumns(what, "programs", "");
        table.Columns[1].RightAligned();
        long most = Math.Max(histogram.Max(), 1);
        for (int value = 0; value < histogram.Length; value++)
        {
            if (histogram[value] > 0)
            {
                string bar = new('#', (int)Math.Max(histogram[value] * BarMax / most, 1));
                table.AddRow($"{value}", Share(histogram[value], programs), bar);
            }
        }

        return table;
    }

    private static string Share(long part, long whole) => Share(whole == 0 ? 0 : (double)part / whole);

    private static string Share(double share) => $"{share * 100:0.0} %";
}
