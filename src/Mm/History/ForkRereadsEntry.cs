using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>__copy_present_ptes() that makes the child's entry of the parent's as it is once it is read-only.</summary>
[Variant(
    "fork-rereads-entry",
    Subject = "fork copies the entry as it stands after ptep_set_wrprotect(), dirty bit included",
    Origin = "a fix put beside v6.18, whose child gets a clean entry if a store of another thread comes in between",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: the child's page is dropped as clean by reclaim, and an old copy comes back from swap")]
public sealed class ForkRereadsEntry : Fork
{
    /// <inheritdoc />
    protected override Pte ForChild(MmStruct parent, int page, Pte read) => base.ForChild(parent, page, parent[page]);
}
