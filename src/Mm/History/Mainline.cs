namespace Mm.History;

/// <summary>A release, or the state of mainline at a release candidate.</summary>
/// <remarks>Dates after v6.18 are from memory, or concluded from the nine weeks between releases.</remarks>
/// <param name="Name">As tagged.</param>
/// <param name="Date">Of the tag, year-month-day.</param>
/// <param name="Note">What it is known for here.</param>
public sealed record Release(string Name, string Date, string Note);

/// <summary>Mainline: its releases and, release by release, the commits that matter to the stories.</summary>
/// <remarks>
/// <b>To attach a variant</b>: add it to <c>Ends</c> of the commit that replaced it and, if it was not there from the
/// beginning, to <c>Begins</c> of the one that brought it. Commits stand in the order of their releases, then dates.
/// </remarks>
public static class Mainline
{
    /// <summary>The releases, oldest first.</summary>
    public static IReadOnlyList<Release> Releases { get; } =
    [
        new("v2.6.12", "2005-06-17", "the first release with a history in git"),
        new("v3.0", "2011-07-21", "anon_vmas with reference counts, and the check of them that was not enough"),
        new("v3.15", "2014-06-08", "TLB flush inside the page table lock where a dirty page was zapped"),
        new("v3.18", "2014-12-07", "one fast GUP for all architectures that have none"),
        new("v3.19", "2015-02-08", "folios of a memcg that is removed stay with it"),
        new("v4.3", "2015-11-01", "reclaim puts its TLB flushes off"),
        new("v4.13", "2017-09-03", "zapping looks for flushes that others still have to make"),
        new("v4.15", "2018-01-28", "with the bypass of the swap cache for synchronous devices"),
        new("v4.19", "2018-10-22", "mremap flushes before it unlocks the page tables"),
        new("v5.4", "2019-11-24", "with a deferred split queue for each memcg"),
        new("v5.6", "2020-03-29", "a queued THP may be moved between memcgs"),
        new("v5.9", "2020-10-11", "a page that was forked is reused when nobody else has a reference"),
        new("v5.16", "2022-01-09", "before the rework of zapping with details"),
        new("v5.17", "2022-03-20", "the last one whose truncation leaves swapped-out COW pages behind"),
        new("v5.18", "2022-05-22", "with the rework of zapping with details"),
        new("v5.19", "2022-07-31", "with PG_anon_exclusive"),
        new("v6.0", "2022-10-02", "fast GUP sees a collapse"),
        new("v6.1", "2022-12-11", "the last one that removes the rmap before the TLB flush"),
        new("v6.2", "2023-02-19", "with delayed rmap removal, of dirty file pages only"),
        new("v6.3", "2023-04-23", "without lock_page_memcg() in rmap"),
        new("v6.7", "2024-01-07", "the last one that skips the swap cache without pinning the slot"),
        new("v6.8", "2024-03-10", "with the slot pinned"),
        new("v6.9", "2024-05-12", "migration unqueues from the deferred split queue too late"),
        new("v6.10", "2024-07-14", "migration unqueues from the deferred split queue while the folio is frozen"),
        new("v6.11", "2024-09-15", "with folio_add_new_anon_rmap() for swap cache folios"),
        new("v6.12-rc1", "2024-09-29", "with the splitting of underused THPs"),
        new("v6.12", "2024-11-17", "with the last fix of the deferred split queue"),
        new("v6.13", "2025-01-19", "with an atomic PG_partially_mapped"),
        new("v6.14", "2025-03-24", "UFFDIO_MOVE moves what is in the swap cache, too"),
        new("v6.15", "2025-05-25", "with a record of who maps a large folio"),
        new("v6.16", "2025-07-27", "UFFDIO_MOVE looks twice whether it is there"),
        new(KernelVersion.Text, "2026-01-30", "the engine's own text, as of v6.18.8"),
        new("v6.19", "2026-02-08", "without the local list of the deferred split scanner"),
        new("v7.0", "2026-04-12", "every swapin goes through the swap cache"),
        new("v7.1", "2026-06-14", "a migrated folio is queued for deferred splitting again"),
        new("v7.2", "2026-08-16", "with the zero map inside the swap table"),
    ];

