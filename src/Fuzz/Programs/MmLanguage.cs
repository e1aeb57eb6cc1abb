namespace Fuzz.Programs;

/// <summary>The calls of the folio engine, by family, and the shape of its world.</summary>
public static class MmLanguage
{
    /// <summary>Index of the shape field that bounds mm numbers.</summary>
    public const int Mms = 0;

    /// <summary>Index of the shape field that bounds page numbers.</summary>
    public const int Pages = 1;

    /// <summary>Index of the shape field with the number of swap slots.</summary>
    public const int Slots = 2;

    /// <summary>Index of the shape field with the kind of swap device: 0 async (a disk), 1 sync (zram:
    /// SWP_SYNCHRONOUS_IO).</summary>
    public const int Device = 3;

    /// <summary>Index of the shape field with the order of a PMD mapping.</summary>
    public const int Pmd = 4;

    /// <summary>Index of the shape field that says whether faults allocate large folios: never, of PMD order, of
    /// smaller orders too.</summary>
    public const int Thp = 5;

    /// <summary>Index of the shape field that bounds file numbers.</summary>
    public const int Files = 6;

    /// <summary>Index of the shape field with the kind of the files: shmem, or with a backing store.</summary>
    public const int FileType = 7;

    /// <summary>Index of the shape field with the first size of a file, and the bound of page numbers in it.</summary>
    public const int FilePages = 8;

    /// <summary>Index of the shape field that bounds memory cgroup numbers.</summary>
    public const int Memcgs = 9;

    private static readonly Parameter Mm = new("mm", "mm", Mms);
    private static readonly Parameter Child = new("child", "mm", Mms);
    private static readonly Parameter Page = new("page", "p", Pages);
    private static readonly Parameter Memcg = new("memcg", "memcg", Memcgs);
    private static readonly Parameter Other = new("other", "mm", Mms);
    private static readonly Parameter Second = new("second", "p", Pages);
    private static readonly Parameter File = new("file", "f", Files);
    private static readonly Parameter Index = new("index", "i", FilePages);
    private static readonly Parameter Size = new("size", "", -1, 0, 4);
    private static readonly Parameter To = new("to", "p", Pages);
    private static readonly Parameter Count = new("count", "", -1, 1, 4);

    /// <summary>The six families of calls, and <c>stage</c> for those that only set a scene.</summary>
    public static readonly string[] Families = ["swapin", "rmap", "zap", "migrate", "split", "free", "stage"];

