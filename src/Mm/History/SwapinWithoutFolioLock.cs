using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() that maps a swap cache folio without its lock.</summary>
[Variant(
    "swapin-without-folio-lock",
    Subject = "do_swap_page() does not take the folio lock",
    Origin = "asked in June and January 2024: is it the folio lock that lets _new store the mapcount?",
    Fix = "folio_lock_or_retry() before the rmap is touched: as every kernel has it",
    Symptom = "a mapped page that is unreclaimable, then Bad page map")]
public sealed class SwapinWithoutFolioLock : SwapIn
{
    /// <inheritdoc />
    protected override async Flow<FaultResult> LockFolio(Cpu cpu, FaultContext fault, Folio folio)
    {
        // Only the read is waited for.
        while (folio.Has(PageFlag.Locked) && !folio.Has(PageFlag.Uptodate))
        {
            await R.Locking.WaitClear(cpu, folio, PageFlag.Locked);
        }

        return FaultResult.Done;
    }

    /// <inheritdoc />
    protected override Flow UnlockFolio(Cpu cpu, Folio folio) => Flow.Done;
}
