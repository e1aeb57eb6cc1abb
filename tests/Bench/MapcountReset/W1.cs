using System.Diagnostics;
using Fuzz.Schedules;
using Interleave;

namespace Tests.Bench.MapcountReset;

/// <summary>Executions a second of the 'mapcount reset' workload (right variant), against the flat loop of the same
/// run.</summary>
internal static class W1
{
    /// <summary>Lanes of the workload.</summary>
    public const int Lanes = 3;

    /// <summary>Rounds of fault (5 steps) and zap (3 steps) a lane: 3 * 5 * 8 = 120 steps.</summary>
    public const int Rounds = 5;

    /// <summary>Steps an execution in the flat model.</summary>
    public const int Steps = Lanes * Rounds * 8;

    private const int Repeats = 41;
    private const int WarmUps = 3;
    private const int WarmUp = 30_000;

    /// <summary>Measures and returns the figures.</summary>
    public static W1Result Run()
    {
        FlatModel flat = new(1);
        FlowModel nested = new(nested: true);
        FlowModel single = new(nested: false);
        RandomScheduler random = new(new Rng(1));
        PctScheduler pct = new(3, new Rng(1));
        Func<int> flatRun = flat.Execute;
        Func<int>[] flows =
        [
            () => single.Execute(random, withCheck: false),
            () => nested.Execute(random, withCheck: false),
            () => nested.Execute(random, withCheck: true),
            () => nested.Execute(pct, withCheck: false),
        ];
        for (int i = 0; i < WarmUps; i++)
        {
            Measure(flatRun, WarmUp, Steps);
            foreach (Func<int> flow in flows)
            {
                Measure(flow, WarmUp, Steps + Lanes);
            }

            // The optimising compiler works in the background.
            Thread.Sleep(150);
        }

        double[] flats = new double[Repeats];
        double[][] ratios = Array.ConvertAll(flows, _ => new double[Repeats]);
        for (int round = 0; round < Repeats; round++)
        {
            flats[round] = Measure(flatRun, 20_000, Steps);
            for (int i = 0; i < flows.Length; i++)
            {
                ratios[i][round] = Measure(flows[i], 6_000, Steps + Lanes) / flats[round];
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Measure(flows[0], 10_000, Steps + Lanes);
        Measure(flows[1], 10_000, Steps + Lanes);
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 20_000.0;
        double flatRate = Figures.Median(flats);
        double[] medians = Array.ConvertAll(ratios, Figures.Median);
        return new W1Result(
            Round(medians[0]), Round(ratios[0].Min()), Round(ratios[0].Max()), Round(medians[1]), Round(medians[2]),
            Round(medians[3]), Math.Round(medians[0] * flatRate), Math.Round(medians[1] * flatRate),
            Math.Round(flatRate), Math.Round(bytes, 2));
    }

    private static double Round(double ratio) => Math.Round(ratio, 3);

    private static double Measure(Func<int> execute, int executions, int stepsExpected)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < executions; i++)
        {
            int steps = execute();
            if (steps != stepsExpected)
            {
                throw new InvalidOperationException($"W1 took {steps} steps where {stepsExpected} were expected");
            }
        }

        return executions / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <summary>Figures of W1. Ratios are executions a second over those of the flat loop of the same round, median of
/// rounds.</summary>
/// <param name="RatioToFlat">One routine a lane, random scheduler: the shape that the flat switch has too.</param>
/// <param name="RatioMin">Its lowest.</param>
/// <param name="RatioMax">Its highest.</param>
/// <param name="RatioNested">A routine for each fault and each zap, as engines are written; random scheduler.</param>
/// <param name="RatioNestedWithCheck">The same with an empty check after each step.</param>
/// <param name="RatioNestedPct3">The same, unchecked, under PCT of depth 3.</param>
/// <param name="ExecutionsPerSecond">One routine a lane, random scheduler.</param>
/// <param name="ExecutionsPerSecondNested">A routine for each call, random scheduler.</param>
/// <param name="ExecutionsPerSecondFlat">The flat loop.</param>
/// <param name="BytesPerExecution">Allocated by the flows in steady state.</param>
internal sealed record W1Result(
    double RatioToFlat,
    double RatioMin,
    double RatioMax,
    double RatioNested,
    double RatioNestedWithCheck,
    double RatioNestedPct3,
    double ExecutionsPerSecond,
    double ExecutionsPerSecondNested,
    double ExecutionsPerSecondFlat,
    double BytesPerExecution);
