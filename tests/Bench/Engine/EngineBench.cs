using System.Diagnostics;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;

namespace Tests.Bench.Engine;

/// <summary>The folio engine on the default generator and the default schedulers, one thread, all oracles on.</summary>
internal static class EngineBench
{
    private const int SchedulesPerProgram = 24;
    private const int Rounds = 5;
    private const int ProgramsPerRound = 8_000;

    /// <summary>What was measured: medians over the rounds, generation included.</summary>
    /// <param name="ExecutionsPerSecond">Executions a second on one core.</param>
    /// <param name="StepsPerExecution">Steps of the concurrent part.</param>
    /// <param name="BytesPerExecution">Bytes allocated, generation included.</param>
    /// <param name="EngineBytesPerExecution">Bytes allocated by the execution alone.</param>
    internal sealed record Result(
        double ExecutionsPerSecond, double StepsPerExecution, double BytesPerExecution, double EngineBytesPerExecution);

    public static Result Run()
    {
        MmEngine engine = new();
        Executor executor = new(engine);
        ProgramSource source = new();
        Rng rng = new(1);
        Portfolio portfolio = new(rng);
        Round(engine, executor, source, rng, portfolio);
        Result[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Round(engine, executor, source, rng, portfolio))];
        return new Result(
            Figures.Median([.. rounds.Select(r => r.ExecutionsPerSecond)]),
            Figures.Median([.. rounds.Select(r => r.StepsPerExecution)]),
            Figures.Median([.. rounds.Select(r => r.BytesPerExecution)]),
            Figures.Median([.. rounds.Select(r => r.EngineBytesPerExecution)]));
    }

    private static Result Round(
        MmEngine engine, Executor executor, ProgramSource source, Rng rng, Portfolio portfolio)
    {
        long steps = 0;
        long inEngine = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < ProgramsPerRound; i++)
        {
            Program program = source.Fresh(rng);
            portfolio.NewProgram();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int n = 0; n < SchedulesPerProgram; n++)
            {
                executor.Run(program, portfolio.For(n));
                steps += engine.Machine.Steps;
            }

            inEngine += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        double executions = (double)ProgramsPerRound * SchedulesPerProgram;
        return new Result(
            executions / Stopwatch.GetElapsedTime(start).TotalSeconds, steps / executions,
            (GC.GetAllocatedBytesForCurrentThread() - allocated) / executions, inEngine / executions);
    }
}