    /// <summary>The commits.</summary>
    public static IReadOnlyList<Commit> Commits { get; } =
    [
        .. Gather, .. Batching, .. SwapBypass, .. DelayedRmap, .. Deferred, .. FirstMapper, .. Underused, .. Moves,
        .. AfterText,
    ];

    /// <summary>The commits that a release has.</summary>
    /// <exception cref="ArgumentException">There is no such release.</exception>
    public static Commit[] UpTo(string release)
    {
        string[] names = [.. Releases.Select(r => r.Name)];
        int last = Array.IndexOf(names, release);
        return last < 0
            ? throw new ArgumentException($"no release is called '{release}'", nameof(release))
            : [.. Commits.Where(commit => Array.IndexOf(names, commit.Release) <= last)];
    }

    private static Commit[] Gather =>
    [
        new("1da177e4c3f4", "2005-04-16", "v2.6.12", Certainty.List, "Linux-2.6.12-rc2"),
        new("746b18d421da", "2011-05-24", "v3.0", Certainty.Memory, "mm: use refcounts for page_lock_anon_vma()")
        {
            Begins = ["anon-vma-locked-by-count"],
        },
        new("965f55dea0e3", "2011-05-26", "v3.0", Certainty.Memory, "mmap: avoid merging cloned VMAs"),
        new("eee0f252c653", "2011-05-28", "v3.0", Certainty.List, "mm: fix page_lock_anon_vma leaving mutex locked")
        {
            Ends = ["anon-vma-locked-by-count"],
        },
        new("1cf35d47712d", "2014-04-25", "v3.15", Certainty.List,
            "mm: split 'tlb_flush_mmu()' into tlb flushing and memory freeing parts")
        {
            Ends = ["zap-flushes-after-unlock"],
            Begins = ["rmap-removed-before-flush"],
        },
        new("2667f50e8b81", "2014-10-09", "v3.18", Certainty.Memory,
            "mm: introduce a general RCU get_user_pages_fast()") { Begins = ["fast-gup-ignores-collapse"] },
        new("b2052564e66d", "2014-12-10", "v3.19", Certainty.Mail,
            "mm: memcontrol: continue cache reclaim from offlined groups") { Ends = ["lru-reparenting"] },
    ];

    private static Commit[] Batching =>
    [
        new("72b252aed506", "2015-09-04", "v4.3", Certainty.Memory,
            "mm: send one IPI per CPU to TLB flush all entries after unmapping pages")
        {
            Begins = ["zap-ignores-batched-flush"],
        },
        new("d950c9477d51", "2015-09-04", "v4.3", Certainty.Memory, "mm: defer flush of writable TLB entries"),
        new("3ea277194daa", "2017-08-02", "v4.13", Certainty.List,
            "mm, mprotect: flush TLB if potentially racing with a parallel reclaim leaving stale TLB entries")
        {
            Ends = ["zap-ignores-batched-flush"],
        },
        new("99baac21e458", "2017-08-10", "v4.13", Certainty.Memory,
            "mm: fix MADV_[FREE|DONTNEED] TLB flush miss problem") { Ends = ["gather-flushes-own-only"] },
    ];

