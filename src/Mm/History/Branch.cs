namespace Mm.History;

/// <summary>A tree beside mainline: linux-next or mm-unstable of one day, or a series as it was mailed.</summary>
/// <param name="Name">The tree's name, or <c>rfc-</c>, what it is about, year and month.</param>
/// <param name="Base">The release that it is compared with: the nearest whose routines it had.</param>
/// <param name="Note">What it was.</param>
/// <param name="Commits">What it has on top, oldest first; each names the branch as its release.</param>
public sealed record Branch(string Name, string Base, string Note, IReadOnlyList<Commit> Commits)
{
    /// <summary>The branches, oldest first.</summary>
    public static IReadOnlyList<Branch> All { get; } =
    [
        new("rfc-zap-2021-11", "v5.16", "mm: Rework zap ptes on swap entries, RFC v1 and v2: all swap entries go",
        [
            new(Commit.Unverified, "2021-11-15", "rfc-zap-2021-11", Certainty.Mail,
                "mm: rework swap handling of zap_pte_range, RFC")
            {
                Ends = ["zap-skips-swap"],
                Begins = ["zap-takes-all-swap"],
            },
        ]),
        new("next-20221107", "v6.1", "linux-next with the first form of delayed rmap removal",
        [
            new("cb67f4282bf9", "2022-11-02", "next-20221107", Certainty.Git,
                "mm,thp,rmap: simplify compound page mapcount handling"),
            new("db12063aab49", "2022-11-04", "next-20221107", Certainty.List,
                "mm: delay rmap removal until after TLB flush")
            {
                Ends = ["rmap-removed-before-flush"],
                Begins = ["delayed-anon-rmap", "subpages-mapcount"],
            },
        ]),
        new("rfc-swapin-2024-01", "v6.7", "mm: support large folios swap-in, RFC, patch 4/6",
        [
            new(Commit.Unverified, "2024-01-18", "rfc-swapin-2024-01", Certainty.Mail,
                "mm: support large folios swapin as a whole, RFC 4/6")
            {
                Ends = ["swapin-one-page"], Begins = ["new-rmap-always-exclusive", "batch-ignores-exclusive"],
            },
        ]),
        new("mm-unstable-2024-06-18", "v6.9", "with folio_add_new_anon_rmap() for swap cache folios",
        [
            new(Commit.Unverified, "2024-06-17", "mm-unstable-2024-06-18", Certainty.Mail,
                "mm: use folio_add_new_anon_rmap() if folio_test_anon(folio)==false, v2")
            {
                Begins = ["non-atomic-swapbacked"],
            },
        ]),
        new("deferred-split-rfc-2025-04", KernelVersion.Text, "the scanner's folio_batch without a second look at the "
            + "list before a folio is added back",
        [
            new(Commit.Unverified, "2025-04-15", "deferred-split-rfc-2025-04", Certainty.Mail,
                "mm: thp: use folio_batch to handle THP splitting in deferred_split_scan(), RFC")
            {
                Begins = ["batch-scan-double-add"],
            },
        ]),
    ];

    /// <summary>The branch of that name, or null.</summary>
    public static Branch? Find(string name) => All.FirstOrDefault(branch => branch.Name == name);
}
