using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>folio_likely_mapped_shared(), which guesses where folio_maybe_mapped_shared() knows.</summary>
[Variant(
    "shared-by-first-page",
    Subject = "a large folio that is mapped in part counts as shared if its first page is mapped twice",
    Origin = "until v6.14",
    Fix = "nothing was wrong; \"mm: convert folio_likely_mapped_shared() to folio_maybe_mapped_shared()\" (v6.15)",
    IsHarmless = true,
    Symptom = "none: MADV_PAGEOUT and MADV_COLD split some folios that others map, too")]
public sealed class SharedByFirstPage : LargePageout
{
    private static readonly Point TestMapcount =
        Points.Define("PageoutTestMapcount", "folio_likely_mapped_shared", Access.Read);
    private static readonly Point TestFirst =
        Points.Define("PageoutTestFirstPage", "folio_likely_mapped_shared", Access.Read);

    /// <inheritdoc />
    protected override async Flow<bool> IsShared(Cpu cpu, Folio folio)
    {
        LargeCounts large = folio.Large;
        await cpu.At(TestMapcount, large.MapcountWord);
        if (folio.Mapcount <= 1)
        {
            return false;
        }

        if (large.Entire >= 0 || folio.Mapcount > folio.PageCount)
        {
            return true;
        }

        await cpu.At(TestFirst, folio.MapcountWord);
        return folio.MapcountField > 0;
    }
}
