namespace Conformance.Enact;

/// <summary>Points in the middle of a function of the kernel at which it calls another one: where that is entered by
/// this caller, the lane is about to take the step of the point.</summary>
/// <remarks>
/// The rows are of v6.18, and only for calls that the kernel makes exactly as often as the engine comes to these
/// points. A caller may be inlined into the one that calls it: any of those that are named does. Locks are functions:
/// x86-64 has them out of line (CONFIG_INLINE_SPIN_LOCK is off where PREEMPT_COUNT is on).
/// </remarks>
internal static class CalledPlaces
{
    private const string PteLock = "__pte_offset_map_lock";
    private const string SpinLock = "_raw_spin_lock";
    private const string SpinLockIrq = "_raw_spin_lock_irq";
    private const string SpinLockIrqsave = "_raw_spin_lock_irqsave";
    private const string LruLockIrq = "folio_lruvec_lock_irq";
    private const string LruLockIrqsave = "folio_lruvec_lock_irqsave";
    private const string DelValid = "__list_del_entry_valid_or_report";

    /// <summary>Where entries of page tables are locked.</summary>
    private static readonly SortedDictionary<string, CalledPlace> OfTables = new(StringComparer.Ordinal)
    {
        // pte_offset_map_lock() and pte_alloc_map_lock().
        ["AnonFaultPtl"] = Enters(PteLock, "do_anonymous_page"),
        ["AnonFaultZeroPtl"] = Enters(PteLock, "do_anonymous_page"),
        ["SwapinPtl"] = Enters(PteLock, "do_swap_page"),
        ["SwapinNothingPtl"] = Enters(PteLock, "do_swap_page"),
        ["KsmCopyPtl"] = Enters(PteLock, "do_swap_page"),
        ["FinishFaultPtl"] = Enters(PteLock, "finish_fault"),
        ["MkwritePtl"] = Enters(PteLock, "finish_mkwrite_fault", "do_shared_fault", "do_fault"),
        ["WpCopyPtl"] = Enters(PteLock, "wp_page_copy", "do_wp_page"),
        ["ZapPtl"] = Enters(PteLock, "zap_pte_range", "zap_pmd_range", "unmap_page_range"),
        ["MlockPtl"] = Enters(PteLock, "mlock_pte_range"),
        ["FreePtl"] = Enters(PteLock, "madvise_free_pte_range"),
        ["ColdPtl"] = Enters(PteLock, "madvise_cold_or_pageout_pte_range"),
        ["PageoutPtl"] = Enters(PteLock, "madvise_cold_or_pageout_pte_range"),
        ["PageoutPtlAgain"] = Enters(PteLock, "madvise_cold_or_pageout_pte_range"),
        ["ProtectPtl"] = Enters(PteLock, "change_pte_range", "change_pmd_range", "change_protection_range"),
        ["ForkChildPtl"] = Enters(PteLock, "copy_pte_range", "copy_pmd_range", "copy_page_range"),
        ["MigrationWaitPtl"] = Enters(PteLock, "migration_entry_wait"),
        ["SwapoffPtl"] = Enters(PteLock, "unuse_pte", "unuse_pte_range", "unuse_vma", "unuse_mm"),
        ["GetPtl"] = Enters(PteLock, "follow_page_pte"),
        ["GupPtl"] = Enters(PteLock, "follow_page_pte"),
        ["InjectPtl"] = Enters(PteLock, "follow_page_pte"),
        ["PopulateTouchPtl"] = Enters(PteLock, "follow_page_pte"),
        ["WillNeedPtl"] = Enters(PteLock, "swapin_walk_pmd_entry"),
        ["MovePagesPtl"] = Enters(PteLock, "folio_walk_start"),
        ["KsmPickPtl"] = Enters(PteLock, "folio_walk_start"),
        ["KsmBreakPtl"] = Enters(PteLock, "folio_walk_start"),
        ["MremapOldPtl"] = Enters(PteLock, "move_ptes", "move_page_tables"),

        // map_pte(): without PVMW_SYNC for reclaim and migration, with it where entries of migration are put back.
        ["UnmapPtl"] = Enters(SpinLock, "page_vma_mapped_walk"),
        ["MigratePtl"] = Enters(SpinLock, "page_vma_mapped_walk"),
        ["RestorePtl"] = Enters(PteLock, "page_vma_mapped_walk"),

        // spin_lock() of a page table that is mapped already.
        ["ForkParentPtl"] = Enters(SpinLock, "copy_pte_range", "copy_pmd_range", "copy_page_range"),
        ["MremapNewPtl"] = Enters(SpinLock, "move_ptes", "move_page_tables"),
        ["UffdReadDstPtl"] = Enters(SpinLock, "move_pages_ptes"),
        ["UffdReadSrcPtl"] = Enters(SpinLock, "move_pages_ptes"),
        ["UffdGrabPtl"] = Enters(SpinLock, "move_pages_ptes"),
        ["UffdFirstPtl"] = Enters(SpinLock, "double_pt_lock"),
        ["UffdSecondPtl"] = Enters(SpinLock, "double_pt_lock"),
    };

