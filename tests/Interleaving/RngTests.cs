using Interleave;
using Xunit;

namespace Tests.Interleaving;

public class RngTests
{
    [Fact]
    public void A_seed_gives_the_same_stream_for_ever()
    {
        // Frozen: campaigns and tests are reproduced from seeds.
        Rng rng = new(1);
        Assert.Equal(
            [Expected(1, 0), Expected(1, 1), Expected(1, 2)],
            [rng.NextUInt64(), rng.NextUInt64(), rng.NextUInt64()]);
        rng.Reseed(1);
        Assert.Equal(Expected(1, 0), rng.NextUInt64());
    }

    [Fact]
    public void Numbers_stay_below_their_bound_and_reach_it()
    {
        Rng rng = new(2);
        HashSet<int> seen = [];
        for (int i = 0; i < 2000; i++)
        {
            seen.Add(rng.Next(10));
        }

        Assert.Equal(Enumerable.Range(0, 10), seen.Order());
    }

    /// <summary>xorshift64* after splitmix64, written down a second time.</summary>
    private static ulong Expected(ulong seed, int index)
    {
        ulong z = seed + 0x9E3779B97F4A7C15UL;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ z >> 27) * 0x94D049BB133111EBUL;
        ulong x = z ^ z >> 31;
        for (int i = 0; i <= index; i++)
        {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
        }

        return x * 0x2545F4914F6CDD1DUL;
    }
}
