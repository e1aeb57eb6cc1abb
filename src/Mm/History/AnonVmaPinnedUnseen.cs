using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>folio_get_anon_vma() that trusts a reference counter which was not 0.</summary>
[Variant(
    "anon-vma-pinned-unseen",
    Subject = "folio_get_anon_vma() does not look again whether the folio is mapped",
    Origin = "hypothetical: what the second folio_mapped() is for; see anon-vma-locked-by-count",
    Fix = "folio_mapped() once more after atomic_inc_not_zero()",
    Symptom = "none by itself as long as the folio is locked: somebody else's anon_vma is pinned and locked")]
public sealed class AnonVmaPinnedUnseen : RmapWalk
{
    /// <inheritdoc />
    protected override Flow<bool> StillMapped(Cpu cpu, Folio folio) => Flow.Of(true);
}
