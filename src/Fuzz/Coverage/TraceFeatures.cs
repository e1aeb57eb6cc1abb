using Interleave;

namespace Fuzz.Coverage;

/// <summary>What one execution shows, as a set: the hand-offs and near misses that <see cref="InterleavingCoverage"/>
/// counts, without its hashing.</summary>
/// <remarks>For tools that compare test cases with each other; a campaign only asks what is new.</remarks>
public static class TraceFeatures
{
    private const ulong NearMiss = 1UL << 63;

    /// <summary>Adds the features of a trace to a set.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="into">Takes a number for each feature.</param>
    /// <param name="feedback">Which of them.</param>
    public static void Add(ReadOnlySpan<TraceStep> trace, ISet<ulong> into, Feedback feedback)
    {
        Dictionary<ushort, (TraceStep Last, TraceStep? Before)> touched = [];
        foreach (ref readonly TraceStep step in trace)
        {
            if (step.Target == TraceStep.NoTarget)
            {
                continue;
            }

            if (!touched.TryGetValue(step.Target, out (TraceStep Last, TraceStep? Before) earlier)
                || earlier.Last.Cpu == step.Cpu)
            {
                touched[step.Target] = (step, earlier.Before);
                continue;
            }

            // Another cpu has touched it since: a hand-off, and if it was this one before, a near miss, too.
            ulong key = (ulong)step.Kind << 48 | (ulong)earlier.Last.Point << 16 | step.Point;
            AddIf(feedback.HasFlag(Feedback.Handoffs), into, key);
            if (earlier.Before is { } own && own.Cpu == step.Cpu)
            {
                AddIf(feedback.HasFlag(Feedback.NearMisses), into, NearMiss | (ulong)own.Point << 32 | key);
            }

            touched[step.Target] = (step, earlier.Last);
        }
    }

    /// <summary>Number of near misses in a set.</summary>
    public static int NearMisses(IEnumerable<ulong> features) => features.Count(feature => (feature & NearMiss) != 0);

    private static void AddIf(bool wanted, ISet<ulong> into, ulong key)
    {
        if (wanted)
        {
            into.Add(key);
        }
    }
}
