using Mm.Routines;

namespace Mm.History;

/// <summary>swap_range_alloc() after get_swap_pages() has counted the slots, on devices that have clusters.</summary>
/// <remarks>Disks have clusters since v6.14, slots are counted later since v6.15; that release between is not told
/// apart.</remarks>
[Variant(
    "full-of-disk-keeps-cache",
    Subject = "the swap cache is emptied when the last slot of whatever number is taken, but not for disks",
    Origin = "v6.12 to v6.14",
    Fix = "nothing was wrong; \"mm, swap: remove swap slot cache\" (v6.15) counts later",
    IsHarmless = true,
    Symptom = "none: swap on a disk is full earlier")]
public sealed class FullOfDiskKeepsCache : SwapSlots
{
    /// <inheritdoc />
    protected override bool ReclaimsFull(int taken) => Swap.Synchronous;
}
