using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>UFFDIO_MOVE that moves pages which others map too.</summary>
[Variant(
    "uffd-move-ignores-exclusive",
    Subject = "UFFDIO_MOVE does not look at PageAnonExclusive",
    Origin = "hypothetical: what the two tests of PageAnonExclusive in move_pages_ptes() are for",
    Fix = "PageAnonExclusive is tested under the lock of the page table: as every kernel has it",
    Symptom = "the reverse map loses the other mappings, and both processes write one page")]
public sealed class UffdMoveIgnoresExclusive : UffdMovePtes
{
    /// <inheritdoc />
    protected override bool IsExclusive(Page page) => true;
}
