using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>memory_failure() that does not take a folio off the LRU, and off its memcg's books, while it is
/// mapped.</summary>
[Variant(
    "poison-spares-mapped",
    Subject = "mm/memory-failure: don't uncharge a folio that is still mapped",
    Origin = "a proposal; v6.18 asks for PG_lru three times, and gets what isolation and putback make of it in between",
    Fix = "is one: what was not unmapped is neither isolated nor uncharged",
    IsFix = true,
    Symptom = "NR_ANON_MAPPED of the memcg is never 0 again; the process goes on using the poisoned page")]
public sealed class PoisonSparesMapped : MemoryFailure
{
    /// <inheritdoc />
    protected override bool MayUncharge(Folio folio) => !folio.Mapped;
}
