using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest a slot has SWAP_HAS_CACHE exactly when the swap table names a folio for it.</summary>
/// <remarks>
/// L9 without anybody allocating, swapping in or deleting. A slot that keeps the flag makes every swapin of it wait for
/// ever, and is never freed.
/// </remarks>
public sealed class RestSlotsOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-slots";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        SwapDevice swap = kernel.Swap;
        for (int slot = 0; slot < swap.Slots; slot++)
        {
            Folio? folio = swap.Cached(slot);
            if (swap.HasCache(slot) && folio is null)
            {
                judge.Broken(
                    this, "SWAP_HAS_CACHE without a folio", $"slot {slot}: count {swap.Count(slot)}",
                    "INFO: task blocked for more than 120 seconds.");
            }
            else if (!swap.HasCache(slot) && folio is not null)
            {
                judge.Broken(
                    this, "folio without SWAP_HAS_CACHE", $"slot {slot}: names {folio}", "VM_BUG_ON(!has_cache)");
            }
        }

        if (swap.Users != 0)
        {
            judge.Broken(this, "device reference was never dropped", $"{swap.Users} users of the swap device");
        }
    }
}
