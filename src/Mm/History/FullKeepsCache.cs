using Mm.Routines;

namespace Mm.History;

/// <summary>swap_range_alloc() that starts no work when the last slot is taken.</summary>
[Variant(
    "full-keeps-cache",
    Subject = "a swap device whose last slot is taken keeps what only the swap cache has",
    Origin = "until v6.11",
    Fix = "nothing was wrong; \"mm: swap: add a adaptive full cluster cache reclaim\" (v6.12)",
    IsHarmless = true,
    Symptom = "none: swap is full earlier")]
public sealed class FullKeepsCache : SwapSlots
{
    /// <inheritdoc />
    protected override bool ReclaimsFull(int taken) => false;
}
