namespace Fuzz.Schedules;

/// <summary>How a replay left its schedule.</summary>
public enum DriftKind
{
    /// <summary>A turn could not begin or did not end as written.</summary>
    Turn,

    /// <summary>The execution ended before the schedule did.</summary>
    EndedEarly,

    /// <summary>The schedule ended and lanes could still run.</summary>
    EndedLate,
}

/// <summary>Where and how a replay left its schedule: the first place only.</summary>
/// <param name="Kind">How.</param>
/// <param name="Turn">Number of the turn, from 1; one more than there are turns for
/// <see cref="DriftKind.EndedLate"/>.</param>
/// <param name="Step">Steps taken before the replay was stopped, which is the number of the step that was not
/// taken.</param>
/// <param name="Expected">What the schedule wants, naming cpu and point.</param>
/// <param name="Actual">What is the case, naming cpu and point.</param>
public sealed record Drift(DriftKind Kind, int Turn, int Step, string Expected, string Actual)
{
    /// <summary>One sentence.</summary>
    public override string ToString() =>
        $"drifted in turn {Turn} at step {Step}: expected {Expected}; actual: {Actual}";
}
