using Mm.State;

namespace Fuzz.Oracles;

/// <summary>While a page is written to its device, nobody can store to it without its being seen.</summary>
/// <remarks>
/// B9 before the store has come: a translation that is dirty stores without a look at its entry. So the entry, or the
/// folio, must be dirty as well, or the store is lost with the next reclaim. Judged while nobody holds a lock of page
/// tables: who does may have an entry in hand, with its dirty bit. A process with a gather under way is left out: it
/// drops what it has. No message: silent data corruption.
/// </remarks>
public readonly struct UnseenStoreOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "unseen-store";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) => PageTables.AreQuiet(kernel);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        !subject.Has(PageFlag.Writeback) || subject.Has(PageFlag.Dirty) || Find(kernel, subject) is null;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(this, "page is written while a store to it would not be seen", Find(kernel, subject)!);

    private static string? Find(Kernel kernel, Folio folio)
    {
        for (int number = 0; number < folio.PageCount; number++)
        {
            Page page = folio.PageAt(number);
            if (page.TruthTlbEntries != 0 && FindTranslation(kernel, page) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static string? FindTranslation(Kernel kernel, Page frame)
    {
        for (int cpu = 0; cpu < kernel.Tlbs.Length; cpu++)
        {
            for (int i = 0; i < kernel.MmCount * kernel.PageCount && !kernel.Tlbs[cpu].IsEmpty; i++)
            {
                MmStruct mm = kernel.Mms[i / kernel.PageCount];
                int page = i % kernel.PageCount;
                Translation cached = kernel.Tlbs[cpu].Find(mm, page);
                if (cached.Pte.Dirty && cached.Pte.IsPresent && cached.Pte.Target == frame.Pfn && !mm.Entry(page).Dirty
                    && cached.TruthDiscards == mm.TruthDiscards[page] && mm.Tlb.FlushPending == 0)
                {
                    return $"{frame} is under writeback; cpu{cpu} has cached for {mm} page {page}: {cached.Pte}; "
                        + $"its entry is: {mm.Entry(page)}";
                }
            }
        }

        return null;
    }
}
