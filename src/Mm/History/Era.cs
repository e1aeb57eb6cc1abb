namespace Mm.History;

/// <summary>Trees in a row that run the same routines: one engine stands for all of them.</summary>
/// <param name="First">The oldest; its last commit began the era.</param>
/// <param name="Last">The newest.</param>
public sealed record Era(SourceTree First, SourceTree Last)
{
    /// <summary>From where to where, for people.</summary>
    public string Name => First == Last ? First.Name : $"{First.Name} .. {Last.Name}";

    /// <summary>The eras of a line of trees, oldest first.</summary>
    public static IReadOnlyList<Era> Of(IEnumerable<SourceTree> line)
    {
        List<Era> eras = [];
        foreach (SourceTree tree in line)
        {
            if (eras.Count > 0 && eras[^1].Last.SameAs(tree))
            {
                eras[^1] = eras[^1] with { Last = tree };
            }
            else
            {
                eras.Add(new Era(tree, tree));
            }
        }

        return eras;
    }
}
