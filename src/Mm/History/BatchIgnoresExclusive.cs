using Mm.Routines;

namespace Mm.History;

/// <summary>is_pte_range_contig_swap() of the RFC: entries of slots in a row are swapped in together, whatever their
/// exclusive bits say; all are taken for what the one that faulted is.</summary>
[Variant(
    "batch-ignores-exclusive",
    Subject = "swap entries are mapped together without a look at their exclusive bits",
    Origin = "RFC of January 2024, \"mm: support large folios swapin as a whole\" (4/6)",
    Fix = "not merged; swap_pte_batch() compares whole entries, 508758960b8d (v6.11)",
    Symptom = "BUG_ON(anon && PageAnonExclusive) in do_swap_page; without it a process reads what another wrote")]
public sealed class BatchIgnoresExclusive : LargeSwapIn
{
    /// <inheritdoc />
    protected override bool IsBatch(FaultContext fault, int start, int pages)
    {
        int first = fault.Original.Target - (fault.Page - start);
        for (int number = 0; number < pages; number++)
        {
            if (!fault.Mm[start + number].IsSwap || fault.Mm[start + number].Target != first + number)
            {
                return false;
            }
        }

        return true;
    }
}
