using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>Charge moving as it was: swap entries too lead to their folio in the swap cache, which others may
/// map.</summary>
[Variant(
    "charge-moving",
    Subject = "charge moving takes along what swap entries lead to, although another table maps it",
    Origin = "up to v6.2",
    Fix = "4e0cf05f6059 (v6.3) \"mm: memcontrol: skip moving non-present pages that are mapped elsewhere\"",
    Symptom = "none while the rmap functions take lock_page_memcg before the mapcount; else wrong statistics")]
public sealed class ChargeMovingAnywhere : TaskChargeMover
{
    /// <inheritdoc />
    protected override Flow<Folio?> FindUnmapped(Cpu cpu, MmStruct mm, int page, Pte pte) => FindCached(cpu, pte);
}
