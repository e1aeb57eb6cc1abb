using System.Runtime.CompilerServices;

namespace Fuzz.Coverage;

/// <summary>How often each feature of executions was seen: what is new, and what is rare.</summary>
/// <remarks>
/// Features are 64-bit keys, kept under a hash in 2^<paramref name="bitsLog"/> counters of 16 bits, which stop at their
/// highest value: of n features about n / 2^(bitsLog+1) share their counter with another one and are not told apart.
/// Allocates next to nothing after its construction. Not thread-safe.
/// </remarks>
/// <param name="bitsLog">Binary logarithm of the number of counters.</param>
public sealed class FeatureMap(int bitsLog)
{
    private const int WordLog = 6;
    private readonly ushort[] counts = new ushort[1 << bitsLog];

    /// <summary>By counter, whether one earlier execution has shown it, and no other.</summary>
    private readonly ulong[] single = new ulong[1 << bitsLog - WordLog];

    /// <summary>What was seen first in this execution.</summary>
    private readonly List<int> fresh = [];

    /// <summary>Number of different features seen.</summary>
    public int Count { get; private set; }

    /// <summary>Number of those that one execution has shown, and no other, as of the last
    /// <see cref="EndExecution"/>: the singletons of Good and Turing.</summary>
    public int Singletons { get; private set; }

    /// <summary>Counts a feature.</summary>
    /// <param name="key">The feature.</param>
    /// <param name="index">Where it is counted, for <see cref="Times"/>.</param>
    /// <returns>How often it was seen, this time included; at most 65,535.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Add(ulong key, out int index)
    {
        index = (int)(key * 0x9E3779B97F4A7C15UL >> 64 - bitsLog);
        ref ushort count = ref counts[index];
        if (count == 0)
        {
            Count++;
            fresh.Add(index);
        }
        else if ((single[index >> WordLog] >> index & 1) != 0)
        {
            single[index >> WordLog] &= ~(1UL << index);
            Singletons--;
        }

        return count == ushort.MaxValue ? count : ++count;
    }

    /// <summary>What is counted from now on was shown by another execution.</summary>
    public void EndExecution()
    {
        foreach (int index in fresh)
        {
            single[index >> WordLog] |= 1UL << index;
        }

        Singletons += fresh.Count;
        fresh.Clear();
    }

    /// <summary>How often the feature that is counted there was seen; at most 65,535.</summary>
    public int Times(int index) => counts[index];
}
