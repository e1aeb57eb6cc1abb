using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A folio that the swap table names for a slot says so itself, and the slot has SWAP_HAS_CACHE.</summary>
/// <remarks>
/// L8 from the slot's side, judged while the cluster and that folio are unlocked. A swapin would else find a folio that
/// holds other data. The kernel warns when it deletes.
/// </remarks>
public readonly struct SwapTableOracle : ISettledOracle<int>
{
    /// <inheritdoc />
    public string Name => "swap-table";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, int subject) =>
        kernel.Swap.ClusterLock.Holder is null && kernel.Swap.Cached(subject)?.Has(PageFlag.Locked) != true;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, int subject) =>
        kernel.Swap.Cached(subject) is not { } folio
        || (kernel.Swap.HasCache(subject) && folio.Has(PageFlag.Swapcache)
            && (subject & -folio.PageCount) == folio.SwapSlot);

    /// <inheritdoc />
    public void Tell(Kernel kernel, int subject, IJudge judge)
    {
        Folio folio = kernel.Swap.Cached(subject)!;
        if (kernel.Swap.HasCache(subject))
        {
            judge.Broken(
                this, "swap table names a folio that is not there",
                $"slot {subject}: names {folio}, whose slot is {folio.SwapSlot}, flags {folio.Flags}");
        }
        else
        {
            judge.Broken(
                this, "swap table names a folio without SWAP_HAS_CACHE", $"slot {subject}: names {folio}",
                "VM_BUG_ON(!has_cache)");
        }
    }
}
