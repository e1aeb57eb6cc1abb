using System.Runtime.CompilerServices;

namespace Fuzz.Coverage;

/// <summary>How often each feature of executions was seen: what is new, and what is rare.</summary>
/// <remarks>
/// Features are 64-bit keys, kept under a hash in 2^<paramref name="bitsLog"/> counters of 16 bits, which stop at their
/// highest value: of n features about n / 2^(bitsLog+1) share their counter with another one and are not told apart.
/// Allocates nothing after its construction. Not thread-safe.
/// </remarks>
/// <param name="bitsLog">Binary logarithm of the number of counters.</param>
public sealed class FeatureMap(int bitsLog)
{
    private readonly ushort[] counts = new ushort[1 << bitsLog];

    /// <summary>Number of different features seen.</summary>
    public int Count { get; private set; }

    /// <summary>Counts a feature.</summary>
    /// <param name="key">The feature.</param>
    /// <param name="index">Where it is counted, for <see cref="Times"/>.</param>
    /// <returns>How often it was seen, this time included; at most 65,535.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Add(ulong key, out int index)
    {
        index = (int)(key * 0x9E3779B97F4A7C15UL >> 64 - bitsLog);
        ref ushort count = ref counts[index];
        Count += count == 0 ? 1 : 0;
        return count == ushort.MaxValue ? count : ++count;
    }

    /// <summary>How often the feature that is counted there was seen; at most 65,535.</summary>
    public int Times(int index) => counts[index];
}
