namespace Conformance.Guest;

/// <summary>What struct folio and struct page say, read from a guest's memory.</summary>
/// <param name="Frame">The head's frame number.</param>
/// <param name="Order">Of the folio: 2^order pages.</param>
/// <param name="Flags">page->flags of the head; <see cref="GuestMemory.FlagBit"/> says which bit is which.</param>
/// <param name="Refcount">_refcount.</param>
/// <param name="PageMapcount">_mapcount + 1 of the page that was asked for.</param>
/// <param name="LargeMapcount">_large_mapcount + 1 of a large folio, where the kernel has it (since 6.9).</param>
/// <param name="EntireMapcount">_entire_mapcount + 1 of a large folio, where the kernel has it.</param>
/// <param name="NrPagesMapped">_nr_pages_mapped of a large folio, where the kernel has it.</param>
/// <param name="Pincount">_pincount of a large folio.</param>
/// <param name="PartiallyMapped">PG_partially_mapped of a large folio, where the kernel has it (since 6.12).</param>
/// <param name="Queued">Whether a large folio is on a queue of those to be split (_deferred_list).</param>
/// <param name="Mapping">folio->mapping: an inode's, or with its lowest bit set an anon_vma.</param>
/// <param name="PageFlags">page->flags of the page that was asked for.</param>
/// <param name="Content">The first word of that page.</param>
public sealed record FolioState(
    ulong Frame, int Order, ulong Flags, int Refcount, int PageMapcount, int? LargeMapcount, int? EntireMapcount,
    int? NrPagesMapped, int? Pincount, bool? PartiallyMapped, bool? Queued, ulong Mapping, ulong PageFlags,
    ulong Content);

/// <summary>struct anon_vma (include/linux/rmap.h, v6.18), read from a guest's memory.</summary>
/// <param name="Address">Where it is: its identity.</param>
/// <param name="Root">Where its root is.</param>
/// <param name="Refcount">refcount.</param>
/// <param name="Children">num_children.</param>
/// <param name="ActiveVmas">num_active_vmas.</param>
public sealed record AnonVmaState(ulong Address, ulong Root, int Refcount, long Children, long ActiveVmas);

/// <summary>The counters of a process, exact: each cpu's part is added up. The agent's own pages are part of
/// them.</summary>
/// <param name="File">MM_FILEPAGES.</param>
/// <param name="Anon">MM_ANONPAGES.</param>
/// <param name="Swap">MM_SWAPENTS.</param>
/// <param name="Shmem">MM_SHMEMPAGES.</param>
public sealed record RssState(long File, long Anon, long Swap, long Shmem);
