using Fuzz.Execution;
using Fuzz.Schedules;

namespace Fuzz.Questions;

/// <summary>What one program did on one engine.</summary>
/// <param name="Variants">The engine.</param>
/// <param name="Search">The enumeration by ascending number of preemptions.</param>
/// <param name="Enumerated">Executions that it took.</param>
/// <param name="Sampled">Random executions after it; none when it was complete and clean.</param>
/// <param name="Hits">Those of them that failed as asked.</param>
/// <param name="Otherwise">Executions of both sorts that failed, but otherwise than asked.</param>
/// <param name="Violation">The first failure as asked; null when there was none.</param>
public sealed record Trial(
    IReadOnlyList<string> Variants, SearchResult Search, long Enumerated, long Sampled, long Hits, long Otherwise,
    Violation? Violation)
{
    /// <summary>Whether it failed as asked.</summary>
    public bool Bad => Violation is not null;

    /// <summary>Whether nothing is left open.</summary>
    public bool Certain => Bad || Search is Complete;

    /// <summary>Whether all schedules up to some number of preemptions were executed.</summary>
    public bool IsBounded => Search is Bounded { Preemptions: >= 0 };

    /// <summary>The failure rate that is exceeded at 95 %.</summary>
    public double RateMin => Confidence.RateMin(Hits, Sampled);
}
