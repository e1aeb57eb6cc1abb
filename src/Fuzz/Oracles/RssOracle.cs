using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A process counts its pages of each kind and its swap entries as they are in its page table.</summary>
/// <remarks>
/// L1, B6, judged while the page table is unlocked. A migration entry counts as the page that it stands for, the zero
/// page not at all. The kernel notices when the process is gone: <c>BUG: Bad rss-counter state</c>.
/// </remarks>
public readonly struct RssOracle : ISettledOracle<MmStruct>
{
    /// <inheritdoc />
    public string Name => "rss";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject) => !subject.TablesLocked;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject)
    {
        EntryTally tally = subject.Tally;
        return tally.Swaps == subject.SwapEntries
            && tally.Pages == subject.AnonPages + subject.FilePages + subject.ShmemPages
            && (!kernel.Files.Used || tally.Pages == 0 || Count(kernel, subject) == Counted(subject));
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        Counters counted = Counted(subject);
        Counters there = Count(kernel, subject);
        Compare(subject, "MM_ANONPAGES", "pages", counted.Anon, there.Anon, judge);
        Compare(subject, "MM_FILEPAGES", "file pages", counted.File, there.File, judge);
        Compare(subject, "MM_SHMEMPAGES", "pages of shmem", counted.Shmem, there.Shmem, judge);
        Compare(subject, "MM_SWAPENTS", "swap entries", counted.Swap, there.Swap, judge);
    }

    private static Counters Counted(MmStruct mm) => new(mm.AnonPages, mm.FilePages, mm.ShmemPages, mm.SwapEntries);

    private static Counters Count(Kernel kernel, MmStruct mm)
    {
        Counters there = default;
        for (int page = 0; page < kernel.PageCount; page++)
        {
            Pte pte = mm.Entry(page);
            if (pte.Kind == PteKind.Swap)
            {
                there.Swap++;
            }
            else if (pte.Kind is PteKind.Present or PteKind.Migration)
            {
                Folio folio = kernel.FolioOf(pte);
                there.Anon += folio.Anon ? 1 : 0;
                there.Shmem += !folio.Anon && folio.Has(PageFlag.Swapbacked) ? 1 : 0;
                there.File += !folio.Anon && !folio.Has(PageFlag.Swapbacked) ? 1 : 0;
            }
        }

        return there;
    }

    private void Compare(MmStruct mm, string counter, string what, int counted, int there, IJudge judge)
    {
        if (counted != there)
        {
            judge.Broken(
                this, $"{counter} is not the number of {what}", $"{mm}: {counter} {counted}, {what} {there}",
                $"BUG: Bad rss-counter state type:{counter}");
        }
    }

    private record struct Counters(int Anon, int File, int Shmem, int Swap);
}