    private static Commit[] SwapBypass =>
    [
        new("0bcac06f27d7", "2017-09-20", "v4.15", Certainty.List,
            "mm, swap: skip swapcache for swapin of synchronous device") { Begins = ["no-swapcache-pin"] },
        new("eb66ae030829", "2018-10-12", "v4.19", Certainty.List,
            "mremap: properly flush TLB before releasing the page"),
        new("87eaceb3faa5", "2019-08-22", "v5.4", Certainty.List, "mm: thp: make deferred split shrinker memcg aware")
        {
            Begins = ["swapout-forgets-queue"],
        },
        new("fac0516b5534", "2020-01-30", "v5.6", Certainty.Mail,
            "mm: thp: don't need care deferred split queue in memcg charge move path"),
        new("09854ba94c6a", "2020-08-21", "v5.9", Certainty.Memory, "mm: do_wp_page() simplification")
        {
            Ends = ["wp-reuse-by-mapcount"],
        },
        new("91b61ef333cf", "2021-11-05", "v5.16", Certainty.Git, "mm: add zap_skip_check_mapping() helper"),
        new("3506659e18a6", "2021-11-28", "v5.17", Certainty.List, "mm: Add unmap_mapping_folio()"),
        new("5abfd71d936a", "2022-03-22", "v5.18", Certainty.Git,
            "mm: don't skip swap entry even if zap_details specified") { Ends = ["zap-skips-swap"] },
        new("254ab940eb01", "2022-03-22", "v5.18", Certainty.List,
            "mm: rename zap_skip_check_mapping() to should_zap_page()"),
        new("2e148f1e3d9a", "2022-03-22", "v5.18", Certainty.List,
            "mm: change zap_details.zap_mapping into even_cows"),
        new("8018db852594", "2022-03-22", "v5.18", Certainty.Git, "mm: rework swap handling of zap_pte_range"),
        new("6c287605fd56", "2022-05-09", "v5.19", Certainty.Mail,
            "mm: remember exclusively mapped anonymous pages with PG_anon_exclusive"),
        new("1493a1913e34", "2022-05-09", "v5.19", Certainty.Mail,
            "mm/swap: remember PG_anon_exclusive via a swp pte bit"),
    ];

    private static Commit[] DelayedRmap =>
    [
        new("70cbc3cc78a9", "2022-09-26", "v6.0", Certainty.List,
            "mm: gup: fix the fast GUP race against THP collapse")
        {
            Ends = ["fast-gup-ignores-collapse"],
            Begins = ["collapse-needs-writable"],
        },
        new("cb67f4282bf9", "2022-11-02", "v6.2", Certainty.Git,
            "mm,thp,rmap: simplify compound page mapcount handling"),
        new("70fb4fdff582", "2022-11-09", "v6.2", Certainty.List,
            "mm: introduce 'encoded' page pointers with embedded extra bits"),
        new("449c796768c9", "2022-11-09", "v6.2", Certainty.List,
            "mm: teach release_pages() to take an array of encoded page pointers too"),
        new("7cc8f9c7146a", "2022-11-09", "v6.2", Certainty.List,
            "mm: mmu_gather: prepare to gather encoded page pointers with flags"),
        new("5df397dec7c4", "2022-11-09", "v6.2", Certainty.List,
            "mm: delay page_remove_rmap() until after the TLB has been flushed")
        {
            Ends = ["delayed-anon-rmap", "subpages-mapcount", "rmap-removed-before-flush"],
        },
        new("c47454823bd4", "2022-11-14", "v6.2", Certainty.Memory,
            "mm: mmu_gather: allow more than one batch of delayed rmaps"),
        new("f036c8184f8b", "2022-11-16", "v6.2", Certainty.List, "mm: mmu_gather: do not expose delayed_rmap flag"),
        new("4e0cf05f6059", "2022-12-06", "v6.3", Certainty.List,
            "mm: memcontrol: skip moving non-present pages that are mapped elsewhere")
        {
            Ends = ["charge-moving"],
            Begins = ["charge-moving-filtered"],
        },
        new("c7c3dec1c9db", "2022-12-06", "v6.3", Certainty.List, "mm: rmap: remove lock_page_memcg()")
        {
            Ends = ["lock-page-memcg"],
        },
        new("da34a8484d16", "2022-12-06", "v6.3", Certainty.List, "mm: memcontrol: deprecate charge moving"),
    ];

