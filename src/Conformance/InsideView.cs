using Conformance.Guest;

namespace Conformance;

/// <summary>Adds to a view what only the kernel's own memory says.</summary>
/// <param name="memory">The guest's memory.</param>
/// <param name="processes">The guest's processes.</param>
internal sealed class InsideView(GuestMemory memory, GuestProcesses processes)
{
    private const ulong Writable = 1UL << 1;
    private const ulong Dirty = 1UL << 6;

    /// <summary>_PAGE_SAVED_DIRTY: dirty, and write-protected since (arch/x86/include/asm/pgtable_types.h,
    /// v6.18).</summary>
    private const ulong SavedDirty = 1UL << 58;

    /// <summary>_PAGE_SWP_EXCLUSIVE.</summary>
    private const ulong SwapExclusive = 1UL << 3;

    /// <summary>PG_private: a file system has a reference to the page for what it keeps of it.</summary>
    private readonly int? ownedByFileSystem = memory.FlagBit("PG_private");

    private readonly Identities anonVmas = new();

    /// <summary>A page, with what its entry and its folio are.</summary>
    /// <param name="view">What is known of it.</param>
    /// <param name="number">Its frame, or its slot.</param>
    public PageView Add(PageView view, ulong number) => view.Entry switch
    {
        EntryKind.Present when processes.MmOf(view.Mm) is { } mm => AddMapped(view, number, mm),
        EntryKind.Swapped when processes.MmOf(view.Mm) is { } mm => AddSwapped(view, number, mm),
        _ => view,
    };

    /// <summary>A process, with the counters that the kernel does not show.</summary>
    public ProcessView Add(ProcessView process) => process.Anon is null && processes.RssOf(process.Mm) is { } rss
        ? process with
        {
            Anon = (int)rss.Anon, File = (int)rss.File, Shmem = (int)rss.Shmem, Swap = (int)rss.Swap,
        }
        : process;

    private PageView AddMapped(PageView view, ulong frame, ulong mm)
    {
        FolioState folio = memory.Folio(frame);
        ulong entry = memory.EntryOf(mm, view.Page).Entry;
        bool isOwned = ownedByFileSystem is { } bit && (folio.Flags >> bit & 1) != 0;
        return view with
        {
            Inside = new Inside
            {
                Rights = Inside.RightsOf((entry & Writable) != 0, (entry & (Dirty | SavedDirty)) != 0),
                Content = (long)folio.Content,
                References = folio.Refcount - (isOwned ? 1 : 0),
                Merged = GuestMemory.IsMerged(folio),
                AnonVma = memory.AnonVmaOf(folio) is { } anonVma
                    ? new AnonVmaView(
                        anonVmas.Of((long)anonVma.Address), anonVmas.Of((long)anonVma.Root), anonVma.Refcount,
                        (int)anonVma.Children, (int)anonVma.ActiveVmas)
                    : null,
            },
        };
    }

    private PageView AddSwapped(PageView view, ulong slot, ulong mm) => view with
    {
        Inside = new Inside
        {
            Rights = Inside.RightsOfSwap((memory.EntryOf(mm, view.Page).Entry & SwapExclusive) != 0),
            SwapCount = memory.SwapCount(slot),
        },
    };
}
