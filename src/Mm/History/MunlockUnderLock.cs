using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>__munlock_folio() that takes the lruvec lock before it asks whether the folio is on the LRU.</summary>
[Variant(
    "munlock-under-lock",
    Subject = "mm/mlock: clear PG_mlocked with the lruvec lock held",
    Origin = "a proposal; since 2fbb0c10d1e8 (v5.18) PG_mlocked of a folio that is off the LRU is cleared without it, "
        + "and lru_add() still relies on it",
    Fix = "is one: whoever tests PG_mlocked and then sets PG_unevictable holds the lock from the one to the other",
    IsFix = true,
    Symptom = "without it: a folio that nobody has locked stays on the unevictable list, and is never reclaimed")]
public sealed class MunlockUnderLock : Mlock
{
    /// <inheritdoc />
    protected override async Flow<bool> TakeForMunlock(Cpu cpu, Folio folio)
    {
        await LockLru(cpu);
        await cpu.At(MunlockTestClear, folio.FlagsWord);
        return folio.TestAndClear(PageFlag.Lru);
    }
}
