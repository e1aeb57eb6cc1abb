using System.Globalization;

namespace Conformance;

/// <summary>The table of what is compared, in the order in which it is: the first difference names the
/// observable.</summary>
public static class Observables
{
    private const string Flags = "/proc/kpageflags";
    private const string Memory = "the kernel's memory";
    private const string Status = "/proc/PID/status, before 6.18 the kernel's memory";
    private const string Smaps = "/proc/PID/smaps";

    /// <summary>Counters that can be summed up whatever cpus have in their own parts (mm_struct.rss_stat, v6.2); shown
    /// exactly since v6.18 (fs/proc/task_mmu.c: task_mem).</summary>
    private static readonly Version ExactSums = new(6, 12);

    /// <summary>Up to v6.18 at least, KPF_KSM is set for all anonymous pages: stable_page_flags tests two bits of the
    /// mapping as if they were one.</summary>
    private static readonly Version ExactKsm = new(7, 2);

    /// <summary>Before, each cpu keeps slots in stock where there are many (mm/swap_slots.c, until v6.15), and they
    /// count as used.</summary>
    private static readonly Version ExactSlots = new(6, 18);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Observable> All { get; } =
    [
        new("answer", Comparing.Exact, "the result of the system call, or the signal; loads return the value")
        {
            Facts = reaction => [("the call", reaction.Answer)],
        },
        new("messages", Comparing.Exact, "the console: a sound kernel prints nothing")
        {
            Facts = reaction => [("the console", string.Join(" | ", reaction.View.Messages))],
        },
        OfProcess("alive", "the process answers", process => process.Alive ? 1 : 0),
        OfVma("mapped", $"{Smaps}: there is a VMA", VmaTraits.Mapped),
        OfVma("writable", $"{Smaps}: VM_WRITE", VmaTraits.Writable),
        OfVma("shared", $"{Smaps}: VM_SHARED", VmaTraits.Shared),
        OfVma("locked", $"{Smaps}: VM_LOCKED", VmaTraits.Locked),
        OfVma("dontfork", $"{Smaps}: VM_DONTCOPY", VmaTraits.DontCopy),
        OfPage("entry", Comparing.Exact, "/proc/PID/pagemap, and the zero page in kpageflags",
            page => page.Entry.ToString().ToLowerInvariant()),
        OfPage("frame", Comparing.Exact, "pagemap: which pages share a frame",
            page => page.Entry == EntryKind.Present ? Number(page.Object) : "none"),
        OfPage("slot", Comparing.Exact, "pagemap: which pages share a swap slot",
            page => page.Entry == EntryKind.Swapped ? Number(page.Object) : "none"),
        OfPage("mapcount", Comparing.Exact, "/proc/kpagecount", page => Number(page.Mapcount)),
        Trait("anon", Comparing.Exact, PageTraits.Anon),
        Trait("large", Comparing.Exact, PageTraits.Large),
        Trait("head", Comparing.Exact, PageTraits.Head),
        Trait("swapbacked", Comparing.Exact, PageTraits.Swapbacked),
        Trait("swapcache", Comparing.Exact, PageTraits.Swapcache),
        Trait("exclusive", Comparing.Exact, PageTraits.Exclusive),
        Trait("mlocked", Comparing.Exact, PageTraits.Mlocked),
        Trait("poisoned", Comparing.Exact, PageTraits.Poisoned),
        Trait("uptodate", Comparing.Exact, PageTraits.Uptodate),
        Trait("writeback", Comparing.Exact, PageTraits.Writeback),
        Trait("dirty", Comparing.Exact, PageTraits.Dirty),
        Trait("ksm", Comparing.Exact, PageTraits.Ksm) with { Since = ExactKsm },
        Trait("lru", Comparing.Drained, PageTraits.Lru),
        Trait("unevictable", Comparing.Drained, PageTraits.Unevictable),
        OfPage(
            "active", Comparing.OneOf,
            $"{Flags}: Active; of files, and once something was in swap, the kernel may say yes",
            page => (page.Traits & PageTraits.MayBeActive) != PageTraits.None
                ? $"no{Comparison.Or}yes" : YesNo((page.Traits & PageTraits.Active) != PageTraits.None))
            with { Traits = PageTraits.Active },
        OfProcess("rss-anon", $"{Status}: MM_ANONPAGES", process => process.Anon) with { Since = ExactSums },
        OfProcess("rss-file", $"{Status}: MM_FILEPAGES", process => process.File) with { Since = ExactSums },
        OfProcess("rss-shmem", $"{Status}: MM_SHMEMPAGES", process => process.Shmem) with { Since = ExactSums },
        OfProcess("swap", $"{Status}: MM_SWAPENTS", process => process.Swap) with { Since = ExactSums },
        OfInside("content", $"{Memory}, of the page", inside => Number(inside.Content)),
        OfInside("rights", $"{Memory}, of the entry: writable, dirty; in swap exclusive", inside => inside.Rights),
        OfInside("references", $"{Memory}: _refcount", inside => Number(inside.References)) with
        {
            Comparing = Comparing.Drained,
        },
        OfInside("merged", $"{Memory}: folio->mapping is a stable node", inside =>
            inside.Merged is { } merged ? YesNo(merged) : null),
        OfInside("swap-count", $"{Memory}, of the slot", inside => Number(inside.SwapCount)),
        OfInside("anon-vma", $"{Memory}: folio->mapping, and its root", inside =>
            inside.AnonVma is { } anonVma ? $"{anonVma.Object} of {anonVma.Root}" : null),
        OfInside("anon-vma-refs", $"{Memory}: anon_vma->refcount", inside => Number(inside.AnonVma?.References)),
        OfInside("anon-vma-children", $"{Memory}: anon_vma->num_children",
            inside => Number(inside.AnonVma?.Children)),
        OfInside("anon-vma-vmas", $"{Memory}: anon_vma->num_active_vmas",
            inside => Number(inside.AnonVma?.ActiveVmas)),
        OfProcess("locked-vm", "/proc/PID/status: VmLck", process => process.Locked),
        OfDevice("swap-on", "/proc/swaps: the device is in use", view => view.SwapOn ? 1 : 0),
        OfDevice("swap-used", "/proc/swaps: slots in use", view => view.SlotsUsed) with { Since = ExactSlots },
        new("frame-number", Comparing.NotCompared, "each side takes whatever frame is free"),
        new("slot-number", Comparing.NotCompared, "each side takes whatever slot is free"),
        new("vma-borders", Comparing.NotCompared, "the kernel merges more neighbours than the engine does"),
        new("vmstat", Comparing.NotCompared, "counts events of the whole machine, and the engine counts none"),
        new("referenced", Comparing.NotCompared, "follows accessed bits, which the hardware sets when it likes"),
        new("accessed", Comparing.NotCompared, "the hardware sets it when it likes"),
    ];

