using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A process counts its pages and swap entries as they are in its page table.</summary>
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
        int pages = 0;
        int swapEntries = 0;
        for (int page = 0; page < kernel.PageCount; page++)
        {
            PteKind kind = subject.Entry(page).Kind;
            pages += kind is PteKind.Present or PteKind.Migration ? 1 : 0;
            swapEntries += kind == PteKind.Swap ? 1 : 0;
        }

        return pages == subject.AnonPages && swapEntries == subject.SwapEntries;
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        const string Message = "BUG: Bad rss-counter state";
        int pages = PageTables.Count(kernel, subject, PteKind.Present)
            + PageTables.Count(kernel, subject, PteKind.Migration);
        if (pages != subject.AnonPages)
        {
            judge.Broken(
                this, "MM_ANONPAGES is not the number of pages",
                $"{subject}: MM_ANONPAGES {subject.AnonPages}, pages {pages}", $"{Message} type:MM_ANONPAGES");
        }

        int swapEntries = PageTables.Count(kernel, subject, PteKind.Swap);
        if (swapEntries != subject.SwapEntries)
        {
            judge.Broken(
                this, "MM_SWAPENTS is not the number of swap entries",
                $"{subject}: MM_SWAPENTS {subject.SwapEntries}, swap entries {swapEntries}",
                $"{Message} type:MM_SWAPENTS");
        }
    }
}
