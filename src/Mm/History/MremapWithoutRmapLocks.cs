using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>move_ptes() that never keeps walks of the reverse map out.</summary>
[Variant(
    "mremap-without-rmap-locks",
    Subject = "mremap takes no rmap locks even when a walk may visit the new VMA first",
    Origin = "hypothetical: what need_rmap_locks is for",
    Fix = "need_rmap_locks, from 38a76013ad80 (v3.7) on",
    Symptom = "a migration entry is missed, and stays for ever")]
public sealed class MremapWithoutRmapLocks : Mremap
{
    /// <inheritdoc />
    protected override bool NeedsRmapLocks(Vma merged, Vma old) => false;
}