    private static Observable OfPage(
        string name, Comparing comparing, string reason, Func<PageView, string> value) =>
        new(name, comparing, reason)
        {
            Facts = reaction => reaction.View.Pages.Select(
                page => (page.Subject, (string?)value(page))),
        };

    private static Observable OfInside(string name, string reason, Func<Inside, string?> value) =>
        new(name, Comparing.Exact, reason)
        {
            Facts = reaction => reaction.View.Pages.Select(page => (
                page.Subject, page.Inside is { } inside ? value(inside) : null)),
        };

    private static Observable Trait(string name, Comparing comparing, PageTraits trait) =>
        OfPage(name, comparing, $"{Flags}: {trait}", page => YesNo((page.Traits & trait) != PageTraits.None))
            with { Traits = trait };

    private static Observable OfVma(string name, string reason, VmaTraits trait) =>
        OfPage(name, Comparing.Exact, reason, page => YesNo((page.Vma & trait) != VmaTraits.None));

    private static Observable OfProcess(string name, string reason, Func<ProcessView, int?> value) =>
        new(name, Comparing.Exact, reason)
        {
            Facts = reaction => reaction.View.Processes.Select(
                process => ($"mm{process.Mm}", value(process) is { } shown ? Number(shown) : null)),
        };

    private static Observable OfDevice(string name, string reason, Func<View, int> value) =>
        new(name, Comparing.Exact, reason)
        {
            Facts = reaction => [("the swap device", Number(value(reaction.View)))],
        };

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
