using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>Charge moving as the mails of November 2022 take it to be: only pages that the process itself has
/// mapped.</summary>
[Variant(
    "charge-moving-mapped",
    Subject = "charge moving with the page table lock held, of pages that are mapped in that table only",
    Origin = "\"only called, with page table lock held, on matching pages found in a task's page table\", 2022-11-07",
    Fix = "charge moving is gone since v6.13",
    IsHarmless = true,
    Symptom = "none: the mapping that it holds on to keeps the page mapped")]
public sealed class ChargeMovingMapped : TaskChargeMover
{
    /// <inheritdoc />
    protected override Flow<Folio?> FindUnmapped(Cpu cpu, MmStruct mm, int page, Pte pte) => default;
}
