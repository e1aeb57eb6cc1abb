namespace Mm.History;

/// <summary>Where a tree stands in the history.</summary>
/// <param name="Branch">The branch whose line it is on; null for mainline.</param>
/// <param name="Index">Its number in <see cref="SourceTree.Line"/> of that branch.</param>
public sealed record Place(Branch? Branch, int Index)
{
    /// <summary>The place that a name means: a kernel version, or at least seven digits of a commit's hash.</summary>
    /// <returns>Null when it means nothing.</returns>
    public static Place? Find(string name)
    {
        if (Mainline.Releases.Any(release => release.Name == name))
        {
            return new Place(null, Mainline.UpTo(name).Length);
        }

        if (Branch.Find(name) is { } tip)
        {
            return new Place(tip, SourceTree.Line(tip).Count - 1);
        }

        foreach (Branch? branch in (IEnumerable<Branch?>)[null, .. Branch.All])
        {
            IReadOnlyList<SourceTree> line = SourceTree.Line(branch);
            for (int i = 1; i < line.Count; i++)
            {
                if (line[i].Last!.IsCalled(name))
                {
                    return new Place(branch, i);
                }
            }
        }

        return null;
    }

    /// <summary>The trees from this place to another, in this order, both included.</summary>
    /// <returns>Null when neither is below the other.</returns>
    public IReadOnlyList<SourceTree>? To(Place other)
    {
        Branch? branch = Branch ?? other.Branch;
        if (!IsBelow(branch) || !other.IsBelow(branch))
        {
            return null;
        }

        IEnumerable<SourceTree> trees = SourceTree.Line(branch).Skip(Math.Min(Index, other.Index))
            .Take(Math.Abs(Index - other.Index) + 1);
        return [.. Index <= other.Index ? trees : trees.Reverse()];
    }

    private bool IsBelow(Branch? branch) =>
        Branch == branch || (Branch is null && Index <= Mainline.UpTo(branch!.Base).Length);
}
