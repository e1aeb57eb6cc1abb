using Mm.Routines;

namespace Mm.History;

/// <summary>zap_pte_range() before CONFIG_PT_RECLAIM: MADV_DONTNEED leaves empty page tables where they are.</summary>
[Variant(
    "empty-tables-stay",
    Subject = "a page table that MADV_DONTNEED has emptied stays until munmap or exit",
    Origin = "until v6.13",
    Fix = "nothing was wrong; 6375e95f381e \"mm: pgtable: reclaim empty PTE page in madvise(MADV_DONTNEED)\"",
    IsHarmless = true,
    Symptom = "none: no fault there allocates a THP any more")]
public sealed class EmptyTablesStay : TableReclaim
{
    /// <inheritdoc />
    public override bool IsFor(Gather gather, int start, int end) => false;
}
