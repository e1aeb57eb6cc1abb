using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>lock_page_memcg, later folio_memcg_lock: keeps a folio in its memcg (mm/memcontrol.c, v6.1 to
/// v6.12).</summary>
/// <remarks>
/// Only an RCU read section while nobody moves charges away from the memcg; whoever begins to waits for those. In a
/// world with one memcg it has no steps: nobody can be moving anything. The unlock drops the lock of the memcg that the
/// folio is in then: if it was moved nevertheless, that is another one.
/// </remarks>
public abstract class FolioMemcgLock : MemcgStat
{
    private static readonly Point ReadMemcg = Points.Define("MemcgLockRead", "folio_memcg_lock", Access.Read);
    private static readonly Point TestMoving = Points.Define("MemcgLockTestMoving", "folio_memcg_lock", Access.Read);
    private static readonly Point Take = Points.Define("MemcgLockTake", "folio_memcg_lock", Access.Acquire);
    private static readonly Point ReadAgain = Points.Define("MemcgLockReadAgain", "folio_memcg_lock", Access.Read);

    /// <summary>folio_memcg_lock.</summary>
    protected Flow Lock(Cpu cpu, Folio folio)
    {
        K.Rcu.ReadLock(cpu);
        return K.Memcgs.Matter ? LockSlow(cpu, folio) : Flow.Done;
    }

    /// <summary>folio_memcg_unlock.</summary>
    protected void Unlock(Cpu cpu, Folio folio)
    {
        if (folio.Memcg is { } memcg && memcg.MoveLock.Holder == cpu)
        {
            memcg.MoveLock.Release(cpu);
        }

        K.Rcu.ReadUnlock(cpu);
    }

    /// <summary>The statistics alone, with the lock around them.</summary>
    protected async Flow UnmappedLocked(Cpu cpu, Folio folio, int pages)
    {
        await Lock(cpu, folio);
        await Add(cpu, folio, -pages);
        Unlock(cpu, folio);
    }

    private async Flow LockSlow(Cpu cpu, Folio folio)
    {
        await cpu.At(ReadMemcg, folio.MemcgWord);
        while (folio.Memcg is { } memcg)
        {
            await cpu.At(TestMoving, memcg.Word);
            if (memcg.MovingAccount <= 0)
            {
                return;
            }

            await memcg.MoveLock.Acquire(cpu, Take);
            await cpu.At(ReadAgain, folio.MemcgWord);
            if (folio.Memcg == memcg)
            {
                return;
            }

            memcg.MoveLock.Release(cpu);
        }
    }
}
