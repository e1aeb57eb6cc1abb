namespace Mm.History;

/// <summary>All commits of mainline and of the branches, and which of them switch a variant.</summary>
public static class Chronicle
{
    /// <summary>Mainline's, then those of each branch.</summary>
    public static IReadOnlyList<Commit> All { get; } =
        [.. Mainline.Commits, .. Branch.All.SelectMany(branch => branch.Commits)];

    /// <summary>The commit that brought a variant, or null: it was there from the beginning, or is in no
    /// history.</summary>
    public static Commit? BeginOf(string variant) => All.FirstOrDefault(commit => commit.Begins.Contains(variant));

    /// <summary>The commit that replaced a variant, or null.</summary>
    public static Commit? EndOf(string variant) => All.FirstOrDefault(commit => commit.Ends.Contains(variant));

    /// <summary>Whether a variant ever stood in a tree; others are hypothetical, or patches under review.</summary>
    public static bool Knows(string variant) => BeginOf(variant) is not null || EndOf(variant) is not null;
}
