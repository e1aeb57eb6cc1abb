using System.Text.RegularExpressions;
using Mm.History;
using Mm.Routines;

namespace Conformance;

/// <summary>A kernel version that real kernels are taken from, and what the engine runs as to be compared with
/// it.</summary>
/// <param name="Name">As on the command line: <c>6.18</c>.</param>
/// <param name="Number">The same, to be compared.</param>
/// <param name="Variants">The engine's variants of that version, and of the guest's devices.</param>
public sealed record Release(string Name, Version Number, IReadOnlyList<string> Variants)
{
    private static readonly string[] Names = ["6.1", "6.12", "6.16", "6.18", "7.2"];

    private static readonly Regex Form = new(
        @"^(?<version>\d+\.\d+)((\.\d+[-+\w.]*)|-strict)?$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    /// <summary>Where Debian's kernels for x86 are not as the history has their version: what has been put right since
    /// its first release; and what came in by a backport, or is wrong on x86 alone.</summary>
    private static readonly Dictionary<string, (string[] Ends, string[] Begins)> Backports =
        new(StringComparer.Ordinal)
        {
            ["6.12"] = (["uffd-move-ignores-swapcache", "uffd-move-trusts-lookup"], ["requeue-mapped-folio"]),
            ["6.16"] = ([], [PmdModifyDropsDirty.Name]),
            ["6.18"] = ([], [PmdModifyDropsDirty.Name]),
        };

    /// <summary>The engine's own text.</summary>
    public static Release Text { get; } = Make("6.18");

    /// <summary>All of them, oldest first.</summary>
    public static IReadOnlyList<Release> All { get; } = [.. Names.Select(Make)];

    /// <summary>The version that a kernel's name begins with, under that name; or null.</summary>
    /// <param name="name">A version, a release of it (<c>6.18.5</c>), or one that is built here
    /// (<c>7.2-strict</c>).</param>
    public static Release? Find(string name) =>
        Form.Match(name) is { Success: true } match
            && All.FirstOrDefault(release => release.Name == match.Groups["version"].Value) is { } found
            ? found with { Name = name } : null;

    /// <summary>Without charge moving, which no guest does: its memcgs are those of cgroup v2.</summary>
    private static Release Make(string name)
    {
        (string[] ends, string[] begins) = Backports.GetValueOrDefault(name, ([], []));
        IEnumerable<string> variants = (KernelVersion.Find($"v{name}")?.Variants ?? []).Except(ends)
            .Where(variant => VariantCatalog.Get(variant).Replaces != typeof(ChargeMoving));
        return new Release(
            name, Version.Parse(name), VariantCatalog.Replace(variants, [UnpinLeavesClean.Name, .. begins]));
    }
}
