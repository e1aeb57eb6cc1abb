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
        uint enabled = choice.Enabled;
        return NthSetBit[(int)(enabled * Machine.CpusMax) + rng.Next(BitOperations.PopCount(enabled))];
    }

    private static byte[] BuildTable()
    {
        byte[] table = new byte[Machine.CpusMax << Machine.CpusMax];
        for (int mask = 0; mask < 1 << Machine.CpusMax; mask++)
        {
            int n = 0;
            for (int bit = 0; bit < Machine.CpusMax; bit++)
            {
                if ((mask >> bit & 1) != 0)
                {
                    table[mask * Machine.CpusMax + n++] = (byte)bit;
                }
            }
        }

        return table;
    }
}
