using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>try_to_unmap_one() that drops a lazyfree folio although it was stored to after MADV_FREE.</summary>
[Variant(
    "lazyfree-ignores-dirty",
    Subject = "no look at PG_dirty of a lazyfree folio before it is dropped",
    Origin = "hypothetical: what the test of folio_test_dirty() in the lazyfree branch is for",
    Fix = "a dirty folio is kept and gets PG_swapbacked back: as every kernel with MADV_FREE has it",
    Symptom = "what was stored after MADV_FREE is lost")]
public sealed class LazyfreeIgnoresDirty : MadviseFree
{
    /// <inheritdoc />
    protected override bool IsRedirtied(Folio folio) => false;
}
