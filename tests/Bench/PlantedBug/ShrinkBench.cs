using System.Diagnostics;
using Fuzz.Programs;
using Fuzz.Shrinking;
using Interleave;

namespace Tests.Bench.PlantedBug;

/// <summary>The planted-bug table: random cases to the first failure, then the shrinker.</summary>
internal static class ShrinkBench
{
    private const int Seeds = 40;
    private const int WarmUps = 30;

    /// <summary>Measures and returns the figures.</summary>
    /// <exception cref="InvalidOperationException">A seed did not end at the minimum.</exception>
    public static ShrinkResult Run()
    {
        CellModel model = new();
        Shrinker shrinker = new(model);
        (Program Failing, int Cases)[] failures = new (Program, int)[Seeds];
        for (int seed = 0; seed < Seeds; seed++)
        {
            failures[seed] = FirstFailure(model, new Rng((ulong)seed));
        }

        // Twice with a pause between: the optimising compiler works in the background.
        for (int half = 0; half < 2; half++)
        {
            for (int i = 0; i < WarmUps / 2 * Seeds; i++)
            {
                shrinker.Shrink(failures[i % Seeds].Failing);
            }

            Thread.Sleep(200);
        }

        double[] times = new double[Seeds];
        double[] tests = new double[Seeds];
        double[] steps = new double[Seeds];
        int fourCalls = 0;
        int minimal = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            long start = Stopwatch.GetTimestamp();
            Program simplest = shrinker.Shrink(failures[seed].Failing);
            times[seed] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            tests[seed] = shrinker.Tests;
            steps[seed] = shrinker.Steps;
            fourCalls += simplest.Setup.Length + simplest.ConcurrentCalls == 4 ? 1 : 0;
            minimal += simplest.Equals(CellModel.Minimum) ? 1 : 0;
        }

        if (fourCalls != Seeds || minimal != Seeds)
        {
            throw new InvalidOperationException(
                $"of {Seeds} seeds {fourCalls} ended with 4 calls and {minimal} at the minimum; all should");
        }

        return new ShrinkResult(
            Seeds, fourCalls, minimal, Figures.Median([.. failures.Select(f => (double)f.Cases)]),
            Math.Round(Figures.Median(times), 4), Math.Round(times.Max(), 4), Figures.Median(tests),
            Figures.Median(steps));
    }

    private static (Program Failing, int Cases) FirstFailure(CellModel model, Rng rng)
    {
        int cases = 1;
        Program program = CellModel.Random(rng);
        while (!model.Fails(program))
        {
            cases++;
            program = CellModel.Random(rng);
        }

        return (program, cases);
    }
}

/// <summary>Figures of the planted bug.</summary>
/// <param name="Seeds">Seeds that were run.</param>
/// <param name="FourCalls">How many ended with the least possible number of calls.</param>
/// <param name="Minimal">How many ended at the one simplest program: cell 0 everywhere, set 0, add 11.</param>
/// <param name="CasesMedian">Random cases to the first failure.</param>
/// <param name="MillisecondsMedian">Time of one shrink after warm-up.</param>
/// <param name="MillisecondsMax">The slowest.</param>
/// <param name="TestsMedian">Programs tested in one shrink.</param>
/// <param name="StepsMedian">Times a simpler failing program was found.</param>
internal sealed record ShrinkResult(
    int Seeds,
    int FourCalls,
    int Minimal,
    double CasesMedian,
    double MillisecondsMedian,
    double MillisecondsMax,
    double TestsMedian,
    double StepsMedian);
