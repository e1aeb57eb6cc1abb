using Mm.History;

namespace Fuzz.Questions;

/// <summary>One era of the history, tried.</summary>
/// <param name="Branch">The branch whose line it is on; null for mainline.</param>
/// <param name="Era">The era.</param>
/// <param name="Trials">One for each form of the routines that it had.</param>
public sealed record EraTrial(Branch? Branch, Era Era, IReadOnlyList<Trial> Trials)
{
    /// <summary>Whether the program fails there.</summary>
    public bool Bad => Trials.Any(trial => trial.Bad);

    /// <summary>The trial that decides: one that failed, else the one that leaves most open.</summary>
    public Trial Decisive => Trials.FirstOrDefault(trial => trial.Bad)
        ?? Trials.FirstOrDefault(trial => !trial.Certain) ?? Trials[0];
}

/// <summary>A commit with which the program begins to fail, or ceases to.</summary>
/// <param name="Branch">The branch whose line it is on; null for mainline.</param>
/// <param name="Commit">The commit.</param>
/// <param name="ToBad">Whether it begins to fail.</param>
public sealed record Change(Branch? Branch, Commit Commit, bool ToBad);

/// <summary>Which commits a failure comes from.</summary>
/// <param name="Variants">The variants of the reproducer; none for a program.</param>
/// <param name="Own">What it did on v6.18 with these variants; null for a program.</param>
/// <param name="Eras">The eras that were tried, line by line, oldest first.</param>
/// <param name="Changes">The commits where it changes, in the same order.</param>
public sealed record Blame(
    IReadOnlyList<string> Variants, Trial? Own, IReadOnlyList<EraTrial> Eras, IReadOnlyList<Change> Changes)
{
    /// <summary>The fixes of the catalog, tried on v6.18; only when it fails at every point.</summary>
    public IReadOnlyList<Trial> Remedies { get; init; } = [];

    /// <summary>The variants that stand in no tree of the history: hypothetical, or under review.</summary>
    public IReadOnlyList<string> Hypothetical => [.. Variants.Where(name => !Chronicle.Knows(name))];

    /// <summary>Whether the program fails anywhere.</summary>
    public bool Any => Own?.Bad == true || Eras.Any(era => era.Bad);

    /// <summary>The commit it came with, that of the reproducer's own variants before others; null when there is
    /// none.</summary>
    public Change? FirstBad => Best(toBad: true);

    /// <summary>The commit that put it right, or null.</summary>
    public Change? Fix => Best(toBad: false);

    /// <summary>The failure rate on the bad side that is exceeded at 95 %, the least that was seen; null when random
    /// executions never failed.</summary>
    public double? RateMin
    {
        get
        {
            double[] rates =
            [
                .. Eras.SelectMany(era => era.Trials).Append(Own).OfType<Trial>()
                    .Where(trial => trial.Hits > 0).Select(trial => trial.RateMin),
            ];
            return rates.Length == 0 ? null : rates.Min();
        }
    }

    /// <summary>The answer in one line, for the header of a reproducer.</summary>
    public override string ToString()
    {
        if (!Any)
        {
            return "nothing fails within the budget";
        }

        if (Hypothetical.Count > 0 && !Eras.Any(era => era.Bad))
        {
            return $"no commit: variant {string.Join(", ", Hypothetical)}";
        }

        if (!Eras.Any(era => era.Bad))
        {
            return "no tree of the history fails within the budget";
        }

        if (Changes.Count == 0)
        {
            string[] remedies = [.. Remedies.Where(trial => !trial.Bad).SelectMany(trial => trial.Variants)];
            return "bad at every point that was tried"
                + (remedies.Length == 0 ? "" : $"; passes with variant {string.Join(", or ", remedies)}");
        }

        string first = FirstBad is { } bad
            ? $"first bad {bad.Commit.Name} ({bad.Commit.Release})"
            : $"bad from {Eras.First(era => era.Bad).Era.First.Name}";
        return Fix is { } fix
            ? $"{first}, fixed by {fix.Commit.Name} ({fix.Commit.Release})"
            : $"{first}, not fixed where it was tried";
    }

    private Change? Best(bool toBad) =>
        Changes.FirstOrDefault(change => change.ToBad == toBad && Variants.Any(
            name => (toBad ? change.Commit.Begins : change.Commit.Ends).Contains(name, StringComparer.Ordinal)))
        ?? Changes.FirstOrDefault(change => change.ToBad == toBad);
}
