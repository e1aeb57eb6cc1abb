using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Removes calls: big chunks first, single ones last; moves the first calls of lanes to the setup.</summary>
/// <remarks>A lane keeps one call at least; <see cref="RemoveCpus"/> removes lanes.</remarks>
internal sealed class RemoveCalls : IShrinkPass
{
    /// <inheritdoc />
    public void Run(ShrinkRun run)
    {
        for (int section = run.Best.Cpus.Length - 1; section >= Edit.Setup; section--)
        {
            RemoveChunks(run, section);
        }

        for (int lane = 0; lane < run.Best.Cpus.Length; lane++)
        {
            while (MoveToSetup(run, lane))
            {
                // Each move leaves the lane one call shorter.
            }
        }
    }

    private static void RemoveChunks(ShrinkRun run, int section)
    {
        int least = section == Edit.Setup ? 0 : 1;
        for (int size = run.Best.Section(section).Length; size >= 1; size /= 2)
        {
            // From the end: later calls depend on earlier ones, seldom the other way round.
            for (int end = run.Best.Section(section).Length; end > 0; end -= size)
            {
                int start = Math.Max(0, end - size);
                if (run.Best.Section(section).Length - (end - start) >= least)
                {
                    run.Try(run.Best.Without(section, start, end - start));
                }
            }
        }
    }

    private static bool MoveToSetup(ShrinkRun run, int lane)
    {
        Program best = run.Best;
        Call[] calls = best.Cpus[lane];
        if (calls.Length < 2 || best.Setup.Length == best.Language.CallsMax)
        {
            return false;
        }

        Call[][] cpus = [.. best.Cpus];
        cpus[lane] = calls[1..];
        return run.Try(best.WithCpus(cpus, [.. best.Setup, calls[0]]));
    }
}