    private static Commit[] Deferred =>
    [
        new("85ce2c517ade", "2023-10-06", "v6.7", Certainty.List,
            "memcontrol: only transfer the memcg data for migration") { Begins = ["migration-forgets-queue"] },
        new("9bcef5973e31", "2023-12-20", "v6.7", Certainty.List,
            "mm: memcg: fix split queue list crash when large folio migration")
        {
            Ends = ["migration-forgets-queue"],
            Begins = ["migration-unqueues-late"],
        },
        new("adef440691ba", "2023-12-06", "v6.8", Certainty.List, "userfaultfd: UFFDIO_MOVE uABI")
        {
            Begins = ["uffd-move-ignores-swapcache"],
        },
        new("13ddaf26be32", "2024-02-06", "v6.8", Certainty.List, "mm/swap: fix race when skipping swapcache")
        {
            Ends = ["no-swapcache-pin"],
        },
        new("be9581ea8c05", "2024-07-02", "v6.10", Certainty.Mail,
            "mm: fix crashes from deferred split racing folio migration") { Ends = ["migration-unqueues-late"] },
    ];

    private static Commit[] FirstMapper =>
    [
        new("508758960b8d", "2024-05-29", "v6.11", Certainty.Memory,
            "mm: swap: entirely map large folios found in swapcache")
        {
            Ends = ["swapin-one-page"], Begins = ["swapin-small-folios"],
        },
        new("15bde4abab73", "2024-06-17", "v6.11", Certainty.Git,
            "mm: extend rmap flags arguments for folio_add_new_anon_rmap") { Ends = ["new-rmap-always-exclusive"] },
        new("9ae2feacedde", "2024-06-17", "v6.11", Certainty.Git,
            "mm: use folio_add_new_anon_rmap() if folio_test_anon(folio)==false") { Ends = ["non-atomic-swapbacked"] },
        new("4c1171f1d224", "2024-06-17", "v6.11", Certainty.List,
            "mm: remove folio_test_anon(folio)==false path in __folio_add_anon_rmap()"),
    ];

    private static Commit[] Underused =>
    [
        new(Commit.Unverified, "2024-07-30", "v6.12-rc1", Certainty.Tree,
            "mm: swap: add a adaptive full cluster cache reclaim")
        {
            Ends = ["full-keeps-cache"],
            Begins = ["full-of-disk-keeps-cache"],
        },
        new("8422acdc97ed", "2024-08-30", "v6.12-rc1", Certainty.List,
            "mm: introduce a pageflag for partially mapped folios"),
        new("dafff3f4c850", "2024-08-30", "v6.12-rc1", Certainty.Git, "mm: split underused THPs")
        {
            Ends = ["scan-before-underused"],
            Begins = ["unlocked-scan-drop", "charge-moving-of-queued"],
        },
        new("242d12c98174", "2024-09-08", "v6.12-rc1", Certainty.List,
            "mm: support large folios swap-in for sync io devices") { Ends = ["swapin-small-folios"] },
        new("e66f3185fa04", "2024-10-27", "v6.12", Certainty.Git,
            "mm/thp: fix deferred split queue not partially_mapped")
        {
            Ends = ["unlocked-scan-drop"],
            Begins = ["safe-folio-lost-by-split"],
        },
        new("f8f931bba0f9", "2024-10-27", "v6.12", Certainty.Mail,
            "mm/thp: fix deferred split unqueue naming and locking")
        {
            Ends = ["charge-moving-of-queued", "swapout-forgets-queue"],
        },
        new("a3477c9e02cc", "2024-11-10", "v6.12", Certainty.Mail,
            "mm/thp: fix deferred split queue not partially_mapped: fix") { Ends = ["safe-folio-lost-by-split"] },
        new("e548ad4a7cbf", "2024-10-24", "v6.13", Certainty.Memory,
            "memcg-v1: fully deprecate move_charge_at_immigrate") { Ends = ["charge-moving-filtered"] },
        new("42b2eb69835b", "2024-12-12", "v6.13", Certainty.Memory,
            "mm: convert partially_mapped set/clear operations to be atomic"),
    ];

