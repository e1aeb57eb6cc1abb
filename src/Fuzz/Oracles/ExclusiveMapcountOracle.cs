using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A page marked exclusive is mapped at most once.</summary>
/// <remarks>
/// L4, A14. The first page's mark speaks for all pages while a PMD entry maps the folio; while that is being replaced
/// by PTEs, each page is counted twice.
/// Fork clears the mark before it counts the second mapping; nobody may set it on a page that is mapped twice.
/// Two processes would write each other's memory.
/// </remarks>
public readonly struct ExclusiveMapcountOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "exclusive-mapcount";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.IsLarge || subject.IsTail
        ? SharedPage(subject.Head) < 0
        : subject.Mapcount <= 1 || !subject.Has(PageFlag.AnonExclusive);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        Folio folio = subject.Head;
        int number = folio.IsLarge ? SharedPage(folio) : 0;
        string entire = folio.IsLarge ? $", entire mapcount {folio.Large.Entire + 1}" : "";
        Page page = folio.PageAt(number);
        judge.Broken(
            this, "exclusive page is mapped twice",
            $"{page}: PageAnonExclusive, mapcount {page.MapcountField + 1}{entire}",
            "VM_WARN_ON_FOLIO(folio_mapcount(folio) > 1 && PageAnonExclusive(page))");
    }

    /// <summary>The first page that is marked and mapped more than once; -1 when there is none.</summary>
    private static int SharedPage(Folio folio)
    {
        int entire = folio.Large.Entire + 1;
        bool whole = entire > 0 && folio.Has(PageFlag.AnonExclusive);
        for (int number = 0; number < folio.PageCount; number++)
        {
            Page page = folio.PageAt(number);
            if ((whole || page.Has(PageFlag.AnonExclusive))
                && page.MapcountField + 1 + entire > 1 + folio.TruthInvalidPmds)
            {
                return number;
            }
        }

        return -1;
    }
}
