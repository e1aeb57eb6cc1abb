namespace Mm.History;

/// <summary>The kernel right after one commit: which variants are in force.</summary>
/// <remarks>
/// A variant is a whole routine, so only one for each routine can be in force. Historic forms of one routine succeed
/// each other. Where a tree has two, the form that began last is it; among those that were there from the beginning,
/// the one that was replaced first: it is the form of that time. What has to stand back is <see cref="Masked"/>. A form
/// that really had both flaws is written as a subclass of the other.
/// </remarks>
/// <param name="Last">The last commit that it has; null before the first.</param>
/// <param name="Variants">Names of the variants in force, sorted.</param>
/// <param name="Masked">Names of those that would be, if another form of the same routine were not.</param>
public sealed record SourceTree(Commit? Last, IReadOnlyList<string> Variants, IReadOnlyList<string> Masked)
{
    private static readonly string[] Originals = FindOriginals();

    /// <summary>Its last commit and release, for people.</summary>
    public string Name => Last is null ? "the beginning" : $"{Last.Name} ({Last.Release})";

    /// <summary>The sets of variants that must be tried to see all that it has: its own, and one for each variant that
    /// stands back, in place of the form that masks it.</summary>
    public IEnumerable<IReadOnlyList<string>> Builds =>
        [Variants, .. Masked.Select(name => VariantCatalog.Replace(Variants, [name]))];

    /// <summary>Mainline, or a branch on what is below it, from before the first commit to after the last.</summary>
    public static IReadOnlyList<SourceTree> Line(Branch? branch = null) =>
        Walk(Originals, branch is null ? Mainline.Commits : [.. Mainline.UpTo(branch.Base), .. branch.Commits]);

    /// <summary>The tree of a release.</summary>
    public static SourceTree Of(Release release) => Walk(Originals, Mainline.UpTo(release.Name))[^1];

    /// <summary>The last tree of a branch.</summary>
    public static SourceTree Of(Branch branch) => Line(branch)[^1];

    /// <summary>Whether both run the same routines.</summary>
    public bool SameAs(SourceTree other) =>
        Variants.SequenceEqual(other.Variants, StringComparer.Ordinal)
        && Masked.SequenceEqual(other.Masked, StringComparer.Ordinal);

    /// <summary>The tree before the first of some commits, and the one after each.</summary>
    /// <param name="originals">The variants that are there before; what wins over others comes last.</param>
    /// <param name="commits">The commits.</param>
    public static IReadOnlyList<SourceTree> Walk(IEnumerable<string> originals, IReadOnlyList<Commit> commits)
    {
        List<string> begun = [.. originals];
        List<SourceTree> trees = [Compose(null, begun)];
        foreach (Commit commit in commits)
        {
            begun.RemoveAll(name => commit.Ends.Contains(name, StringComparer.Ordinal));
            begun.AddRange(commit.Begins.Except(begun, StringComparer.Ordinal));
            trees.Add(Compose(commit, begun));
        }

        return trees;
    }

    /// <summary>What was there from the beginning; what is replaced first comes last, as what wins does.</summary>
    private static string[] FindOriginals()
    {
        HashSet<string> begun = new(Chronicle.All.SelectMany(commit => commit.Begins), StringComparer.Ordinal);
        return
        [
            .. Chronicle.All.SelectMany(commit => commit.Ends).Where(name => !begun.Contains(name))
                .Distinct(StringComparer.Ordinal).Reverse(),
        ];
    }

    private static SourceTree Compose(Commit? last, List<string> begun)
    {
        IReadOnlyList<string> variants = [];
        foreach (string name in begun)
        {
            variants = VariantCatalog.Replace(variants, [name]);
        }

        string[] masked = [.. begun.Except(variants, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new SourceTree(last, [.. variants.Order(StringComparer.Ordinal)], masked);
    }
}
