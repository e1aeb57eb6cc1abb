using Interleave;

namespace Fuzz.Schedules;

/// <summary>Probabilistic concurrency testing: random priorities, and depth - 1 places where the runner's priority
/// drops.</summary>
/// <remarks>
/// Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs,
/// ASPLOS 2010. With n lanes and k steps it finds a bug of depth d with probability at least 1/(n * k^(d-1)).
/// Deviates: the places are drawn below the longest execution of the program seen so far instead of a k given from
/// outside, so the first execution has none and the guarantee holds from then on. Only choices are counted at which the
/// lane that would run is about to touch an object that another lane has touched in an execution of this program:
/// preempting it elsewhere gives an order that is equivalent to one of these. That makes k two to three times smaller.
/// A place is a lane, each as likely, and one of its choices, so that the one call of a victim is hit as often as the
/// many of its antagonist; for lanes of equal length this is the same.
/// </remarks>
public sealed class PctScheduler : IScheduler
{
    private readonly Rng rng;

    /// <summary>Every lane's priority, all different: the initial ones are depth and above, the dropped ones
    /// below.</summary>
    private readonly int[] priorities = new int[Machine.CpusMax];

    /// <summary>For each change its place: a lane, and the number of choices that lane has made before it.</summary>
    private readonly (int Cpu, int Choice)[] changes;

    private readonly Contention contention;

    /// <summary>A scheduler that aims at bugs of depth <paramref name="depth"/> (1 or more ordering
    /// constraints).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The depth is below 1.</exception>
    /// <param name="depth">Ordering constraints.</param>
    /// <param name="rng">Where its choices come from.</param>
    /// <param name="contention">What it shares with other schedulers of the same program, if any.</param>
    public PctScheduler(int depth, Rng rng, Contention? contention = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        this.rng = rng;
        this.contention = contention ?? new Contention();
        changes = new (int Cpu, int Choice)[depth - 1];
    }

    /// <summary>Ordering constraints that a bug may have and still be within the guarantee.</summary>
    public int Depth => changes.Length + 1;

    /// <inheritdoc />
    public bool SeesForcedSteps => false;

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        contention.Begin(cpus);
        for (int i = 0; i < cpus; i++)
        {
            int j = rng.Next(i + 1);
            priorities[i] = priorities[j];
            priorities[j] = Depth + i;
        }

        for (int i = 0; i < changes.Length; i++)
        {
            int cpu = rng.Next(cpus);
            changes[i] = (cpu, contention.Longest(cpu) == 0 ? -1 : rng.Next(contention.Longest(cpu)));
        }
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        int chosen = Highest(choice.Enabled);
        if (!contention.IsContended(choice.Machine.Cpus[chosen]))
        {
            return chosen;
        }

        int place = contention.Count(chosen);
        int runner = chosen;
        for (int i = 0; i < changes.Length; i++)
        {
            if (changes[i] == (runner, place))
            {
                priorities[runner] = i;
                chosen = Highest(choice.Enabled);
            }
        }

        return chosen;
    }

    private int Highest(LaneSet enabled)
    {
        int best = -1;
        int highest = -1;
        foreach (int cpu in enabled)
        {
            if (priorities[cpu] > highest)
            {
                best = cpu;
                highest = priorities[cpu];
            }
        }

        return best;
    }
}
