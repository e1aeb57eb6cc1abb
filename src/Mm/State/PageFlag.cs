namespace Mm.State;

/// <summary>The bits of a folio's flags word (include/linux/page-flags.h, v6.18) that the engine has.</summary>
[Flags]
public enum PageFlag
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>PG_locked: the folio lock.</summary>
    Locked = 1 << 0,

    /// <summary>PG_writeback: its content is on its way to the device.</summary>
    Writeback = 1 << 1,

    /// <summary>PG_referenced.</summary>
    Referenced = 1 << 2,

    /// <summary>PG_uptodate: its content is valid.</summary>
    Uptodate = 1 << 3,

    /// <summary>PG_dirty: its content differs from the device.</summary>
    Dirty = 1 << 4,

    /// <summary>PG_lru: on an LRU list.</summary>
    Lru = 1 << 5,

    /// <summary>PG_waiters: somebody sleeps for a bit of this word.</summary>
    Waiters = 1 << 7,

    /// <summary>PG_active: on the active list.</summary>
    Active = 1 << 8,

    /// <summary>PG_reclaim: rotate to the tail when writeback ends.</summary>
    Reclaim = 1 << 16,

    /// <summary>PG_swapbacked: goes to swap, not to a file.</summary>
    Swapbacked = 1 << 17,

    /// <summary>PG_unevictable: on the unevictable list, which has a length, but no links.</summary>
    Unevictable = 1 << 18,

    /// <summary>PG_swapcache: in the swap cache.</summary>
    Swapcache = 1 << 19,

    /// <summary>PG_anon_exclusive: of the page itself, or, for a mapping by a PMD entry, of the folio's first
    /// page.</summary>
    AnonExclusive = 1 << 20,

    /// <summary>PG_partially_mapped: in the second page's word of a large folio (there the bit of
    /// PG_reclaim).</summary>
    PartiallyMapped = 1 << 21,

    /// <summary>PG_hwpoison: its memory is broken; the frame is never freed.</summary>
    HwPoison = 1 << 22,

    /// <summary>PG_mlocked: some VMA that maps it is locked in memory, as far as anybody has noticed.</summary>
    Mlocked = 1 << 23,

    /// <summary>PAGE_FLAGS_CHECK_AT_FREE: bits that must be clear when a folio is freed.</summary>
    CheckAtFree = Lru | Locked | Writeback | Active | Unevictable | Mlocked,
}
