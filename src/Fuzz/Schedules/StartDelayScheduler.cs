using Interleave;

namespace Fuzz.Schedules;

/// <summary>A random walk in which every lane starts late, by a random number of the others' steps.</summary>
/// <remarks>
/// No paper: in a fair walk a short lane has mostly ended before the window in which it would do harm has opened (of a
/// split against two faults none of 20,000 fair walks failed, and 8 % of those with a late third lane). A bug that
/// needs n lanes to meet in windows of w of the k steps is met with a probability in the order of (w/k)^n, whatever the
/// lengths of the lanes. Delays are drawn below the steps of the longest execution so far, half of the lanes have none;
/// the first execution is a plain random walk.
/// </remarks>
/// <param name="rng">Where its choices come from.</param>
public sealed class StartDelayScheduler(Rng rng) : IScheduler
{
    private readonly int[] delays = new int[Machine.CpusMax];
    private LaneSet late;
    private LaneSet seen;
    private int longest;
    private int steps;

    /// <inheritdoc />
    public bool SeesForcedSteps => true;

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        longest = Math.Max(longest, steps);
        steps = 0;
        late = default;
        seen = default;
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            delays[cpu] = longest > 0 && rng.Chance(1, 2) ? rng.Next(longest) : 0;
            late.Set(cpu, delays[cpu] > 0);
        }
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        steps = choice.StepIndex + 1;
        foreach (int lane in choice.Enabled.Without(seen) & late)
        {
            // A delay begins when the lane can start.
            delays[lane] += choice.StepIndex;
        }

        seen |= choice.Enabled;
        LaneSet waiting = choice.Enabled & late;
        foreach (int lane in waiting)
        {
            late.Set(lane, delays[lane] > choice.StepIndex);
        }

        LaneSet ready = choice.Enabled.Without(late);
        ready = ready.IsEmpty ? choice.Enabled : ready;
        int chosen = ready.Nth(rng.Next(ready.Count));
        late.Remove(chosen);
        return chosen;
    }
}
