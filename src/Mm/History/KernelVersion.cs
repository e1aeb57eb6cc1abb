namespace Mm.History;

/// <summary>A kernel version: the set of variants in force there. v6.18 is the text itself.</summary>
/// <remarks>
/// Other versions are v6.18 with the routines of interest as they stood, not yet the whole kernel of their time.
/// </remarks>
/// <param name="Name">As developers call it.</param>
/// <param name="Variants">Names of variants.</param>
/// <param name="Note">What it was.</param>
public sealed record KernelVersion(string Name, string[] Variants, string Note)
{
    /// <summary>The versions that can be asked for.</summary>
    public static IReadOnlyList<KernelVersion> All { get; } =
    [
        new("next-20221107", ["delayed-anon-rmap"], "linux-next with the first form of delayed rmap removal"),
        new("rfc-swapin-2024-01", ["new-rmap-always-exclusive"], "mm: support large folios swap-in, RFC, patch 4/6"),
        new("v6.7", ["no-swapcache-pin"], "before \"mm/swap: fix race when skipping swapcache\""),
        new(
            "mm-unstable-2024-06-18", ["non-atomic-swapbacked"],
            "with folio_add_new_anon_rmap() for swap cache folios"),
        new("v6.18", [], "the engine's own text"),
    ];

    /// <summary>The version of that name, or null.</summary>
    public static KernelVersion? Find(string name) => All.FirstOrDefault(v => v.Name == name);
}
