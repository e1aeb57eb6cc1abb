namespace Mm.History;

/// <summary>A kernel version: the set of variants in force there. v6.18 is the text itself.</summary>
/// <remarks>
/// Other versions are v6.18 with the routines of interest as they stood, not yet the whole kernel of their time.
/// </remarks>
/// <param name="Name">As developers call it.</param>
/// <param name="Date">Of a release, or of the last patch of a branch.</param>
/// <param name="Tree">What is in force.</param>
/// <param name="Note">What it was.</param>
public sealed record KernelVersion(string Name, string Date, SourceTree Tree, string Note)
{
    /// <summary>The name of the version that the engine's own text is.</summary>
    public const string Text = "v6.18";

    /// <summary>The versions that can be asked for: every release of mainline and every branch, by date.</summary>
    public static IReadOnlyList<KernelVersion> All { get; } =
    [
        .. Mainline.Releases
            .Select(release => new KernelVersion(release.Name, release.Date, SourceTree.Of(release), release.Note))
            .Concat(Branch.All.Select(branch =>
                new KernelVersion(branch.Name, branch.Commits[^1].Date, SourceTree.Of(branch), branch.Note)))
            .OrderBy(version => version.Date, StringComparer.Ordinal),
    ];

    /// <summary>Names of the variants in force, one for each routine at most.</summary>
    public IReadOnlyList<string> Variants => Tree.Variants;

    /// <summary>The version of that name, or null.</summary>
    public static KernelVersion? Find(string name) => All.FirstOrDefault(v => v.Name == name);
}
