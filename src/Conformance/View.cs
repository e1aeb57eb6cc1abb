namespace Conformance;

/// <summary>What one side, the engine or a real kernel, shows of itself when no call is in flight. Made so that two of
/// them can be compared: nothing in it depends on which frames, slots or addresses a side happened to take.</summary>
/// <param name="Pages">Every page of every process of the shape, by process and page.</param>
/// <param name="Processes">Every process of the shape.</param>
/// <param name="SlotsUsed">Slots of the swap device that are in use.</param>
/// <param name="SwapOn">Whether the swap device is in use.</param>
/// <param name="Messages">What the kernel printed since the view before: a sound one prints nothing.</param>
public sealed record View(
    IReadOnlyList<PageView> Pages, IReadOnlyList<ProcessView> Processes, int SlotsUsed, bool SwapOn,
    IReadOnlyList<string> Messages);

/// <summary>One page of one process: its entry, what is there, and the VMA around it.</summary>
/// <param name="Mm">The process.</param>
/// <param name="Page">The page.</param>
/// <param name="Entry">What its page table entry is.</param>
public readonly record struct PageView(int Mm, int Page, EntryKind Entry)
{
    /// <summary>The frame or the slot that the entry names, numbered in the order in which the view comes to them:
    /// equal numbers are the same one. -1 for none. Frames and slots are numbered apart.</summary>
    public int Object { get; init; } = -1;

    /// <summary>Which page, in words: <c>mm0 p1</c>.</summary>
    public string Subject => $"mm{Mm} p{Page}";

    /// <summary>How many entries map the page, as the kernel counts (/proc/kpagecount).</summary>
    public int Mapcount { get; init; }

    /// <summary>What the folio is.</summary>
    public PageTraits Traits { get; init; }

    /// <summary>What the VMA is.</summary>
    public VmaTraits Vma { get; init; }

    /// <summary>What only the kernel's own memory says; null where that is not read, or the entry names
    /// nothing.</summary>
    public Inside? Inside { get; init; }
}

/// <summary>One process.</summary>
/// <param name="Mm">Its number.</param>
/// <param name="Alive">Whether it exists.</param>
/// <param name="Anon">MM_ANONPAGES; null where the side does not show it.</param>
/// <param name="File">MM_FILEPAGES.</param>
/// <param name="Shmem">MM_SHMEMPAGES.</param>
/// <param name="Swap">MM_SWAPENTS.</param>
/// <param name="Locked">locked_vm, in pages.</param>
public sealed record ProcessView(int Mm, bool Alive, int? Anon, int? File, int? Shmem, int? Swap, int? Locked);

/// <summary>What a page table entry is.</summary>
public enum EntryKind
{
    /// <summary>Empty.</summary>
    None,

    /// <summary>Maps a folio.</summary>
    Present,

    /// <summary>Maps the shared zero page.</summary>
    Zero,

    /// <summary>A swap entry.</summary>
    Swapped,

    /// <summary>Neither mapped nor in swap: a migration entry, a marker, a poison entry.</summary>
    Special,
}

/// <summary>What a folio is, as far as both sides say.</summary>
[Flags]
public enum PageTraits
{
    /// <summary>Nothing of this.</summary>
    None = 0,

    /// <summary>The mapping is an anon_vma, or that of KSM.</summary>
    Anon = 1 << 0,

    /// <summary>PG_swapbacked.</summary>
    Swapbacked = 1 << 1,

    /// <summary>PG_swapcache.</summary>
    Swapcache = 1 << 2,

    /// <summary>PG_anon_exclusive, of the folio's first page.</summary>
    Exclusive = 1 << 3,

    /// <summary>PG_dirty: of the folio, not of an entry.</summary>
    Dirty = 1 << 4,

    /// <summary>PG_uptodate.</summary>
    Uptodate = 1 << 5,

    /// <summary>PG_mlocked.</summary>
    Mlocked = 1 << 6,

    /// <summary>PG_lru.</summary>
    Lru = 1 << 7,

    /// <summary>PG_active.</summary>
    Active = 1 << 8,

    /// <summary>PG_unevictable.</summary>
    Unevictable = 1 << 9,

    /// <summary>PG_referenced.</summary>
    Referenced = 1 << 10,

    /// <summary>PG_locked.</summary>
    Locked = 1 << 11,

    /// <summary>PG_writeback.</summary>
    Writeback = 1 << 12,

    /// <summary>Merged by KSM.</summary>
    Ksm = 1 << 13,

    /// <summary>PG_hwpoison.</summary>
    Poisoned = 1 << 14,

    /// <summary>Part of a large folio.</summary>
    Large = 1 << 15,

    /// <summary>The first page of a large folio.</summary>
    Head = 1 << 16,

    /// <summary>Not active in the engine, and perhaps in a kernel.</summary>
    MayBeActive = 1 << 17,
}

/// <summary>What the VMA around a page is.</summary>
[Flags]
public enum VmaTraits
{
    /// <summary>There is none.</summary>
    None = 0,

    /// <summary>There is one.</summary>
    Mapped = 1,

    /// <summary>VM_WRITE.</summary>
    Writable = 2,

    /// <summary>VM_SHARED.</summary>
    Shared = 4,

    /// <summary>VM_LOCKED.</summary>
    Locked = 8,

    /// <summary>VM_DONTCOPY.</summary>
    DontCopy = 16,
}
