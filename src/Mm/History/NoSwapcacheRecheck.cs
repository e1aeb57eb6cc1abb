using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() that does not look, once it has the folio lock, whether the folio still is in the swap cache
/// for this entry.</summary>
[Variant(
    "no-swapcache-recheck",
    Subject = "no test of the swap entry after the folio was locked",
    Origin = "hypothetical: what the test after folio_lock_or_retry() is for",
    Fix = "folio_matches_swap_entry() under the folio lock: as every kernel has it",
    Symptom = "an old copy is mapped: a write is lost")]
public sealed class NoSwapcacheRecheck : SwapIn
{
    /// <inheritdoc />
    protected override Flow<bool> StillCached(Cpu cpu, Folio folio, int slot) => Flow.Of(true);
}
