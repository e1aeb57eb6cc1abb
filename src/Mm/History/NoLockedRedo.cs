using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Truncation and invalidation that unmap without the folio's lock only.</summary>
[Variant(
    "no-locked-redo",
    Subject = "no unmap_mapping_folio() before a folio leaves the page cache",
    Origin = "hypothetical: a caller as seed 004 looks for, \"who will not take the page lock to redo the zap\"",
    Fix = "truncate_cleanup_folio() and folio_unmap_invalidate() unmap once more, under the folio's lock",
    Symptom = "BUG: Bad page cache, still mapped when deleted; stores into a page that nobody will find")]
public sealed class NoLockedRedo : UnmapMapping
{
    /// <inheritdoc />
    public override Flow One(Cpu cpu, Folio folio) => Flow.Done;
}
