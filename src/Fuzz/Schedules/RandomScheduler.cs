using System.Numerics;
using Interleave;

namespace Fuzz.Schedules;

/// <summary>A random walk: each lane that can run is equally likely to take the next step.</summary>
/// <remarks>
/// No paper: the baseline of every comparison. It reaches every interleaving with a positive probability, but a lane
/// that must stand still for k steps while two run has only 2^-k to do so; see <see cref="PctScheduler"/> for those.
/// </remarks>
public sealed class RandomScheduler(Rng rng) : IScheduler
{
    /// <summary>Lanes for which there is a table.</summary>
    private const int TableLanes = 8;

    private static readonly byte[] NthSetBit = BuildTable();

    /// <inheritdoc />
    public bool SeesForcedSteps => false;

    /// <inheritdoc />
    public void Begin(int cpus)
    {
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        // A table instead of a loop over the bits: how often such a loop turns is as random as the number, so the
        // branch predictor would miss at every step.
        LaneSet enabled = choice.Enabled;
        return (enabled.Low >> TableLanes | enabled.High) == 0
            ? NthSetBit[(int)enabled.Low * TableLanes + rng.Next(BitOperations.PopCount(enabled.Low))]
            : enabled.Nth(rng.Next(enabled.Count));
    }

    private static byte[] BuildTable()
    {
        byte[] table = new byte[TableLanes << TableLanes];
        for (int mask = 0; mask < 1 << TableLanes; mask++)
        {
            int n = 0;
            for (int bit = 0; bit < TableLanes; bit++)
            {
                if ((mask >> bit & 1) != 0)
                {
                    table[mask * TableLanes + n++] = (byte)bit;
                }
            }
        }

        return table;
    }
}
