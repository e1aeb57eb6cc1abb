namespace Conformance;

/// <summary>How two sides are compared in one thing that they show.</summary>
public enum Comparing
{
    /// <summary>Both show the same.</summary>
    Exact,

    /// <summary>Both show the same once no folio is in a batch of any cpu, which is seen to after each call.</summary>
    Drained,

    /// <summary>The kernel may show one of a few things; the engine says which.</summary>
    OneOf,

    /// <summary>Not at all.</summary>
    NotCompared,
}

/// <summary>What one call did: what came back, and what is there afterwards.</summary>
/// <param name="Answer">What the call returned (see <see cref="CallRow.Answer"/>); null for anything.</param>
/// <param name="View">The state after it.</param>
public sealed record Reaction(string? Answer, View View);

/// <summary>One thing that both sides show, and how it is compared.</summary>
/// <param name="Name">One word, for reports.</param>
/// <param name="Comparing">How.</param>
/// <param name="Reason">Where it is read on a real kernel; where it is not compared, why.</param>
public sealed record Observable(string Name, Comparing Comparing, string Reason)
{
    /// <summary>The oldest kernel that shows it; null for all.</summary>
    public Version? Since { get; init; }

    /// <summary>What of a folio it is about.</summary>
    internal PageTraits Traits { get; init; }

    /// <summary>What a side shows of it: of what, and the value, where it shows one.</summary>
    internal Func<Reaction, IEnumerable<(string Subject, string? Value)>> Facts { get; init; } = static _ => [];

    /// <summary>Whether it is compared with a kernel of that version.</summary>
    public bool AppliesTo(Release release) => Comparing != Comparing.NotCompared && release.Number >= (Since ?? new());
}
