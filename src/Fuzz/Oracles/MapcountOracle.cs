using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Entries that map a page or folio are at most its mapcount, and the mapcount is at most the
/// refcount.</summary>
/// <remarks>
/// E1, A2, A3. A large folio is judged as a whole, and each of its pages: whole mappings are counted apart from those
/// of pages, and the folio's own mapcount last when added, first when removed. While a PMD entry is being replaced by
/// PTEs both are counted, with the references of the latter.
/// A reference is taken before the mapcount rises, and that before the entry is set; all is undone in
/// reverse. A frozen refcount says nothing. The kernel notices at the last unmap (<c>BUG: Bad page map</c>) or at the
/// free (<c>nonzero mapcount</c>).
/// </remarks>
public readonly struct MapcountOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "mapcount";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.IsLarge || subject.IsTail
        ? LargeHolds(subject.Head)
        : subject.TruthPtes <= subject.Mapcount && (subject.Mapcount <= subject.Refcount || Freezing.IsFrozen(subject));

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        if (subject.IsLarge || subject.IsTail)
        {
            TellLarge(subject.Head, judge);
            return;
        }

        string values =
            $"{subject}: {subject.TruthPtes} page table entries, mapcount {subject.Mapcount}, "
            + $"refcount {subject.Refcount}";
        if (subject.TruthPtes > subject.Mapcount)
        {
            judge.Broken(this, "fewer mappings counted than there are", values, "BUG: Bad page map");
        }
        else
        {
            judge.Broken(
                this, "fewer references than mappings", values,
                "BUG: Bad page state, page dumped because: nonzero mapcount");
        }
    }

    private static bool LargeHolds(Folio folio) =>
        Uncounted(folio) < 0 && folio.TruthPmds <= folio.Large.Entire + 1 && folio.TruthMappings() <= folio.Mapcount
        && folio.Mapcount <= Parts(folio) && HasReferences(folio);

    private static bool HasReferences(Folio folio) =>
        folio.Mapcount <= folio.Refcount + folio.TruthInvalidPmds || Freezing.IsFrozen(folio);

    /// <summary>The first page that more entries map than it counts; -1 when there is none.</summary>
    private static int Uncounted(Folio folio)
    {
        for (int number = 0; number < folio.PageCount; number++)
        {
            Page page = folio.PageAt(number);
            if (page.TruthPtes > page.MapcountField + 1)
            {
                return number;
            }
        }

        return -1;
    }

    /// <summary>All mappings as pages and the whole count them.</summary>
    private static int Parts(Folio folio)
    {
        int sum = folio.Large.Entire + 1;
        for (int number = 0; number < folio.PageCount; number++)
        {
            sum += folio.PageAt(number).MapcountField + 1;
        }

        return sum;
    }

    private void TellLarge(Folio folio, IJudge judge)
    {
        int uncounted = Uncounted(folio);
        string values =
            $"{folio}: {folio.TruthMappings()} entries, {folio.TruthPmds} of them PMDs; large mapcount "
            + $"{folio.Mapcount}, entire mapcount {folio.Large.Entire + 1}, all parts {Parts(folio)}, "
            + $"refcount {folio.Refcount}";
        if (uncounted >= 0 || folio.TruthPmds > folio.Large.Entire + 1)
        {
            judge.Broken(
                this, "fewer mappings of a page counted than there are",
                uncounted < 0 ? values
                    : $"{values}; page {uncounted} counts {folio.PageAt(uncounted).MapcountField + 1}",
                "BUG: Bad page state, page dumped because: nonzero mapcount");
        }
        else if (folio.TruthMappings() > folio.Mapcount)
        {
            judge.Broken(this, "fewer mappings counted than there are", values, "BUG: Bad page map");
        }
        else if (folio.Mapcount > Parts(folio))
        {
            judge.Broken(
                this, "more mappings of a large folio counted than of its parts", values,
                "BUG: Bad page state, page dumped because: nonzero large_mapcount");
        }
        else
        {
            judge.Broken(
                this, "fewer references than mappings", values,
                "BUG: Bad page state, page dumped because: nonzero mapcount");
        }
    }
}
