using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Moves the charges of folios that others may have mapped (mm/memcontrol.c: mem_cgroup_move_account and its
/// callers, v6.1).</summary>
/// <remarks>
/// Who looks where, and what keeps the folio mapped or unmapped meanwhile, is what the variants differ in. Left out:
/// precharges and their failure (a charge never fails here), device pages, the other statistics that move along.
/// </remarks>
public abstract class ChargeMover : ChargeMoving
{
    private static readonly Point DrainAll = Points.Define("MoveDrainAll", "lru_add_drain_all", Access.Read);
    private static readonly Point Start = Points.Define("MoveStart", "mem_cgroup_move_charge", Access.Rmw);
    private static readonly Point Synchronize = Points.Define("MoveSynchronize", "synchronize_rcu", Access.Read);
    private static readonly Point Stop = Points.Define("MoveStop", "mem_cgroup_move_charge", Access.Rmw);
    private static readonly Point ReadMemcg =
        Points.Define("MoveAccountReadMemcg", "mem_cgroup_move_account", Access.Read);
    private static readonly Point TakeLock =
        Points.Define("MoveAccountLock", "mem_cgroup_move_account", Access.Acquire);
    private static readonly Point TestMapped =
        Points.Define("MoveAccountTestMapped", "mem_cgroup_move_account", Access.Read);
    private static readonly Point SetMemcg =
        Points.Define("MoveAccountSetMemcg", "mem_cgroup_move_account", Access.Write);

    private readonly GracePeriod?[] waits = new GracePeriod?[Kernel.CpusMax];

    /// <summary>The start of mem_cgroup_move_charge: from now on lock_page_memcg takes the lock, and whoever did
    /// without has ended.</summary>
    protected async Flow Begin(Cpu cpu, Memcg from)
    {
        foreach (LruBatch batch in K.Lruvec.Batches)
        {
            await cpu.At(DrainAll, batch.Word);
            if (batch.Folios.Count > 0)
            {
                await R.Lru.DrainBatch(cpu, batch);
            }
        }

        await cpu.At(Start, from.Word);
        from.MovingAccount++;
        GracePeriod wait = waits[cpu.Index] ??= new GracePeriod(K);
        wait.Since = K.Rcu.Stamp();
        await cpu.At(Synchronize, from.Word, wait);
    }

    /// <summary>Its end.</summary>
    protected async Flow End(Cpu cpu, Memcg from)
    {
        await cpu.At(Stop, from.Word);
        from.MovingAccount--;
    }

    /// <summary>mem_cgroup_move_account for a folio that is locked and isolated: the statistics of mapped pages move if
    /// the folio is mapped at this moment, then the folio does.</summary>
    protected async Flow<bool> MoveAccount(Cpu cpu, Folio folio, Memcg from, Memcg to)
    {
        const string Function = "mem_cgroup_move_account";
        K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", Function, folio);
        await cpu.At(ReadMemcg, folio.MemcgWord);
        if (folio.Memcg != from)
        {
            return false;
        }

        await from.MoveLock.Acquire(cpu, TakeLock);
        await cpu.At(TestMapped, folio.MapcountWord);
        if (folio.Mapped)
        {
            from.ModifyMapped(folio, -folio.PageCount);
            to.ModifyMapped(folio, folio.PageCount);
        }

        await cpu.At(SetMemcg, folio.MemcgWord);
        folio.SetMemcg(to);
        from.MoveLock.Release(cpu);
        to.Charge(folio.PageCount);
        from.Uncharge(folio.PageCount);
        return true;
    }

    /// <summary>Isolates the folio, which is locked if <paramref name="locked"/>, moves its account, and puts it
    /// back.</summary>
    protected async Flow<bool> MoveFolio(Cpu cpu, Folio folio, Memcg from, Memcg to, bool locked)
    {
        if (!await R.Lru.Isolate(cpu, folio))
        {
            return false;
        }

        bool moved = false;
        if (locked || await R.Locking.TryLock(cpu, folio))
        {
            moved = await MoveAccount(cpu, folio, from, to);
            if (!locked)
            {
                await R.Locking.Unlock(cpu, folio);
            }
        }

        await R.Lru.Putback(cpu, folio);
        return moved;
    }

    private sealed class GracePeriod(Kernel kernel) : IWaitable
    {
        public long Since { get; set; }

        public bool IsReady(Cpu cpu) => kernel.Rcu.GracePeriodOver(Since);

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
            foreach (Cpu other in kernel.Machine.Cpus)
            {
                if (other.RcuDepth > 0 && other.RcuSince <= Since)
                {
                    into.Add(other);
                }
            }
        }
    }
}
