using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() that maps one page of a large folio which nobody has mapped yet, when the entries of the
/// others have changed: folio_add_new_anon_rmap() takes all of them for mapped.</summary>
[Variant(
    "partial-new-on-large",
    Subject = "a large folio that is mapped in part for the first time",
    Origin = "asked in January and June 2024: what is the warning for a large folio in __folio_add_anon_rmap() for?",
    Fix = "out_nomap when not all entries match: as every kernel with large folios in do_swap_page() has it",
    Symptom = "pages that count a mapping for ever: unreclaimable, \"nonzero mapcount\" when they are freed")]
public sealed class PartialNewOnLarge : LargeSwapIn
{
    /// <inheritdoc />
    public override int CountEntries(FaultContext fault, Folio folio, int slot) =>
        Math.Max(base.CountEntries(fault, folio, slot), 1);
}
