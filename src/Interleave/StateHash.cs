using System.Numerics;

namespace Interleave;

/// <summary>128 bits that stand for a state: two states with one hash are taken for one.</summary>
/// <remarks>With M states the chance that any two different ones collide is below M^2 / 2^129: 10^-24 for ten
/// million. Made of multiplications and rotations in two lanes that see the words in different ways; no defence against
/// an adversary is meant.</remarks>
public readonly record struct StateHash(ulong High, ulong Low)
{
    /// <summary>The hash of nothing.</summary>
    public static StateHash Empty => new(0x9E3779B97F4A7C15UL, 0xC2B2AE3D27D4EB4FUL);

    /// <summary>The hash with one word more.</summary>
    public StateHash With(ulong word)
    {
        ulong high = BitOperations.RotateLeft(High ^ word * 0x87C37B91114253D5UL, 31) * 0x4CF5AD432745937FUL;
        ulong low = (BitOperations.RotateLeft(Low + word, 27) ^ high >> 32) * 0x2545F4914F6CDD1DUL;
        return new StateHash(high, low + 0x52DCE729UL);
    }

    /// <summary>The hash whose bits all depend on all words.</summary>
    public StateHash Finished() => new(Mixed(High + Low), Mixed(Low ^ BitOperations.RotateLeft(High, 17)));

    private static ulong Mixed(ulong z)
    {
        z = (z ^ z >> 33) * 0xFF51AFD7ED558CCDUL;
        z = (z ^ z >> 33) * 0xC4CEB9FE1A85EC53UL;
        return z ^ z >> 33;
    }
}
