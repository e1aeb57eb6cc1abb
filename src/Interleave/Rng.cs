using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>The only source of randomness: xorshift64* seeded through splitmix64. A class, so that it is shared by
/// passing it on.</summary>
/// <remarks>Marsaglia 2003 (xorshift), Vigna 2016 (the multiplier). Ranges use Lemire's multiply-shift without
/// rejection: the bias is below 2^-32 times the range.</remarks>
public sealed class Rng
{
    private ulong state;

    /// <summary>The number that comes next, made in advance so that nobody waits for the multiplication.</summary>
    private ulong ready;

    /// <summary>A stream that depends on <paramref name="seed"/> alone.</summary>
    public Rng(ulong seed) => Reseed(seed);

    /// <summary>Starts the stream of <paramref name="seed"/> again.</summary>
    public void Reseed(ulong seed)
    {
        ulong z = seed + 0x9E3779B97F4A7C15UL;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ z >> 27) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        state = z == 0 ? 0x9E3779B97F4A7C15UL : z;
        NextUInt64();
    }

    /// <summary>64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong NextUInt64()
    {
        ulong result = ready;
        ulong x = state;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        state = x;
        ready = x * 0x2545F4914F6CDD1DUL;
        return result;
    }

    /// <summary>Uniform in [0, <paramref name="below"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int below) => (int)((NextUInt64() >> 32) * (uint)below >> 32);

    /// <summary>True with probability <paramref name="numerator"/>/<paramref name="denominator"/>.</summary>
    public bool Chance(int numerator, int denominator) => Next(denominator) < numerator;
}
