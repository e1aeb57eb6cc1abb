using Interleave;
using Mm.Routines;

namespace Mm.History;

/// <summary>do_swap_page() that skips the swap cache without taking SWAP_HAS_CACHE: the slot can be freed and reused
/// under it.</summary>
[Variant(
    "no-swapcache-pin",
    Subject = "skipping the swap cache without pinning the slot",
    Origin = "since the bypass for synchronous devices (v4.15) until v6.8",
    Fix = "13ddaf26be32 \"mm/swap: fix race when skipping swapcache\"",
    Symptom = "silent data corruption: pte_same() is true again for another use of the slot (ABA)")]
public sealed class NoSwapcachePin : SwapIn
{
    private static readonly Point Unpinned = Points.Define("SwapinNoPin", "do_swap_page", Access.Read);

    /// <inheritdoc />
    protected override async Flow<bool> PinSlots(Cpu cpu, int first, int count)
    {
        await cpu.At(Unpinned, K.Swap.SlotWord(first));
        return true;
    }

    /// <inheritdoc />
    protected override Flow UnpinSlots(Cpu cpu, int first, int count) => Flow.Done;
}
