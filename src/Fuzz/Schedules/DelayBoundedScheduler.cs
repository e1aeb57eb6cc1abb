using Interleave;

namespace Fuzz.Schedules;

/// <summary>Delay-bounded scheduling: lanes run to their end in turn, but for a few random places where the one that
/// would run is put off.</summary>
/// <remarks>
/// Emmi, Qadeer, Rakamaric: Delay-Bounded Scheduling, POPL 2011. The deterministic scheduler is round-robin without
/// preemption; a delay passes the turn on. A schedule that needs d delays of k steps is met with probability at least
/// 1/k^d, whatever the number of lanes. Deviates: delays are drawn instead of enumerated, below the choices of the
/// longest execution so far, so the first execution has none; the round begins with a random lane, so that the numbers
/// of the lanes make no difference.
/// </remarks>
public sealed class DelayBoundedScheduler : IScheduler
{
    private readonly Rng rng;
    private readonly int[] delays;
    private int longest;
    private int steps;
    private int turn;

    /// <summary>A scheduler with so many delays.</summary>
    /// <param name="delays">Delays of an execution, 0 or more.</param>
    /// <param name="rng">Where its choices come from.</param>
    public DelayBoundedScheduler(int delays, Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(delays);
        this.rng = rng;
        this.delays = new int[delays];
    }

    /// <inheritdoc />
    public bool SeesForcedSteps => false;

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        longest = Math.Max(longest, steps);
        steps = 0;
        turn = rng.Next(cpus);
        for (int i = 0; i < delays.Length; i++)
        {
            delays[i] = longest == 0 ? -1 : rng.Next(longest);
        }
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        int choiceNumber = steps++;
        turn = From(choice.Enabled, turn);
        foreach (int delay in delays)
        {
            turn = delay == choiceNumber ? From(choice.Enabled, turn + 1) : turn;
        }

        return turn;
    }

    /// <summary>The first lane that can run, from this one on.</summary>
    private static int From(LaneSet enabled, int cpu)
    {
        foreach (int lane in enabled)
        {
            if (lane >= cpu)
            {
                return lane;
            }
        }

        return enabled.First;
    }
}
