namespace Fuzz.Programs;

/// <summary>The calls of <see cref="MmLanguage"/> by kind; the order is that of the language.</summary>
public enum MmCall : byte
{
    /// <summary>A user load.</summary>
    Read,

    /// <summary>A user store.</summary>
    Write,

    /// <summary>MADV_WILLNEED.</summary>
    Readahead,

    /// <summary>swapoff.</summary>
    Swapoff,

    /// <summary>swapon.</summary>
    Swapon,

    /// <summary>fork.</summary>
    Fork,

    /// <summary>MADV_PAGEOUT.</summary>
    Pageout,

    /// <summary>kswapd: inactive list.</summary>
    Reclaim,

    /// <summary>kswapd: active list.</summary>
    Age,

    /// <summary>MADV_DONTNEED.</summary>
    DontNeed,

    /// <summary>munmap.</summary>
    Munmap,

    /// <summary>mmap.</summary>
    Map,

    /// <summary>exit_group.</summary>
    Exit,

    /// <summary>move_pages.</summary>
    Migrate,

    /// <summary>Compaction.</summary>
    Compact,

    /// <summary>lru_add_drain.</summary>
    Drain,

    /// <summary>pin_user_pages for reading.</summary>
    Pin,

    /// <summary>pin_user_pages for writing.</summary>
    PinWrite,

    /// <summary>Device access through a pin.</summary>
    Dma,

    /// <summary>unpin_user_page.</summary>
    Unpin,

    /// <summary>A write to cgroup.procs.</summary>
    Attach,

    /// <summary>rmdir of a memory cgroup.</summary>
    Offline,

    /// <summary>A user store of zeroes.</summary>
    WriteZero,

    /// <summary>ksmd.</summary>
    Merge,

    /// <summary>MADV_UNMERGEABLE.</summary>
    Unmerge,

    /// <summary>MADV_FREE.</summary>
    Free,

    /// <summary>MADV_COLD.</summary>
    Cold,

    /// <summary>MADV_DONTFORK.</summary>
    DontFork,

    /// <summary>MADV_DOFORK.</summary>
    DoFork,

    /// <summary>mprotect without PROT_WRITE.</summary>
    ReadOnly,

    /// <summary>mprotect with PROT_WRITE.</summary>
    Writable,

    /// <summary>MADV_HWPOISON.</summary>
    Poison,

    /// <summary>MADV_SOFT_OFFLINE.</summary>
    SoftOffline,

    /// <summary>split_huge_pages.</summary>
    Split,

    /// <summary>The deferred split shrinker.</summary>
    ShrinkThp,

    /// <summary>mmap of a file, shared.</summary>
    MapShared,

    /// <summary>mmap of a file, private.</summary>
    MapPrivate,

    /// <summary>ftruncate.</summary>
    Truncate,

    /// <summary>fallocate, punching a hole.</summary>
    Punch,

    /// <summary>Invalidation of one page of a file.</summary>
    Invalidate,

    /// <summary>Writeback of a file.</summary>
    Writeback,

    /// <summary>MADV_PAGEOUT of all pages that one PMD entry covers.</summary>
    PageoutRange,

    /// <summary>MADV_COLLAPSE.</summary>
    Collapse,

    /// <summary>mremap to a fixed address.</summary>
    Mremap,

    /// <summary>UFFDIO_MOVE.</summary>
    Move,

    /// <summary>vmsplice.</summary>
    GetPage,

    /// <summary>A read of what was spliced.</summary>
    PutPage,

    /// <summary>mlock.</summary>
    Mlock,

    /// <summary>munlock.</summary>
    Munlock,
}
