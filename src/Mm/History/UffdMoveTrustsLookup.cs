using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>UFFDIO_MOVE that believes what its lookup in the swap cache has found, or has not found.</summary>
[Variant(
    "uffd-move-trusts-lookup",
    Subject = "UFFDIO_MOVE does not ask again, with the folio and the tables locked, whether the folio is of the entry",
    Origin = "c50f8e6053b0 \"mm: fix kernel BUG when userfaultfd_move encounters swapcache\" (v6.14), until v6.16",
    Fix = "0ea148a79919 \"mm: userfaultfd: fix race of userfaultfd_move and swap cache\" (v6.16)",
    Symptom = "somebody else's folio gets index and anon_vma of the moved page, or its own folio keeps the old ones")]
public sealed class UffdMoveTrustsLookup : UffdMovePtes
{
    /// <inheritdoc />
    protected override Flow<bool> StillCached(Cpu cpu, Folio folio, int slot) => Flow.Of(true);

    /// <inheritdoc />
    protected override Flow<bool> HasCache(Cpu cpu, int slot) => Flow.Of(false);
}
