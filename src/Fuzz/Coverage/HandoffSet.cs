using System.Numerics;
using System.Runtime.CompilerServices;
using Interleave;

namespace Fuzz.Coverage;

/// <summary>The hand-offs that were seen: (kind of object, point before, point after) where two different cpus
/// touched one
/// object in turn.</summary>
/// <remarks>
/// This is what an interleaving adds to code coverage, which is soon full: the same steps in another order. Kept as a
/// bit
/// map of 2^22 bits under a hash: of the some ten thousand hand-offs that an engine of 300 points shows, about one in a
/// thousand shares its bit with another one and is not counted. Allocates nothing after its construction. Not
/// thread-safe.
/// </remarks>
public sealed class HandoffSet
{
    private const int BitsLog = 22;
    private readonly ulong[] bits = new ulong[1 << (BitsLog - 6)];

    /// <summary>By object id, who touched it last: execution number, point and cpu. Older executions count as
    /// nobody.</summary>
    private readonly ulong[] last = new ulong[TraceStep.NoTarget + 1];

    private uint execution;

    /// <summary>Number of hand-offs seen.</summary>
    public int Count { get; private set; }

    /// <summary>Adds the hand-offs of one execution.</summary>
    /// <returns>How many were new.</returns>
    public int Add(ReadOnlySpan<TraceStep> trace)
    {
        if (++execution == 0)
        {
            Array.Clear(last);
            execution = 1;
        }

        int before = Count;
        ulong stamp = (ulong)execution << 32;
        foreach (ref readonly TraceStep step in trace)
        {
            if (step.Target == TraceStep.NoTarget)
            {
                continue;
            }

            ref ulong slot = ref last[step.Target];
            ulong was = slot;
            ulong now = stamp | (ulong)step.Point << 8 | step.Cpu;
            slot = now;

            // The same execution and another cpu: a hand-off.
            ulong differs = was ^ now;
            if (differs >> 32 == 0 && (byte)differs != 0)
            {
                Note(step.Kind, (uint)(was >> 8) & 0xFFFF, step.Point);
            }
        }

        return Count - before;
    }

    /// <summary>Adds what another set has seen.</summary>
    /// <returns>How many were new.</returns>
    public int Add(HandoffSet other)
    {
        int before = Count;
        for (int i = 0; i < bits.Length; i++)
        {
            ulong added = other.bits[i] & ~bits[i];
            Count += BitOperations.PopCount(added);
            bits[i] |= added;
        }

        return Count - before;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(bits);
        Count = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Note(byte kind, uint before, uint after)
    {
        ulong key = (ulong)kind << 32 | before << 16 | after;
        uint hash = (uint)(key * 0x9E3779B97F4A7C15UL >> 64 - BitsLog);
        ref ulong word = ref bits[hash >> 6];
        ulong bit = 1UL << (int)(hash & 63);
        if ((word & bit) == 0)
        {
            word |= bit;
            Count++;
        }
    }
}
