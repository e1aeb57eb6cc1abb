using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A writable entry maps a page that is marked exclusive, or a page of a file in a shared mapping.</summary>
/// <remarks>
/// L3, A14, judged while the page table is unlocked. Without it a store reaches memory that others read. The kernel
/// tests it where it makes entries: <c>VM_BUG_ON(!folio_test_anon(folio) || (pte_write(pte) &amp;&amp;
/// !PageAnonExclusive(page)))</c>.
/// </remarks>
public readonly struct WritableOracle : ISettledOracle<MmStruct>, ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "writable";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject) => !subject.TablesLocked;

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) => PageTables.AreQuiet(kernel);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject) => FindPage(kernel, subject, null) < 0;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        (subject.TruthPtes | subject.TruthPmds) == 0 || subject.Has(PageFlag.AnonExclusive)
        || FindMm(kernel, subject) is null;

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge) => Tell(kernel, subject, null, judge);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        Tell(kernel, FindMm(kernel, subject)!, subject, judge);

    private static int FindPage(Kernel kernel, MmStruct mm, Folio? only)
    {
        int left = mm.Tally.Writables;
        for (int page = 0; left > 0; page++)
        {
            Pte pte = mm.Entry(page);
            if (pte.Kind == PteKind.Present && pte.Writable)
            {
                left--;
                Page marked = Marked(kernel, mm, page);
                if (!marked.Has(PageFlag.AnonExclusive) && (only is null || marked == only)
                    && (marked.Head.Anon || mm.FindVma(page) is { Shared: false }))
                {
                    return page;
                }
            }
        }

        return -1;
    }

    /// <summary>The page whose mark speaks for what is mapped there.</summary>
    private static Page Marked(Kernel kernel, MmStruct mm, int page)
    {
        Page mapped = kernel.PageOf(mm.Entry(page));
        return mm.Table(page).Pmd.IsLeaf ? mapped.Head : mapped;
    }

    private static MmStruct? FindMm(Kernel kernel, Folio folio)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            if (FindPage(kernel, kernel.Mms[i], folio) >= 0)
            {
                return kernel.Mms[i];
            }
        }

        return null;
    }

    private void Tell(Kernel kernel, MmStruct mm, Folio? only, IJudge judge)
    {
        int page = FindPage(kernel, mm, only);
        Page marked = Marked(kernel, mm, page);
        judge.Broken(
            this, "writable page is not exclusive",
            $"{mm} page {page}: {mm.Entry(page)}, mapcount {marked.MapcountField + 1}, flags {marked.Flags}",
            "VM_BUG_ON(pte_write(pte) && !PageAnonExclusive(page))");
    }
}
