using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>page_lock_anon_vma() that takes a reference counter which is not 0 for proof that the anon_vma is
/// still the page's.</summary>
/// <remarks>The lock is a read-write semaphore here as it is now; it was a mutex.</remarks>
[Variant(
    "anon-vma-locked-by-count",
    Subject = "page_lock_anon_vma() looks at the refcount, not at page_mapped(), once the root is locked",
    Origin = "746b18d421da \"mm: use refcounts for page_lock_anon_vma()\" (v3.0-rc1)",
    Fix = "eee0f252c653 \"mm: fix page_lock_anon_vma leaving mutex locked\" (v3.0)",
    Symptom = "the unlock goes to another root's lock; a fault hangs in anon_vma_prepare()")]
public sealed class AnonVmaLockedByCount : RmapWalk
{
    /// <inheritdoc />
    protected override async Flow<bool> StillItsOwn(Cpu cpu, Folio folio, AnonVma anonVma)
    {
        await cpu.At(LockRemapped, anonVma.Word);
        return anonVma.Refcount != 0;
    }
}
