using Mm.State;

namespace Conformance;

/// <summary>What the engine shows, as a <see cref="View"/>.</summary>
public static class EngineView
{
    private static readonly (PageFlag Flag, PageTraits Trait)[] Flags =
    [
        (PageFlag.Swapbacked, PageTraits.Swapbacked), (PageFlag.Swapcache, PageTraits.Swapcache),
        (PageFlag.AnonExclusive, PageTraits.Exclusive), (PageFlag.Dirty, PageTraits.Dirty),
        (PageFlag.Uptodate, PageTraits.Uptodate), (PageFlag.Mlocked, PageTraits.Mlocked),
        (PageFlag.Lru, PageTraits.Lru), (PageFlag.Active, PageTraits.Active),
        (PageFlag.Unevictable, PageTraits.Unevictable), (PageFlag.Referenced, PageTraits.Referenced),
        (PageFlag.Locked, PageTraits.Locked), (PageFlag.Writeback, PageTraits.Writeback),
    ];

    /// <summary>The state that an engine is in.</summary>
    /// <param name="kernel">The engine.</param>
    /// <param name="messagesSeen">How many lines of its console are known already.</param>
    /// <param name="doubts">What a kernel may have otherwise by now.</param>
    public static View Of(Kernel kernel, int messagesSeen = 0, Doubts doubts = Doubts.None)
    {
        Identities frames = new();
        Identities slots = new();
        Identities? known = doubts.HasFlag(Doubts.AnonVmas) ? null : new();
        bool mayBeActive = doubts.HasFlag(Doubts.Active)
            || kernel.Swap.TruthGeneration.AsSpan(0, kernel.Swap.Slots).IndexOfAnyExcept(0) >= 0;
        List<PageView> pages = new(kernel.MmCount * kernel.PageCount);
        List<ProcessView> processes = new(kernel.MmCount);
        for (int number = 0; number < kernel.MmCount; number++)
        {
            MmStruct mm = kernel.Mms[number];
            for (int page = 0; page < kernel.PageCount; page++)
            {
                PageView view = PageOf(kernel, mm, page, mayBeActive, frames, slots);
                pages.Add(view with { Inside = InsideOf(kernel, mm, page, view.Entry, known) });
            }

            processes.Add(new ProcessView(
                number, mm.Alive, mm.AnonPages, mm.FilePages, mm.ShmemPages, mm.SwapEntries,
                mm.Vmas.Where(vma => vma.IsLocked).Sum(vma => vma.End - vma.Start)));
        }

        return new View(
            pages, processes, kernel.Swap.InUse(), kernel.Swap.Live,
            [.. kernel.Console.Skip(messagesSeen).Select(message => $"{message.Function}: {message.Text}")]);
    }

    private static PageView PageOf(
        Kernel kernel, MmStruct mm, int page, bool mayBeActive, Identities frames, Identities slots)
    {
        Pte pte = mm.Alive ? mm.Entry(page) : Pte.None;
        VmaTraits vma = mm.Alive && mm.FindVma(page) is { } found ? TraitsOf(found) : VmaTraits.None;
        PageView view = new(mm.Index, page, KindOf(pte)) { Vma = vma };
        if (pte.IsSwap)
        {
            return view with { Object = slots.Of(pte.Target) };
        }

        if (!pte.IsPresent)
        {
            return view;
        }

        Page frame = kernel.PageOf(pte);
        return view with
        {
            Object = frames.Of(frame.Pfn),
            Mapcount = MapcountOf(frame),
            Traits = TraitsOf(frame, mayBeActive),
        };
    }

    private static Inside? InsideOf(Kernel kernel, MmStruct mm, int page, EntryKind entry, Identities? anonVmas)
    {
        Pte pte = entry is EntryKind.Present or EntryKind.Swapped ? mm.Entry(page) : Pte.None;
        if (pte.IsNone)
        {
            return null;
        }

        if (pte.IsSwap)
        {
            return new Inside
            {
                Rights = Inside.RightsOfSwap(pte.Exclusive), SwapCount = kernel.Swap.Count(pte.Target),
            };
        }

        Page frame = kernel.PageOf(pte);
        return new Inside
        {
            Rights = Inside.RightsOf(pte.Writable, pte.Dirty),
            Content = frame.Data,
            References = frame.Head.Refcount,
            Merged = frame.Head.Ksm,
            AnonVma = anonVmas is not null && frame.Head.Mapping is { } anonVma
                ? new AnonVmaView(
                    anonVmas.Of(anonVma.Number), anonVmas.Of(anonVma.Root.Number), anonVma.Refcount,
                    anonVma.Children, anonVma.ActiveVmas)
                : null,
        };
    }

    private static EntryKind KindOf(Pte pte) => pte.Kind switch
    {
        PteKind.None => EntryKind.None,
        PteKind.Present => EntryKind.Present,
        PteKind.Zero => EntryKind.Zero,
        PteKind.Swap => EntryKind.Swapped,
        _ => EntryKind.Special,
    };

    /// <summary>folio_precise_page_mapcount.</summary>
    private static int MapcountOf(Page frame) =>
        frame.MapcountField + 1 + (frame.Head.IsLarge ? frame.Head.Large.Entire + 1 : 0);

    /// <summary>/proc/kpageflags says of all pages of a folio what is true of the first one; only whether memory is
    /// broken is a page's own.</summary>
    private static PageTraits TraitsOf(Page frame, bool mayBeActive)
    {
        Folio folio = frame.Head;
        PageTraits traits = folio.Anon ? PageTraits.Anon : PageTraits.None;
        foreach ((PageFlag flag, PageTraits trait) in Flags)
        {
            traits |= folio.Has(flag) ? trait : PageTraits.None;
        }

        // Whether a folio that comes back from swap is active at once is left to the working set
        // (workingset_refault), what is read of a file or pinned becomes active in the end (folio_mark_accessed), and
        // so does a large folio of which mlock brings several pages in (FOLL_TOUCH); the engine has neither.
        traits |= (mayBeActive || !folio.Anon || folio.IsLarge) && !folio.Has(PageFlag.Active)
            ? PageTraits.MayBeActive : PageTraits.None;
        traits |= folio.Ksm ? PageTraits.Ksm : PageTraits.None;
        traits |= frame.Has(PageFlag.HwPoison) ? PageTraits.Poisoned : PageTraits.None;
        traits |= folio.IsLarge ? PageTraits.Large : PageTraits.None;
        return traits | (folio.IsLarge && folio == frame ? PageTraits.Head : PageTraits.None);
    }

    private static VmaTraits TraitsOf(Vma vma) => VmaTraits.Mapped
        | (vma.Writable ? VmaTraits.Writable : VmaTraits.None)
        | (vma.Shared ? VmaTraits.Shared : VmaTraits.None)
        | (vma.IsLocked ? VmaTraits.Locked : VmaTraits.None)
        | (vma.Has(VmaFlag.DontCopy) ? VmaTraits.DontCopy : VmaTraits.None);
}

/// <summary>What a kernel may have otherwise, of what has happened in a program.</summary>
[Flags]
public enum Doubts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>What was pinned was accessed, and so may be active; what mlock brings in (FOLL_TOUCH) page by page is
    /// so if it is large, and if it is split afterwards.</summary>
    Active = 1,

    /// <summary>A VMA had a neighbour that the kernel merges it with, or that it takes the anon_vma of.</summary>
    AnonVmas = 2,
}
