using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>UFFDIO_MOVE that moves a swap entry and leaves its folio in the swap cache as it was.</summary>
[Variant(
    "uffd-move-ignores-swapcache",
    Subject = "UFFDIO_MOVE does not look for the folio of a swap entry",
    Origin = "adef440691ba \"userfaultfd: UFFDIO_MOVE uABI\" (v6.8), until v6.14",
    Fix = "c50f8e6053b0 \"mm: fix kernel BUG when userfaultfd_move encounters swapcache\" (v6.14)",
    Symptom = "the next fault copies the page; without CONFIG_KSM: kernel BUG in __page_check_anon_rmap")]
public sealed class UffdMoveIgnoresSwapcache : UffdMovePtes
{
    /// <inheritdoc />
    protected override Flow<Folio?> FindCached(Cpu cpu, int slot) => Flow.Of<Folio?>(null);

    /// <inheritdoc />
    protected override Flow<bool> HasCache(Cpu cpu, int slot) => Flow.Of(false);
}
