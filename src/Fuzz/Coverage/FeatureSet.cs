using Interleave;

namespace Fuzz.Coverage;

/// <summary>All that one execution shows, as a set of numbers: to compare executions with each other, where a campaign
/// only asks what is new.</summary>
/// <remarks>The features are those of <see cref="TraceCoverage"/> and <see cref="EdgeMap"/>, without their hashing. Not
/// thread-safe.</remarks>
public sealed class FeatureSet
{
    private const ulong EdgesEnd = 1UL << 32;
    private const ulong HandoffsEnd = 1UL << 40;
    private const ulong NearMissesEnd = TraceCoverage.BranchBit;
    private readonly TraceCoverage coverage;
    private readonly HashSet<ulong> features = [];
    private readonly Feedback feedback;

    /// <summary>A set of features.</summary>
    /// <param name="points">The points of the engine.</param>
    /// <param name="feedback">Which of them.</param>
    public FeatureSet(PointTable points, Feedback feedback)
    {
        this.feedback = feedback;
        coverage = new TraceCoverage(points) { Met = Add };
    }

    /// <summary>Code edges.</summary>
    public int Edges => features.Count(feature => feature < EdgesEnd);

    /// <summary>Hand-offs.</summary>
    public int Handoffs => features.Count(feature => feature is >= EdgesEnd and < HandoffsEnd);

    /// <summary>Near misses.</summary>
    public int NearMisses => features.Count(feature => feature is >= HandoffsEnd and < NearMissesEnd);

    /// <summary>Branches.</summary>
    public int Branches => features.Count(feature => feature >= NearMissesEnd);

    /// <summary>The features.</summary>
    public IReadOnlyCollection<ulong> All => features;

    /// <summary>Adds those of the execution that has just ended; it followed <see cref="EdgeMap.Begin"/>.</summary>
    public void Add(Machine machine)
    {
        coverage.Add(machine.Trace);
        EdgeMap.Visit(Add);
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => features.Clear();

    private void Add(ulong feature)
    {
        Feedback kind = feature < EdgesEnd ? Feedback.Edges
            : feature < HandoffsEnd ? Feedback.Handoffs
            : feature < NearMissesEnd ? Feedback.NearMisses : Feedback.Branches;
        if (feedback.HasFlag(kind))
        {
            features.Add(feature);
        }
    }
}
