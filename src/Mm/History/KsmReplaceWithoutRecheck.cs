using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>replace_page() that does not look whether the entry still is as write_protect_page() left it.</summary>
[Variant(
    "ksm-replace-without-recheck",
    Subject = "no pte_same() in replace_page()",
    Origin = "hypothetical: what the test in replace_page() is for",
    Fix = "pte_same() under the page table lock: as every kernel has it",
    Symptom = "a store between the comparison and the replacement is lost")]
public sealed class KsmReplaceWithoutRecheck : KsmMerge
{
    /// <inheritdoc />
    protected override bool IsUnchanged(Pte now, Pte original) => true;
}
