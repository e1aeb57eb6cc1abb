using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() that maps one page, also of a large folio that it finds in the swap cache.</summary>
[Variant(
    "swapin-one-page",
    Subject = "of a large folio in the swap cache one page is mapped at a time",
    Origin = "until v6.11",
    Fix = "nothing was wrong; 508758960b8d \"mm: swap: entirely map large folios found in swapcache\"",
    IsHarmless = true,
    Symptom = "none: a fault for each page")]
public sealed class SwapinOnePage : SwapinSmallFolios
{
    /// <inheritdoc />
    public override int CountEntries(FaultContext fault, Folio folio, int slot) => 1;
}
