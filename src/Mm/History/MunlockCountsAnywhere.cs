using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>__munlock_folio() that lowers mlock_count of whatever has PG_unevictable, whoever has its place on the
/// LRU.</summary>
[Variant(
    "munlock-counts-anywhere",
    Subject = "mlock_count is lowered under the lruvec lock, but without PG_lru",
    Origin = "hypothetical: why the folio is taken off the LRU before it is counted",
    Fix = "folio_test_clear_lru() comes first: as every kernel since v5.18 has it",
    Symptom = "list_del corruption: mlock_count lies where lru.prev is, while somebody else has linked the folio")]
public sealed class MunlockCountsAnywhere : Mlock
{
    private static readonly Point Count = Points.Define("MunlockCountAnywhere", "__munlock_folio", Access.Read);

    /// <inheritdoc />
    protected override async Flow MunlockOne(Cpu cpu, Folio folio)
    {
        await LockLru(cpu);
        await cpu.At(Count, folio.FlagsWord);
        if (!IsLockedStill(folio))
        {
            await base.MunlockOne(cpu, folio);
        }
    }
}
