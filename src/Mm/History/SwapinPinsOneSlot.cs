using Interleave;
using Mm.Routines;

namespace Mm.History;

/// <summary>do_swap_page() that reads a large folio past the swap cache and pins the first of its slots only: the
/// others can be freed and used again under it.</summary>
[Variant(
    "swapin-pins-one-slot",
    Subject = "a large folio is read past the swap cache with one slot pinned",
    Origin = "hypothetical: what the number of entries that swapcache_prepare() takes is for",
    Fix = "swapcache_prepare() of all entries: as every kernel with large folios in do_swap_page() has it",
    Symptom = "silent data corruption: the entries are all the same again for another use of a slot (ABA)")]
public sealed class SwapinPinsOneSlot : SwapIn
{
    /// <inheritdoc />
    protected override Flow<bool> PinSlots(Cpu cpu, int first, int count) => base.PinSlots(cpu, first, 1);

    /// <inheritdoc />
    protected override Flow UnpinSlots(Cpu cpu, int first, int count) => base.UnpinSlots(cpu, first, 1);
}
