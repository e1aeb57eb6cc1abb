using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>wp_can_reuse_anon_folio() that copies the pages of large folios, always.</summary>
[Variant(
    "large-never-reused",
    Subject = "a store to a page of a large folio that is not exclusive copies it, also when nobody else maps it",
    Origin = "until v6.14",
    Fix = "nothing was wrong; \"mm: Copy-on-Write (COW) reuse support for PTE-mapped THP\" (v6.15)",
    IsHarmless = true,
    Symptom = "none: more memory than is needed after fork and exit")]
public sealed class LargeNeverReused : LargeReuse
{
    /// <inheritdoc />
    public override Flow<bool> CanReuse(Cpu cpu, FaultContext fault, Folio folio) => Flow.Of(false);
}
