using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Interleave;

/// <summary>A set of lanes, by number.</summary>
/// <remarks>Bits of two words, of which a change touches one, so that the machine's bookkeeping is a handful of
/// instructions. Enumerated upwards.</remarks>
public record struct LaneSet
{
    internal const int WordBits = 64;
    private ulong low;
    private ulong high;

    /// <summary>A set of these bits.</summary>
    /// <param name="low">Bit i is set when lane i is in the set.</param>
    /// <param name="high">Bit i is set when lane 64 + i is in the set.</param>
    public LaneSet(ulong low, ulong high)
    {
        this.low = low;
        this.high = high;
    }

    /// <summary>Bits of lanes 0 to 63.</summary>
    public readonly ulong Low => low;

    /// <summary>Bits of lanes 64 and above.</summary>
    public readonly ulong High => high;

    /// <summary>Whether no lane is in it.</summary>
    public readonly bool IsEmpty
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Low | High) == 0;
    }

    /// <summary>Number of lanes.</summary>
    public readonly int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BitOperations.PopCount(Low) + BitOperations.PopCount(High);
    }

    /// <summary>The lowest lane; 128 when there is none.</summary>
    public readonly int First
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Low != 0
            ? BitOperations.TrailingZeroCount(Low)
            : WordBits + BitOperations.TrailingZeroCount(High);
    }

    /// <summary>All but the lowest lane.</summary>
    public readonly LaneSet WithoutFirst
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Low & (Low - 1), Low != 0 ? High : High & (High - 1));
    }

    /// <summary>The lanes of either set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneSet operator |(LaneSet left, LaneSet right) => new(left.Low | right.Low, left.High | right.High);

    /// <summary>The lanes of both sets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LaneSet operator &(LaneSet left, LaneSet right) => new(left.Low & right.Low, left.High & right.High);

    /// <summary>Whether the lane is in it; never for -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Contains(int lane) => (((lane & WordBits) == 0 ? Low : High) >> lane & 1) != 0;

    /// <summary>The lanes that are not in the other set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly LaneSet Without(LaneSet other) => new(Low & ~other.Low, High & ~other.High);

    /// <summary>Puts a lane into it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int lane)
    {
        if (lane < WordBits)
        {
            low |= 1UL << lane;
        }
        else
        {
            high |= 1UL << lane;
        }
    }

    /// <summary>Takes a lane out of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(int lane)
    {
        if (lane < WordBits)
        {
            low &= ~(1UL << lane);
        }
        else
        {
            high &= ~(1UL << lane);
        }
    }

    /// <summary>Puts a lane into it, or takes it out.</summary>
    /// <remarks>Without a branch, for conditions that are as good as random.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int lane, bool member)
    {
        if (lane < WordBits)
        {
            low = low & ~(1UL << lane) | (ulong)Unsafe.BitCast<bool, byte>(member) << lane;
        }
        else
        {
            high = high & ~(1UL << lane) | (ulong)Unsafe.BitCast<bool, byte>(member) << lane;
        }
    }

    /// <summary>The lane with this many lower ones in the set.</summary>
    /// <param name="index">Below <see cref="Count"/>.</param>
    public readonly int Nth(int index)
    {
        LaneSet rest = this;
        for (; index > 0; index--)
        {
            rest = rest.WithoutFirst;
        }

        return rest.First;
    }

    /// <summary>The lanes, lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Enumerator GetEnumerator() => new(this);

    /// <summary>Walks through a set.</summary>
    [StructLayout(LayoutKind.Auto)]
    public struct Enumerator
    {
        private ulong low;
        private ulong high;

        internal Enumerator(LaneSet set)
        {
            low = set.Low;
            high = set.High;
        }

        /// <summary>The lane.</summary>
        public int Current { get; private set; }

        /// <summary>Goes on to the next lane; false when there is none.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            if (low != 0)
            {
                Current = BitOperations.TrailingZeroCount(low);
                low &= low - 1;
                return true;
            }

            if (high != 0)
            {
                Current = WordBits + BitOperations.TrailingZeroCount(high);
                high &= high - 1;
                return true;
            }

            return false;
        }
    }
}
