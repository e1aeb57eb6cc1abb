using Interleave;

namespace Fuzz.Schedules;

/// <summary>A random priority for each lane.</summary>
internal sealed class Priorities(Rng rng)
{
    private readonly ulong[] values = new ulong[Machine.CpusMax];

    /// <summary>All lanes draw.</summary>
    public void Begin(int cpus)
    {
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            Draw(cpu);
        }
    }

    /// <summary>A lane draws anew.</summary>
    public void Draw(int cpu) => values[cpu] = rng.NextUInt64();

    /// <summary>The lane of the highest priority.</summary>
    public int Highest(LaneSet lanes)
    {
        int best = lanes.First;
        foreach (int cpu in lanes.WithoutFirst)
        {
            best = values[cpu] > values[best] ? cpu : best;
        }

        return best;
    }
}
