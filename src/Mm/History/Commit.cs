namespace Mm.History;

/// <summary>How sure it is that a commit is what the list says.</summary>
public enum Certainty
{
    /// <summary>The files were read at exactly this commit.</summary>
    Git,

    /// <summary>Hash and subject stand in published commit lists or pages; the code was not read at it.</summary>
    List,

    /// <summary>The patch or a mail that quotes it was read; a hash, where there is one, is the one quoted.</summary>
    Mail,

    /// <summary>The code was read in releases before and after it; hash and date are not known.</summary>
    Tree,

    /// <summary>From memory, or concluded from dates.</summary>
    Memory,
}

/// <summary>One commit, or one patch in a mail, and the variants that it switches.</summary>
/// <remarks>
/// The engine's text is v6.18. A commit up to v6.18 ends variants (the older form was in force before it) and may begin
/// others, which a later one ends; a commit after v6.18 begins them. One that switches nothing is there because a story
/// refers to it, or because its variant is still to be written.
/// </remarks>
/// <param name="Hash">Twelve digits; <see cref="Unverified"/> when it is not known or was never committed.</param>
/// <param name="Date">When its author sent it, year-month-day.</param>
/// <param name="Release">The first release, or the branch, that has it.</param>
/// <param name="Certainty">How sure that is; of a release, dates alone may say so.</param>
/// <param name="Subject">Its subject, or what the mail proposes.</param>
public sealed record Commit(string Hash, string Date, string Release, Certainty Certainty, string Subject)
{
    /// <summary>The hash of what has none that is known.</summary>
    public const string Unverified = "-";

    private const int DigitsMin = 7;

    /// <summary>Names of variants that are no longer in force with it.</summary>
    public IReadOnlyList<string> Ends { get; init; } = [];

    /// <summary>Names of variants that are in force from it on.</summary>
    public IReadOnlyList<string> Begins { get; init; } = [];

    /// <summary>Whether it switches a variant.</summary>
    public bool Switches => Ends.Count + Begins.Count > 0;

    /// <summary>What it is called in one word: its hash, or its date where that is not known.</summary>
    public string Name => Hash == Unverified ? $"patch of {Date}" : Hash;

    /// <summary>Whether a person means this one: seven digits of the hash are enough.</summary>
    public bool IsCalled(string name) => Hash != Unverified && name.Length >= DigitsMin
        && (Hash.StartsWith(name, StringComparison.Ordinal) || name.StartsWith(Hash, StringComparison.Ordinal));

    /// <inheritdoc />
    public override string ToString() => $"{Name} \"{Subject}\" ({Release})";
}
