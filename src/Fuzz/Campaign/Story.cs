using Fuzz.Execution;
using Mm.History;

namespace Fuzz.Campaign;

/// <summary>A known defect as a fuzzer should meet it: which variant has it, and by which broken law it is
/// known.</summary>
/// <param name="Name">Also the name of its reproducer.</param>
/// <param name="Variant">The variant that has it; others that it takes are in <see cref="With"/>.</param>
/// <param name="Oracle">The judge that must speak.</param>
/// <param name="Law">What it must say; compared up to the end of this text.</param>
/// <param name="Title">One line for the table.</param>
public sealed record Story(string Name, string Variant, string Oracle, string Law, string Title)
{
    /// <summary>The stories that the engine knows.</summary>
    public static IReadOnlyList<Story> All { get; } = [.. Pages, .. SplitQueues, .. LargeSwapin, .. Memcgs];

    /// <summary>Hypothetical defects that are in no kernel and no mail: they show that no law is blind where nothing is
    /// known to have gone wrong. Not part of the table of stories.</summary>
    public static IReadOnlyList<Story> Probes { get; } =
    [
        new("lazyfree-references", "lazyfree-ignores-references", "pinned-page", "pinned page was replaced",
            "a lazyfree page is dropped although a device has it"),
        new("lazyfree-dirty", "lazyfree-ignores-dirty", "content", "",
            "a page that was stored to after MADV_FREE is dropped"),
        new("mprotect-migration", "mprotect-leaves-migrations", "protected", "",
            "a page that moves during mprotect stays writable"),
        new("mprotect-shared", "mprotect-ignores-exclusive", "writable", "",
            "mprotect makes a shared page writable"),
        new("mprotect-flush", "mprotect-without-flush", "tlb", "stale right to write",
            "a right that mprotect took away is still cached"),
        new("unmap-locked", "unmap-ignores-mlock", "rest-resident", "",
            "reclaim swaps a page out that is locked"),
        new("munlock-anywhere", "munlock-counts-anywhere", "mlock-count", "",
            "mlock_count of a folio is lowered while compaction has it on a list"),
    ];

    /// <summary>Defects that random programs meet too seldom to be hunted: less than once in a million executions. What
    /// shows each is searched in the tests. Not part of the table of stories.</summary>
    public static IReadOnlyList<Story> Rare { get; } =
    [
        new("reused-anon-vma", "anon-vma-pinned-unseen", "own-anon-vma", "",
            "migration or a split pins an anon_vma that is another's by now"),
        new("move-late-swapcache", "uffd-move-trusts-lookup", "swap-place", "",
            "UFFDIO_MOVE misses a folio that comes into the swap cache while it looks")
        {
            With = ["uffd-move-clears-error"],
        },
        new("mremap-anon-vma", "mremap-forgets-anon-vma", "anon-vma-live", "",
            "mremap merges pages into a VMA without an anon_vma, and theirs is freed"),
        new("mremap-rmap", "mremap-without-rmap-locks", "migration-entry", "",
            "a walk of the reverse map misses a page that moves"),
        new("dying-test-first", "split-queue-dying-test-first", "queue-lock", "",
            "a memcg is removed between the look at it and the lock of its queue")
        {
            With = ["split-queue-reparenting", "batch-scan"],
        },
    ];

    /// <summary>Variants of other routines without which nothing goes wrong.</summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>The variants in force where it is hunted.</summary>
    public IReadOnlyList<string> Variants => [Variant, .. With];

    /// <summary>The story on a kernel version that has the defect, with all that is wrong there besides.</summary>
    public Story On(KernelVersion version) => this with { With = [.. version.Variants.Where(name => name != Variant)] };

    /// <summary>Whether the violation is what this story is about.</summary>
    public bool Matches(Violation violation) =>
        violation.Signature.Oracle == Oracle && violation.Signature.Law.StartsWith(Law, StringComparison.Ordinal);

