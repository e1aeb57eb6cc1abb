using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When all processes are gone, every swap slot is free.</summary>
/// <remarks>X2, X3, C6. No message: the swap space is lost until the next boot.</remarks>
public sealed class ExitSlotsOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-slots";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            bool poisoned = kernel.Swap.Cached(slot) is { } cached && RestPoisonOracle.IsOutOfUse(cached)
                && kernel.Swap.Count(slot) == 0;
            if ((!kernel.Swap.IsFree(slot) || kernel.Swap.Cached(slot) is not null) && !poisoned)
            {
                string cache = kernel.Swap.HasCache(slot) ? ", SWAP_HAS_CACHE" : "";
                judge.Broken(
                    this, "swap slot leaked",
                    $"slot {slot}: count {kernel.Swap.Count(slot)}{cache}, swap table: {kernel.Swap.Cached(slot)}");
            }
        }
    }
}