    private static Commit[] Moves =>
    [
        new("6375e95f381e", "2024-12-04", "v6.14", Certainty.Memory,
            "mm: pgtable: reclaim empty PTE page in madvise(MADV_DONTNEED)") { Ends = ["empty-tables-stay"] },
        new("c50f8e6053b0", "2025-02-26", "v6.14", Certainty.List,
            "mm: fix kernel BUG when userfaultfd_move encounters swapcache")
        {
            Ends = ["uffd-move-ignores-swapcache"],
            Begins = ["uffd-move-trusts-lookup"],
        },
        new(Commit.Unverified, "2025-03-03", "v6.15", Certainty.Tree,
            "mm: convert folio_likely_mapped_shared() to folio_maybe_mapped_shared()")
        {
            Ends = ["shared-by-first-page"],
        },
        new(Commit.Unverified, "2025-03-03", "v6.15", Certainty.Tree,
            "mm: Copy-on-Write (COW) reuse support for PTE-mapped THP") { Ends = ["large-never-reused"] },
        new(Commit.Unverified, "2025-03-14", "v6.15", Certainty.Tree, "mm, swap: remove swap slot cache")
        {
            Ends = ["full-of-disk-keeps-cache"],
        },
        new("879bca0a2c4f", "2025-03-17", "v6.16", Certainty.List,
            "mm/vma: fix incorrectly disallowed anonymous VMA merges")
        {
            Ends = ["merge-into-faulted-only"],
            Begins = ["mremap-forgets-anon-vma"],
        },
        new("60fbb14396d5", "2025-04-21", "v6.16", Certainty.Memory,
            "mm/huge_memory: adjust try_to_migrate_one() and split_huge_pmd_locked()") { Ends = ["split-visits-all"] },
        new("0ea148a79919", "2025-06-04", "v6.16", Certainty.Mail,
            "mm: userfaultfd: fix race of userfaultfd_move and swap cache") { Ends = ["uffd-move-trusts-lookup"] },
        new(Commit.Unverified, "2025-09-03", "v6.18", Certainty.Tree,
            "mm: enable khugepaged anonymous collapse on non-writable regions") { Ends = ["collapse-needs-writable"] },
    ];

    private static Commit[] AfterText =>
    [
        new("61f67c230a5e", "2026-01-05", KernelVersion.Text, Certainty.List,
            "mm/vma: fix anon_vma UAF on mremap() faulted, unfaulted merge (in v6.18.8)")
        {
            Ends = ["mremap-forgets-anon-vma"],
        },
        new(Commit.Unverified, "2025-11-10", "v6.19", Certainty.Tree,
            "mm: thp: use folio_batch to handle THP splitting in deferred_split_scan()") { Begins = ["batch-scan"] },
        new(Commit.Unverified, "2025-11-10", "v6.19", Certainty.Tree,
            "mm: thp: reparent the split queue during memcg offline")
        {
            Begins = ["split-queue-of-parent", "split-queue-reparenting"],
        },
        new("270f095179ff", "2025-12-20", "v7.0", Certainty.List,
            "mm, swap: add folio to swap cache directly on allocation"),
        new("4b34f1d82c65", "2025-12-20", "v7.0", Certainty.List,
            "mm, swap: free the swap cache after folio is mapped") { Begins = ["swapin-through-cache"] },
        new("a0f79916e125", "2025-12-20", "v7.0", Certainty.List, "mm, swap: simplify checking if a folio is swapped"),
        new(Commit.Unverified, "2026-01-18", "v7.0", Certainty.Mail,
            "mm/rmap: allocate anon_vma_chain objects unlocked when possible")
        {
            Begins = ["anon-vma-chain-reverses"],
        },
        new(Commit.Unverified, "2026-03-05", "v7.0", Certainty.Tree,
            "mm/huge_memory: fix early failure try_to_migrate() when split huge pmd for shared THP")
        {
            Begins = ["split-restarts-walk"],
        },
        new("8a8ca142a488", "2026-03-10", "v7.1", Certainty.Mail,
            "mm: migrate: requeue destination folio on deferred split queue") { Begins = ["requeue-mapped-folio"] },
        new(Commit.Unverified, "2026-04-01", "v7.1", Certainty.Mail,
            "mm: fix deferred split queue races during migration")
        {
            Ends = ["batch-scan", "requeue-mapped-folio"],
            Begins = ["batch-scan-requeue", "requeue-migrated"],
        },
        new("d9ceded101a1", "2026-05-17", "v7.2", Certainty.List, "mm, swap: merge zeromap into swap table"),
    ];
}
