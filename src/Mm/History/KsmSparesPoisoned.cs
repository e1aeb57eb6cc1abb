using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>stable_tree_search() that does not look at the content of a poisoned folio.</summary>
[Variant(
    "ksm-spares-poisoned",
    Subject = "mm/ksm: don't compare with, and merge into, a poisoned stable folio",
    Origin = "a proposal; in v6.18 memory_failure() leaves the folio in the stable tree, with a reference",
    Fix = "is one: a test of PageHWPoison() before memcmp_pages()",
    IsFix = true,
    Symptom = "ksmd reads broken memory (a machine check in the kernel), or maps it into a process")]
public sealed class KsmSparesPoisoned : KsmTree
{
    /// <inheritdoc />
    protected override bool IsReadable(Folio folio) => !folio.Has(PageFlag.HwPoison);
}
