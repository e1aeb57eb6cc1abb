using Fuzz.Reporting;
using Fuzz.Schedules;

namespace Fuzz.Questions;

/// <summary>What the search says about one cell.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Broken">The smallest failure found; null when there was none.</param>
/// <param name="Searches">What is proven about each of the cell's programs; up to the one that failed.</param>
/// <param name="Sampled">Executions of random programs; none when an enumerated one failed.</param>
public sealed record Answer(Cell Cell, Reproducer? Broken, IReadOnlyList<SearchResult> Searches, long Sampled)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Safe => Broken is null;

    /// <summary>Whether that is what was concluded by those who asked.</summary>
    public bool? Agrees => Cell.Said switch
    {
        Conclusion.Safe => Safe,
        Conclusion.Broken => !Safe,
        _ => null,
    };

    /// <summary>How that is known, in words.</summary>
    public string Basis
    {
        get
        {
            if (Broken is { } broken)
            {
                string preemptions = broken.Schedule.Preemptions == 1 ? "preemption" : "preemptions";
                return $"{broken.Violates}, with {broken.Schedule.Preemptions} {preemptions}";
            }

            string sampled = Sampled == 0 ? "" : $", and {Sampled:#,0} executions of random programs";
            return $"{Proven()}{sampled}";
        }
    }

    private string Proven()
    {
        if (Searches.Count == 0)
        {
            return "nothing enumerated";
        }

        long schedules = Searches.Sum(search => search.Executions);
        string programs = Searches.Count == 1 ? "1 program" : $"{Searches.Count} programs";
        int bound = Searches.Min(search => search is Bounded bounded ? bounded.Preemptions : int.MaxValue);
        return bound switch
        {
            int.MaxValue => $"{programs}, all {schedules:#,0} schedules",
            < 0 => $"{programs}, not all of them enumerated",
            1 => $"{programs}, every schedule with at most 1 preemption ({schedules:#,0} in all)",
            _ => $"{programs}, every schedule with at most {bound} preemptions ({schedules:#,0} in all)",
        };
    }
}