    /// <summary>The language.</summary>
    public static Language Instance { get; } = new(
        "mm",
        [
            new ShapeField("mms", 1, 4, 1),
            new ShapeField("pages", 1, 16, 1),
            new ShapeField("slots", 1, 16, 1),
            new ShapeField("device", 0, 1, 0, ["async", "sync"]),
            new ShapeField("pmd", 2, 4, 2) { IsQuiet = true },
            new ShapeField("thp", 0, 2, 0, ["never", "pmd", "mthp"]) { IsQuiet = true },
            new ShapeField("files", 1, 2, 1) { IsQuiet = true },
            new ShapeField("filetype", 0, 1, 0, ["shmem", "disk"]) { IsQuiet = true },
            new ShapeField("filepages", 1, 4, 1) { IsQuiet = true },
            new ShapeField("memcgs", 1, 3, 1) { IsQuiet = true },
        ],
        [
            new CallInfo("read", "swapin", "handle_mm_fault", "loads from a page of a process; faults it in", Mm, Page),
            new CallInfo(
                "write", "swapin", "handle_mm_fault", "stores a fresh value; faults, copies on write", Mm, Page),
            new CallInfo(
                "readahead", "swapin", "madvise_willneed", "reads a swapped page into the swap cache", Mm, Page),
            new CallInfo("swapoff", "swapin", "sys_swapoff", "brings every swapped page back and retires the device"),
            new CallInfo("swapon", "stage", "sys_swapon", "brings the retired swap device into use again"),
            new CallInfo("fork", "rmap", "dup_mmap", "copies a process: both share all pages, read-only", Mm, Child),
            new CallInfo("pageout", "rmap", "madvise_pageout", "reclaims one page of a process", Mm, Page),
            new CallInfo(
                "reclaim", "rmap", "shrink_inactive_list", "kswapd reclaims from the inactive list's tail", Count),
            new CallInfo(
                "age", "rmap", "shrink_active_list", "kswapd moves from the active to the inactive list", Count),
            new CallInfo("dontneed", "zap", "madvise_dontneed_free", "drops pages of a process", Mm, Page, Count),
            new CallInfo("munmap", "zap", "do_vmi_munmap", "unmaps a range of a process", Mm, Page, Count),
            new CallInfo(
                "map", "stage", "mmap_region", "maps fresh anonymous memory where nothing is mapped", Mm, Page, Count),
            new CallInfo("exit", "free", "exit_mmap", "ends a process; its memory goes with the last user", Mm),
            new CallInfo(
                "migrate", "migrate", "sys_move_pages", "moves one page of a process to another frame", Mm, Page),
            new CallInfo(
                "compact", "migrate", "compact_zone", "moves the n-th folio of the LRU to another frame", Count),
            new CallInfo("drain", "free", "lru_add_drain", "moves this cpu's batch of new folios to the LRU"),
            new CallInfo("pin", "stage", "pin_user_pages_fast", "pins a page for reading by a device", Mm, Page),
            new CallInfo("pinwrite", "stage", "pin_user_pages_fast", "pins a page for writing by a device", Mm, Page),
            new CallInfo("dma", "stage", "", "the device reads or writes through a pin of that page", Mm, Page),
            new CallInfo("unpin", "free", "unpin_user_page", "gives a pin of that page back", Mm, Page),
            new CallInfo(
                "attach", "stage", "cgroup_attach_task", "moves a process to another memcg; its pages stay", Mm, Memcg),
            new CallInfo("offline", "stage", "cgroup_rmdir", "removes a memcg that no process is in", Memcg),
            new CallInfo(
                "writezero", "swapin", "handle_mm_fault", "stores zeroes, so that pages can be equal", Mm, Page),
            new CallInfo(
                "merge", "rmap", "cmp_and_merge_page", "ksmd merges a page with an equal one of KSM or the second",
                Mm, Page, Other, Second),
            new CallInfo(
                "unmerge", "rmap", "ksm_madvise", "gives a process pages of its own for those of KSM", Mm, Page, Count),
            new CallInfo(
                "free", "zap", "madvise_free_single_vma", "lets reclaim drop pages that are not stored to", Mm, Page,
                Count),
            new CallInfo("cold", "stage", "madvise_cold", "makes pages old and inactive", Mm, Page, Count),
            new CallInfo(
                "dontfork", "stage", "madvise_vma_behavior", "leaves pages out of later forks", Mm, Page, Count),
            new CallInfo("dofork", "stage", "madvise_vma_behavior", "takes them in again", Mm, Page, Count),
            new CallInfo("readonly", "rmap", "do_mprotect_pkey", "forbids stores to a range", Mm, Page, Count),
            new CallInfo("writable", "rmap", "do_mprotect_pkey", "allows stores to a range again", Mm, Page, Count),
            new CallInfo(
                "poison", "rmap", "memory_failure", "breaks the memory of a page: who loads from it fails", Mm, Page),
            new CallInfo(
                "softoffline", "migrate", "soft_offline_page", "moves a page away from a frame, for ever", Mm, Page),
            new CallInfo(
                "split", "split", "split_huge_pages_write", "splits the large folio that a page is part of", Mm, Page),
            new CallInfo(
                "shrinkthp", "split", "deferred_split_scan", "the shrinker tries to split queued large folios", Count),
            new CallInfo(
                "mapshared", "stage", "mmap_region", "maps a file, from that page of it on, shared", Mm, Page, File,
                Index),
            new CallInfo(
                "mapprivate", "stage", "mmap_region", "maps a file, from that page of it on, with copies on write", Mm,
                Page, File, Index),
            new CallInfo("truncate", "zap", "do_truncate", "cuts or extends a file to a number of pages", File, Size),
            new CallInfo("punch", "zap", "vfs_fallocate", "punches a hole of pages into a file", File, Index, Count),
            new CallInfo(
                "invalidate", "zap", "invalidate_inode_pages2_range", "drops a clean page of a file from memory",
                File, Index),
            new CallInfo(
                "writeback", "rmap", "filemap_fdatawrite", "writes the dirty pages of a file to its disk", File),
            new CallInfo(
                "pageoutrange", "rmap", "madvise_pageout", "reclaims all pages that share a page's table", Mm, Page),
            new CallInfo(
                "collapse", "migrate", "madvise_collapse", "copies the pages around that one into a large folio", Mm,
                Page),
            new CallInfo("mremap", "rmap", "move_vma", "gives a range of pages another address", Mm, Page, To, Count),
            new CallInfo(
                "move", "rmap", "move_pages_ptes", "UFFDIO_MOVE: moves pages to where none are", Mm, Page, To, Count),
            new CallInfo(
                "getpage", "stage", "get_user_pages_fast", "a pipe takes a reference to a page", Mm, Page),
            new CallInfo("putpage", "free", "put_page", "the pipe is read, and its reference goes", Mm, Page),
            new CallInfo("mlock", "rmap", "do_mlock", "locks a range of pages in memory", Mm, Page, Count),
            new CallInfo("munlock", "rmap", "sys_munlock", "lets reclaim have them again", Mm, Page, Count),
        ],
        cpusMax: 4,
        callsMax: 16,
        new MmSameness());
}
