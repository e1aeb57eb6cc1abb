using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Removes lanes, whole or by giving their calls to another lane or to the setup; sorts the lanes that
/// stay.</summary>
/// <remarks>The last lane can only give way to a call of the setup: without any there is no schedule to keep.</remarks>
internal sealed class RemoveCpus : IShrinkPass
{
    /// <inheritdoc />
    public void Run(ShrinkRun run)
    {
        for (int lane = run.Best.Cpus.Length - 1; lane >= 0; lane--)
        {
            if (lane < run.Best.Cpus.Length)
            {
                _ = Remove(run, lane) || ToSetup(run, lane) || Merge(run, lane);
            }
        }

        for (int i = 0; i < run.Best.Cpus.Length; i++)
        {
            for (int j = i + 1; j < run.Best.Cpus.Length; j++)
            {
                Call[][] cpus = [.. run.Best.Cpus];
                (cpus[i], cpus[j]) = (cpus[j], cpus[i]);
                run.Try(run.Best.WithCpus(cpus));
            }
        }
    }

    private static Call[][] Others(Program program, int lane) =>
        [.. program.Cpus[..lane], .. program.Cpus[(lane + 1)..]];

    private static bool Remove(ShrinkRun run, int lane) => run.Try(run.Best.WithCpus(Others(run.Best, lane)).Settled());

    private static bool ToSetup(ShrinkRun run, int lane)
    {
        Program best = run.Best;
        return best.Cpus.Length > 1 && best.Setup.Length + best.Cpus[lane].Length <= best.Language.CallsMax
            && run.Try(best.WithCpus(Others(best, lane), [.. best.Setup, .. best.Cpus[lane]]));
    }

    private static bool Merge(ShrinkRun run, int lane)
    {
        Program best = run.Best;
        Call[] calls = best.Cpus[lane];
        for (int i = 0; i < best.Cpus.Length - 1; i++)
        {
            Call[][] cpus = Others(best, lane);
            Call[] other = cpus[i];
            if (other.Length + calls.Length > best.Language.CallsMax)
            {
                continue;
            }

            cpus[i] = [.. other, .. calls];
            bool merged = run.Try(best.WithCpus([.. cpus]));
            cpus[i] = [.. calls, .. other];
            if (merged || run.Try(best.WithCpus(cpus)))
            {
                return true;
            }
        }

        return false;
    }
}
