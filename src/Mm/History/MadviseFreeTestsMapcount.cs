using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>madvise_free_pte_range() that leaves every shared folio alone, not only dirty ones.</summary>
[Variant(
    "madvise-free-tests-mapcount",
    Subject = "MADV_FREE skips a folio that others map, whether or not PG_dirty or PG_swapcache is set",
    Origin = "a fix put beside v6.18, which tests the mapcount only of dirty and swap cache folios",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: MADV_FREE drops the memory of a forked process, if the page was read in from a synchronous "
        + "device before the fork and not written since")]
public sealed class MadviseFreeTestsMapcount : MadviseFree
{
    private static readonly Point TestShared = Points.Define("FreeTestShared", "madvise_free_pte_range", Access.Read);

    /// <inheritdoc />
    protected override async Flow FreePresent(Cpu cpu, Gather gather, MmStruct mm, int page, Pte pte)
    {
        Folio folio = K.FolioOf(pte);
        await cpu.At(TestShared, folio.MapcountWord);
        if (folio.Mapcount == 1)
        {
            await base.FreePresent(cpu, gather, mm, page, pte);
        }
    }
}
