using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>is_mergeable_anon_vma() that asks an unfaulted neighbour for a chain of one link, which it cannot have: it
/// never merges with what is faulted.</summary>
[Variant(
    "merge-into-faulted-only",
    Subject = "VMAs without an anon_vma merge only as the part that is added",
    Origin = "965f55dea0e3 (v3.0)",
    Fix = "879bca0a2c4f (v6.16)",
    Symptom = "none: more VMAs than are needed",
    IsHarmless = true)]
public sealed class MergeIntoFaultedOnly : VmaModify
{
    /// <inheritdoc />
    protected override bool CanShare(Vma vma, Vma other) => vma.AnonVma == other.AnonVma
        || (vma.AnonVma is null && other.Chain.Count == 1);
}
