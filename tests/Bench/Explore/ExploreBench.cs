using System.Diagnostics;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;
using Tests.Bench.MapcountReset;

namespace Tests.Bench.Explore;

/// <summary>How fast all states of a program are explored: of a small model, beside a hand-written search and Spin, and
/// of the folio engine.</summary>
internal static class ExploreBench
{
    private const int WarmUps = 20;
    private const long Budget = 50_000_000;

    /// <summary>Reproducers whose programs are explored on v6.18.</summary>
    private static readonly string[] Programs = ["migrate-bug", "slot-aba", "no-recheck"];

    public static SortedDictionary<string, double> Run()
    {
        SortedDictionary<string, double> figures = new(StringComparer.Ordinal);
        for (int i = 0; i < WarmUps; i++)
        {
            Flow(2, 4);
            new FlatSearch(2, 4).Run();
        }

        foreach ((int lanes, int rounds) in new[] { (3, 5), (4, 5) })
        {
            string name = $"w1_{lanes}x{rounds}";
            Add(figures, $"{name}_flow", Flow(lanes, rounds));
            Add(figures, $"{name}_flat", Flat(lanes, rounds));
            if (Spin.Run(lanes, rounds) is { } spin)
            {
                Add(figures, $"{name}_spin", spin);
            }
        }

        foreach (string name in Programs)
        {
            string file = $"corpus/defects/{name}.reproducer";
            Program program = Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(file), file).Program;
            foreach (int threads in new[] { 1, 2 })
            {
                Add(figures, $"{name}_{threads}", Engine(program, threads));
            }
        }

        return figures;
    }

    private static void Add(
        SortedDictionary<string, double> figures, string name, (double States, double Transitions, double Seconds) run)
    {
        figures.Add($"{name}_states", run.States);
        figures.Add($"{name}_transitions", run.Transitions);
        figures.Add($"{name}_seconds", run.Seconds);
        figures.Add($"{name}_transitionsPerSecond", run.Transitions / run.Seconds);
    }

    private static (double States, double Transitions, double Seconds) Flow(int lanes, int rounds)
    {
        FlowModel model = new(nested: false, lanes, rounds);
        return Timed(() => ExhaustiveSearch.Within(
            search => model.Execute(search, withCheck: false) >= 0 || model.Machine.Ending == Ending.Stopped,
            ExhaustiveSearch.Unbounded, Budget, new StateHasher(model)));
    }

    private static (double States, double Transitions, double Seconds) Flat(int lanes, int rounds)
    {
        FlatSearch search = new(lanes, rounds);
        long start = Stopwatch.GetTimestamp();
        search.Run();
        return search.Holds
            ? (search.States, search.Transitions, Stopwatch.GetElapsedTime(start).TotalSeconds)
            : throw new InvalidOperationException("the right variant must hold its law");
    }

    private static (double States, double Transitions, double Seconds) Engine(Program program, int threads)
    {
        Executor[] executors = [.. Enumerable.Range(0, threads).Select(_ => new Executor(new MmEngine()))];
        Prover prover = new(2 * Budget, StateMemory.BytesDefault, executors);
        return Timed(() => prover.Search(program).Result);
    }

    /// <summary>Each state is left once in each way, and each execution but the first begins with such a way.</summary>
    private static (double States, double Transitions, double Seconds) Timed(Func<SearchResult> search)
    {
        long start = Stopwatch.GetTimestamp();
        Complete complete = (Complete)search();
        return (
            complete.States, complete.Executions + complete.States - 1,
            Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
