using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>folio_referenced() that locks every folio for the walk of its reverse map, or leaves it alone.</summary>
[Variant(
    "referenced-always-locked",
    Subject = "mm: always call rmap_walk() on locked folios",
    Origin = "v6.19; v6.18 locks file and KSM folios only",
    Fix = "is one: an anonymous folio cannot become a KSM folio between the two tests",
    IsFix = true,
    Symptom = "VM_BUG_ON_FOLIO(!folio_test_locked(folio)) in rmap_walk_ksm(), or a walk of a list that ksmd changes")]
public sealed class ReferencedAlwaysLocked : Unmap
{
    /// <inheritdoc />
    protected override bool NeedsLock(Folio folio) => true;
}
