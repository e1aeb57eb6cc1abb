using Interleave;

namespace Fuzz.Schedules;

/// <summary>How many events each lane has still before it, with those of the lanes that it will start.</summary>
internal sealed class EventBudget
{
    private readonly int[] left = new int[Machine.CpusMax];
    private LaneSet started;

    /// <summary>An execution begins.</summary>
    /// <param name="profile">Where the numbers come from.</param>
    /// <param name="of">Whose events; null for all.</param>
    /// <param name="cpus">Lanes.</param>
    public void Begin(Profile profile, ObjectEvents? of, int cpus)
    {
        profile.CountEvents(of, left.AsSpan(0, cpus));
        started = default;
    }

    /// <summary>Notes that lanes can run: those that are new take their share from who started them.</summary>
    /// <returns>The lane that the intended one has become: itself, or one that it has started, as likely as that has
    /// taken of its events.</returns>
    public int Start(in Choice choice, LaneSet lanes, int intended, Rng rng)
    {
        foreach (int cpu in lanes.Without(started))
        {
            if (choice.Machine.Cpus[cpu].Parent is { } parent)
            {
                int before = left[parent.Index];
                left[parent.Index] = Math.Max(0, before - left[cpu]);
                if (intended == parent.Index && before > 0 && rng.Next(before) < left[cpu])
                {
                    intended = cpu;
                }
            }
        }

        started |= lanes;
        return intended;
    }

    /// <summary>A lane takes one.</summary>
    public void Spend(int cpu) => left[cpu] = Math.Max(0, left[cpu] - 1);

    /// <summary>One of the lanes, each as likely as it has events left.</summary>
    /// <param name="lanes">The lanes.</param>
    /// <param name="atEvent">A lane that stands at one, so it has one left; -1 for all.</param>
    /// <param name="rng">Where the choice comes from.</param>
    public int Draw(LaneSet lanes, int atEvent, Rng rng)
    {
        int total = 0;
        foreach (int lane in lanes)
        {
            total += Weight(lane, atEvent);
        }

        int at = rng.Next(Math.Max(total, 1));
        foreach (int lane in lanes)
        {
            int weight = Weight(lane, atEvent);
            if (at < weight)
            {
                return lane;
            }

            at -= weight;
        }

        return lanes.First;
    }

    private int Weight(int cpu, int atEvent) => Math.Max(left[cpu], atEvent < 0 || atEvent == cpu ? 1 : 0);
}