    private static Story[] Pages =>
    [
        new("lost-pg-lru", "non-atomic-swapbacked", "flags-word", "PG_lru lost",
            "a plain store of the flags word wipes out PG_lru"),
        new("resurrected-pg-lru", "non-atomic-swapbacked", "flags-word", "PG_lru resurrected",
            "a plain store of the flags word brings PG_lru back"),
        new("lost-pg-waiters", "non-atomic-swapbacked", "flags-word", "PG_waiters lost",
            "a plain store of the flags word loses a sleeper"),
        new("double-first-map", "swapin-without-folio-lock", "first-map", "folio is first-mapped twice",
            "two processes both map a swap cache folio for the first time"),
        new("stale-anon-test", "anon-test-before-lock", "first-map", "folio is first-mapped twice",
            "folio_test_anon() is asked before the folio lock"),
        new("always-exclusive", "new-rmap-always-exclusive", "exclusive-slot", "",
            "a shared swap entry becomes an exclusive page"),
        new("slot-aba", "no-swapcache-pin", "swapin-copy", "",
            "pte_same() is true for another use of the same slot"),
        new("no-recheck", "no-swapcache-recheck", "swapin-copy", "",
            "a folio that left the swap cache is mapped"),
        new("migrate-bug", "delayed-anon-rmap", "kernel", "VM_BUG_ON_FOLIO(folio_test_anon(src)",
            "migration meets a mapped folio whose anon_vma is gone"),
        new("freed-anon-vma-walk", "delayed-anon-rmap", "kernel", "BUG: kernel NULL pointer dereference",
            "an rmap walk steps on a freed anon_vma"),
        new("locked-anon-vma-reused", "anon-vma-locked-by-count", "own-anon-vma", "",
            "an rmap walk locks an anon_vma that is another's by now"),
        new("ksm-lost-store", "ksm-replace-without-recheck", "counter-sign", "negative mapcount",
            "KSM replaces a page that is no longer there"),
        new("ksm-write-in-place", "ksm-write-reuse", "ksm-sticky", "",
            "a store goes into a page of the stable tree"),
        new("poison-unlocked", "poison-without-folio-lock", "kernel",
            "VM_WARN_ON_ONCE_FOLIO(!folio_test_locked(folio))",
            "a poisoned page leaves the swap cache without its lock"),
        new("fork-without-flush", "fork-without-flush", "tlb", "stale right to write",
            "a thread of the parent still may store to a page that the child has"),
        new("copy-without-flush", "copy-without-flush", "tlb", "stale translation",
            "a thread still has the page that was copied"),
        new("migrate-without-flush", "migrate-without-flush", "tlb", "stale translation",
            "a thread still has the page that was moved"),
        new("writeout-before-flush", "writeout-before-flush", "unseen-store", "",
            "a store after the page was written is lost"),
        new("zap-ignores-batched-flush", "zap-ignores-batched-flush", "stale-zap", "",
            "a page that reclaim has unmapped outlives MADV_DONTNEED in a TLB"),
        new("gather-flushes-own-only", "gather-flushes-own-only", "stale-zap", "",
            "a page that another thread drops outlives MADV_DONTNEED in a TLB"),
    ];

