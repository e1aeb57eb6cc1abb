using Interleave;
using Mm.Routines;

namespace Mm.History;

/// <summary>do_swap_page() that reads small folios only, as long as it skips the swap cache.</summary>
[Variant(
    "swapin-small-folios",
    Subject = "a read that skips the swap cache is for one entry",
    Origin = "until v6.12",
    Fix = "nothing was wrong; 242d12c98174 \"mm: support large folios swap-in for sync io devices\"",
    IsHarmless = true,
    Symptom = "none: a large folio that went to swap comes back in pieces")]
public class SwapinSmallFolios : LargeSwapIn
{
    /// <inheritdoc />
    protected override Flow<int> HighestOrder(Cpu cpu, FaultContext fault) => Flow.Of(0);
}
