using System.Runtime.CompilerServices;
using Interleave;

namespace Fuzz.Coverage;

/// <summary>What the steps of executions have shown: who touched what after whom, which way routines
/// went.</summary>
/// <remarks>
/// <para>A <b>hand-off</b> is (kind of object, point before, point after) where two different cpus touched one object
/// in turn, not both only reading it. A <b>near miss</b> is (kind of object, first point, point between, second point)
/// where another cpu touched an object between two touches of the first one, so that no order of one after the other
/// has the same effect: a window that opened and closed with somebody in it, whether or not harm was done. These are
/// the four unserializable patterns of Lu, Tucek, Qin, Zhou: AVIO, ASPLOS 2006 (read-write-read, write-write-read,
/// write-read-write, read-write-write); here the two touches may have steps on other objects between them.</para>
/// <para>A <b>branch</b> is (point, next point) of one lane, whatever other lanes did meanwhile.</para>
/// <para>Kept in <see cref="FeatureMap"/>s of 2^21 counters. Allocates next to nothing. Not thread-safe.</para>
/// </remarks>
/// <param name="points">The points of the engine: which of them read, and which write.</param>
public sealed class TraceCoverage(PointTable points)
{
    /// <summary>Tells branches from the other keys.</summary>
    internal const ulong BranchBit = 1UL << 63;

    private const int Reads = 1;
    private const int Writes = 2;

    private const int BitsLog = 21;
    private readonly FeatureMap handoffs = new(BitsLog);
    private readonly FeatureMap nearMisses = new(BitsLog);
    private readonly FeatureMap branches = new(BitsLog);

    /// <summary>By cpu, the point that it passed last.</summary>
    private readonly ushort[] passed = new ushort[Machine.CpusMax];

    /// <summary>By object id, who touched it last: execution number, point and cpu. Older executions count as
    /// nobody.</summary>
    private readonly ulong[] last = new ulong[TraceStep.NoTarget + 1];

    /// <summary>By object id, who touched it before the cpu that touched it last.</summary>
    private readonly ulong[] before = new ulong[TraceStep.NoTarget + 1];

    private uint execution;

    /// <summary>Told of each feature, new or not, by a number that no other one has; mostly
    /// nobody.</summary>
    public Action<ulong>? Met { get; init; }

    /// <summary>Number of hand-offs seen.</summary>
    public int Handoffs => handoffs.Count;

    /// <summary>Number of near misses seen.</summary>
    public int NearMisses => nearMisses.Count;

    /// <summary>Number of branches seen.</summary>
    public int Branches => branches.Count;

    /// <summary>Number of features of the three kinds that one execution has shown, and no other.</summary>
    public int Singletons => handoffs.Singletons + nearMisses.Singletons + branches.Singletons;

    /// <summary>Adds what one execution showed.</summary>
    /// <param name="trace">Its steps.</param>
    /// <param name="notable">Takes the features that were seen for the first, second, fourth ... time.</param>
    /// <returns>How many were new.</returns>
    public Novelty Add(ReadOnlySpan<TraceStep> trace, List<Feature>? notable = null)
    {
        if (++execution == 0)
        {
            Array.Clear(last);
            Array.Clear(before);
            execution = 1;
        }

        (int handoffsBefore, int nearMissesBefore, int branchesBefore) = (Handoffs, NearMisses, Branches);
        Array.Clear(passed);
        ulong stamp = (ulong)execution << 32;
        foreach (ref readonly TraceStep step in trace)
        {
            ref ushort from = ref passed[step.Cpu];
            Count(branches, Feedback.Branches, BranchBit | (ulong)from << 16 | step.Point, notable);
            from = step.Point;
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
                Note(step, was, now, notable);
            }
        }

        handoffs.EndExecution();
        nearMisses.EndExecution();
        branches.EndExecution();
        return new Novelty(
            0, Handoffs - handoffsBefore, NearMisses - nearMissesBefore, Branches - branchesBefore);
    }

    /// <summary>How often a feature was seen; at most 65,535.</summary>
    public int Times(Feature feature) => (feature.Kind switch
    {
        Feedback.Handoffs => handoffs,
        Feedback.NearMisses => nearMisses,
        _ => branches,
    }).Times(feature.Index);

    /// <summary>Whether a feature that was seen so often is worth another look: the first, second, fourth ...
    /// time.</summary>
    internal static bool IsNotable(int times) => (times & (times - 1)) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PointOf(ulong touch) => touch >> 8 & 0xFFFF;

    private static bool IsUnserializable(int first, int between, int second) =>
        first != 0 && second != 0
        && (((between & Writes) != 0 && ((first | second) & Reads) != 0)
            || ((between & Reads) != 0 && (first & second & Writes) != 0));

    private void Note(in TraceStep step, ulong was, ulong now, List<Feature>? notable)
    {
        ref ulong slot = ref before[step.Target];
        ulong own = slot;
        slot = was;
        int between = EffectOf((int)PointOf(was));
        int second = EffectOf(step.Point);
        if ((between | second) == Reads)
        {
            return;
        }

        ulong key = (ulong)step.Kind << 32 | PointOf(was) << 16 | step.Point;
        Count(handoffs, Feedback.Handoffs, key, notable);
        if ((own ^ now) >> 32 == 0 && (byte)own == step.Cpu
            && IsUnserializable(EffectOf((int)PointOf(own)), between, second))
        {
            Count(nearMisses, Feedback.NearMisses, key | (ulong)step.Kind << 56 | PointOf(own) << 40, notable);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(FeatureMap map, Feedback kind, ulong key, List<Feature>? notable)
    {
        Met?.Invoke(key);
        if (IsNotable(map.Add(key, out int index)))
        {
            notable?.Add(new Feature(kind, index));
        }
    }

    /// <summary>What a point does to its object; locks are neither read nor written, but handed over.</summary>
    private int EffectOf(int point) => points[point].Access switch
    {
        Access.Read => Reads,
        Access.Write => Writes,
        Access.Rmw => Reads | Writes,
        _ => 0,
    };
}