    private static Story[] SplitQueues =>
    [
        new("lost-dirty-page", "rmap-removed-before-flush", "lost-write", "",
            "a store after writeback found the page unmapped is lost"),
        new("mkclean-without-sync", "mkclean-without-sync", "lost-write", "",
            "writeback does not wait for a zap that has not flushed yet"),
        new("truncate-leaves-swap", "zap-skips-swap", "truncation", "swap entry survives",
            "a private copy in swap survives a truncation"),
        new("truncate-leaves-migration", "zap-skips-swap", "truncation", "migration entry survives",
            "a private copy that is migrating survives a truncation"),
        new("punch-takes-swap", "zap-takes-all-swap", "private-copy", "",
            "a hole punch takes a private copy that is in swap"),
        new("punch-takes-migration", "zap-takes-all-migrations", "private-copy", "",
            "a hole punch takes a private copy that is migrating"),
        new("no-locked-redo", "no-locked-redo", "kernel", "BUG: Bad page cache",
            "a page that was faulted in again leaves the page cache mapped"),
        new("unmap-leaves-migration", "unmap-shared-mapping-range", "zap", "entry survives the zap",
            "a file's page that is migrating outlives an unmap that nobody repeats")
        {
            With = ["zap-skips-swap"],
        },
        new("no-second-pass", "no-second-unmap-pass", "truncation", "page survives",
            "a copy made during a truncation survives it"),
        new("scan-drop-unlocked", "unlocked-scan-drop", "safe-neighbour", "",
            "the deferred split scanner drops a folio beside one that it has put"),
        new("safe-folio-lost", "safe-folio-lost-by-split", "safe-neighbour", "",
            "the scanner takes a folio that it has split for the safe one before the next"),
        new("forgotten-queue", "migration-forgets-queue", "recharge", "",
            "migration takes the memcg from a folio that is on its queue"),
        new("late-unqueue", "migration-unqueues-late", "unqueue", "",
            "migration takes a folio off the list that a scanner works on"),
        new("double-add", "batch-scan-double-add", "double-add", "",
            "the scanner queues a folio again that is queued already"),
        new("requeue-mapped", "requeue-mapped-folio", "kernel", "VM_WARN_ON_FOLIO(folio_test_partially_mapped(folio))",
            "a migrated folio is queued when a part of it may be unmapped again"),
    ];

    private static Story[] LargeSwapin =>
    [
        new("mixed-exclusive-batch", "batch-ignores-exclusive", "exclusive-slot", "",
            "swap entries of one large folio, some shared, become exclusive together"),
        new("partial-first-map", "partial-new-on-large", "mapcount", "fewer references than mappings",
            "one page of a large folio is mapped for the first time, and all count it"),
        new("neighbour-aba", "swapin-pins-one-slot", "swapin-copy", "",
            "the slot of a neighbour is used again while a large folio is read"),
        new("swapoff-large", "swapin-through-cache", "kernel", "VM_WARN_ON_ONCE(folio_test_large(folio))",
            "swapoff maps a large folio, fresh in the swap cache, for one of its entries"),
    ];

    private static Story[] Memcgs =>
    [
        new("swapout-forgets-queue", "swapout-forgets-queue", "recharge", "",
            "reclaim takes the memcg from a large folio that is on its queue"),
        new("charge-moves-queued", "charge-moving-of-queued", "recharge", "",
            "charge moving takes along a large folio that is on the old memcg's queue"),
        new("reparented-unnoticed", "split-queue-reparenting-unnoticed", "queue-lock", "",
            "a removed memcg's queue is its parent's, and is still locked as its own")
        {
            With = ["batch-scan"],
        },
        new("late-memcg-lock", "late-memcg-lock", "memcg-stat", "mapped page is counted in another memcg",
            "charges move between a mapcount and its statistics")
        {
            With = ["charge-moving"],
        },
        new("late-memcg-lock-rmdir", "late-memcg-lock", "memcg-stat", "mapped page is counted in another memcg",
            "rmdir moves charges between a mapcount and its statistics")
        {
            With = ["lru-reparenting"],
        },
        new("unbooked-unmap", "charge-moving-filtered", "memcg-stat", "mapped page is counted in another memcg",
            "charges move after the last unmap and before its statistics"),
        new("collapse-under-fast-gup", "fast-gup-ignores-collapse", "pinned-page", "pinned page was replaced",
            "fast GUP pins a page that a collapse has just copied"),
        new("subpages-mapcount", "subpages-mapcount", "kernel",
            "BUG: Bad page state, page dumped because: nonzero large_mapcount",
            "a zap forgets the counter of all mappings of a large folio"),
        new("mremap-flush", "mremap-without-flush", "tlb", "",
            "a page that was moved is still cached at its old address"),
        new("move-shared", "uffd-move-ignores-exclusive", "writable", "", "UFFDIO_MOVE takes a page that others map"),
        new("move-swapcache", "uffd-move-ignores-swapcache", "swap-place", "",
            "UFFDIO_MOVE leaves a cached folio its old index"),
        new("splice-leak", "wp-reuse-by-mapcount", "spliced-page", "",
            "a child reads through a pipe what its parent stores"),
    ];
}
