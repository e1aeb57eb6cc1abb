using Fuzz.Programs;

namespace Conformance;

/// <summary>A difference that is none of the engine's faults: where a kernel is free, or where a version differs from
/// the engine's text in a way that the engine has no variant for.</summary>
/// <param name="Name">One word.</param>
/// <param name="Observable">What differs.</param>
/// <param name="Reason">Why that is no fault, with the kernel function that decides.</param>
public sealed record Freedom(string Name, string Observable, string Reason)
{
    /// <summary>All that are known.</summary>
    public static IReadOnlyList<Freedom> All { get; } =
    [
        new("read-fault-clean", "rights", "a load from a page of shmem that is dirty maps it writable and, before "
            + "6.18, clean (set_pte_range)")
        {
            Until = new Version(6, 18), Engine = "rw dirty", Kernel = "rw",
        },
        new("lazyfree-in-use", "swapbacked", "reclaim that finds a page of MADV_FREE in use by somebody else, before "
            + "6.18, lets it be written to swap again (try_to_unmap_one)")
        {
            Until = new Version(6, 18), Engine = "no", Kernel = "yes",
        },
        new("refault-read-only", "rights", "before 6.12, a load that brings back a page of one's own maps it read-only "
            + "(do_swap_page)")
        {
            Until = new Version(6, 12), Engine = "rw", Kernel = "ro",
        },
        new("refault-locks", "mlocked", "before 6.11, what comes back from swap into locked memory is locked there "
            + "(page_add_anon_rmap; since then folio_add_new_anon_rmap leaves that to others)")
        {
            Until = new Version(6, 12), Engine = "no", Kernel = "yes",
        },
        new("slots-in-stock", "entry", "before 6.15, each cpu takes single slots from a stock (mm/swap_slots.c): those "
            + "of a folio that was split first need not follow each other, and do not come back as one folio")
        {
            Until = new Version(6, 15), Engine = "present", Kernel = "swapped", IsOfSwapin = true,
        },
        new("slots-in-stock", "large", "the same, where the call brings back all of them")
        {
            Until = new Version(6, 15), Engine = "yes", Kernel = "no", IsOfSwapin = true,
        },
        new("slots-in-stock", "entry", "the same, where the slots follow each other in the kernel only")
        {
            Until = new Version(6, 15), Engine = "swapped", Kernel = "present", IsOfSwapin = true,
        },
        new("readahead-of-one", "exclusive", "guests read nothing ahead (page-cluster 0): then nobody empties the "
            + "batch that a page is in which was just read (swap_vma_readahead), and its reference keeps the page "
            + "from being taken for one's own (do_swap_page)")
        {
            Engine = "yes", Kernel = "no", IsOfReadahead = true,
        },
    ];

    /// <summary>The first kernel that does as the engine does; null when none does.</summary>
    public Version? Until { get; init; }

    /// <summary>What the engine shows then; null for anything.</summary>
    public string? Engine { get; init; }

    /// <summary>What the kernel shows then; null for anything.</summary>
    public string? Kernel { get; init; }

    /// <summary>Whether it is only of pages that came back from swap with the call, on one side as part of a large
    /// folio.</summary>
    public bool IsOfSwapin { get; init; }

    /// <summary>Whether it is only of pages that came back with the call, through the swap cache of a device that takes
    /// its time.</summary>
    public bool IsOfReadahead { get; init; }

    /// <summary>The freedom that a difference is, or null: then somebody is wrong.</summary>
    public static Freedom? Of(Difference difference, Release release) =>
        All.FirstOrDefault(freedom => freedom.Explains(difference, release));

    private bool Explains(Difference difference, Release release) =>
        difference.Mismatch.Observable.Name == Observable
        && (Until is null || release.Number < Until)
        && (Engine is null || difference.Mismatch.Engine == Engine)
        && (Kernel is null || difference.Mismatch.Kernel == Kernel)
        && (!IsOfSwapin || (IsLarge(difference) && WasSwapped(difference)))
        && (!IsOfReadahead || (difference.Program.Shape[MmLanguage.Device] == 0 && WasSwapped(difference)));

    private static bool IsLarge(Difference difference) => new[] { difference.Engine.View, difference.Kernel.View }.Any(
        view => Find(difference, view) is { } page && page.Traits.HasFlag(PageTraits.Large));

    private static bool WasSwapped(Difference difference) =>
        difference.Before is { } before && Find(difference, before) is { Entry: EntryKind.Swapped };

    private static PageView? Find(Difference difference, View view) => view.Pages
        .Where(page => page.Subject == difference.Mismatch.Subject).Select(page => (PageView?)page).FirstOrDefault();
}