    private static readonly SortedDictionary<string, CalledPlace> Others = new(StringComparer.Ordinal)
    {
        // The entry of the parent has been read, and is protected and copied next.
        ["ForkGetFolio"] = Enters(
            "vm_normal_page", "copy_present_ptes", "copy_pte_range", "copy_pmd_range", "copy_page_range"),

        // A fault that has read a folio counts that, and then locks the folio; others that try a lock are told apart by
        // their caller.
        ["FolioTrylock"] = Enters("count_memcg_events", "do_swap_page"),

        ["FolioQueueLock"] = Enters(SpinLockIrq, "folio_wait_bit_common"),
        ["FolioWake"] = Enters(SpinLockIrqsave, "folio_wake_bit"),
        ["CacheAddLock"] = Enters(SpinLockIrq, "__filemap_add_folio"),
        ["LruMoveLock"] = Enters(LruLockIrqsave, "folio_batch_move_lru"),
        ["LruIsolateLock"] = Enters(LruLockIrq, "folio_isolate_lru"),
        ["MlockLruLock"] = Enters(LruLockIrq, "mlock_folio_batch"),

        // lruvec_add_folio() counts, after __mlock_new_folio() has asked whether the folio is evictable.
        ["MlockNewSetLru"] = Enters("mem_cgroup_update_lru_size", "mlock_folio_batch"),

        ["DeferredQueueLock"] = Enters(SpinLockIrqsave, "deferred_split_folio"),
        ["DeferredScanLock"] = Enters(SpinLockIrqsave, "deferred_split_scan"),
        ["DeferredScanSpliceLock"] = Enters(SpinLockIrqsave, "deferred_split_scan"),
        ["UnqueueLock"] = Enters(SpinLockIrqsave, "__folio_unqueue_deferred_split"),

        // list_del_init() has made the neighbours forget the entry, and has stored its next, to itself.
        ["ListInitPrev"] = new CalledPlace(DelValid, ["deferred_split_scan"], PlaceStop.PointsToItself)
        {
            CountedBy = "ListDelCheckPrev",
        },

        // What comes after the first page_vma_mapped_walk() that finds an entry.
        ["UnmapTestExclusive"] = Returns("page_vma_mapped_walk", "try_to_unmap_one"),
        ["MigrateTestExclusive"] = Returns("page_vma_mapped_walk", "try_to_migrate_one"),
        ["RestoreGetFolio"] = Returns("page_vma_mapped_walk", "remove_migration_pte"),
        ["ReferencedTestYoung"] = Returns("page_vma_mapped_walk", "folio_referenced_one"),
    };

    /// <summary>The row of a point, or null.</summary>
    public static CalledPlace? Of(string point) =>
        OfTables.GetValueOrDefault(point) ?? Others.GetValueOrDefault(point);

    /// <summary>Points that have a row.</summary>
    public static IReadOnlyCollection<string> Points => [.. OfTables.Keys, .. Others.Keys];

    private static CalledPlace Enters(string callee, params string[] callers) =>
        new(callee, callers, PlaceStop.Enters);

    private static CalledPlace Returns(string callee, params string[] callers) =>
        new(callee, callers, PlaceStop.Returns);
}

/// <summary>A function that is called by another.</summary>
/// <param name="Callee">The function.</param>
/// <param name="Callers">Who calls it, and into whom that may be inlined, the innermost first.</param>
/// <param name="Stop">When the lane is at the point.</param>
internal sealed record CalledPlace(string Callee, IReadOnlyList<string> Callers, PlaceStop Stop)
{
    /// <summary>A point that the engine comes to once in each of these calls, before this one; null when that is the
    /// place itself.</summary>
    public string? CountedBy { get; init; }

    /// <summary>Whether two points are of the same calls.</summary>
    public bool Counts(CalledPlace other) => Callee == other.Callee && Callers[0] == other.Callers[0];
}

/// <summary>When a lane is at a place that a call tells.</summary>
public enum PlaceStop
{
    /// <summary>The function is entered.</summary>
    Enters,

    /// <summary>It has returned.</summary>
    Returns,

    /// <summary>Its caller has stored to the word that its first argument points to, that it points to
    /// itself.</summary>
    PointsToItself,
}
