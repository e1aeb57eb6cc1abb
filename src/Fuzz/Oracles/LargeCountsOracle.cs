using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The counts of a large folio as a whole are the sums of those of its pages.</summary>
/// <remarks>
/// B2, judged while no page table is locked: rmap changes them one after the other. The kernel notices when it frees
/// the folio: <c>nonzero large_mapcount</c>, <c>nonzero nr_pages_mapped</c>.
/// </remarks>
public readonly struct LargeCountsOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "large-counts";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) =>
        PageTables.AreQuiet(kernel);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject)
    {
        (int mappings, int mapped) = Sum(subject);
        return mappings == subject.Mapcount && mapped == subject.Large.PagesMapped;
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        (int mappings, int mapped) = Sum(subject);
        if (mappings != subject.Mapcount)
        {
            judge.Broken(
                this, "large mapcount is not the sum of all mapcounts",
                $"{subject}: large mapcount {subject.Mapcount}, sum {mappings}",
                "BUG: Bad page state, page dumped because: nonzero large_mapcount");
        }

        if (mapped != subject.Large.PagesMapped)
        {
            judge.Broken(
                this, "nr_pages_mapped is not the number of mapped pages",
                $"{subject}: nr_pages_mapped 0x{subject.Large.PagesMapped:x}, mapped 0x{mapped:x}",
                "BUG: Bad page state, page dumped because: nonzero nr_pages_mapped");
        }
    }

    private static (int Mappings, int Mapped) Sum(Folio folio)
    {
        int mappings = folio.Large.Entire + 1;
        int mapped = mappings > 0 ? LargeCounts.EntirelyMapped : 0;
        for (int number = 0; number < folio.PageCount; number++)
        {
            int mapcount = folio.PageAt(number).MapcountField + 1;
            mappings += mapcount;
            mapped += mapcount > 0 ? 1 : 0;
        }

        return (mappings, mapped);
    }
}
