using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>move_charge_at_immigrate of cgroup v1: a process that changes its memcg takes its pages along
/// (mm/memcontrol.c: mem_cgroup_move_charge_pte_range, v6.1).</summary>
/// <remarks>
/// Each entry is looked at with the lock of its page table held, and held until its folio has been moved. Large folios
/// are left alone.
/// </remarks>
public abstract class TaskChargeMover : ChargeMover
{
    /// <summary>What becomes of a folio that was found.</summary>
    protected enum Target
    {
        Taken,
        TakenLocked,
        Left,
    }

    private static readonly Point GetMm = Points.Define("MoveGetMm", "mem_cgroup_can_attach", Access.Rmw);
    private static readonly Point MmapLock = Points.Define("MoveMmapLock", "mem_cgroup_move_charge", Access.Acquire);
    private static readonly Point PteLock =
        Points.Define("MovePtl", "mem_cgroup_move_charge_pte_range", Access.Acquire);
    private static readonly Point ReadPte = Points.Define("MoveReadPte", "get_mctgt_type", Access.Read);
    protected static readonly Point GetFolio = Points.Define("MoveGetFolio", "mc_handle_present_pte", Access.Rmw);
    private static readonly Point ReadMemcg = Points.Define("MoveReadMemcg", "get_mctgt_type", Access.Read);
    private static readonly Point MoveRecord =
        Points.Define("MoveSwapRecord", "mem_cgroup_move_swap_account", Access.Rmw);

    /// <inheritdoc />
    public override async Flow Attached(Cpu cpu, MmStruct mm, Memcg from, Memcg to)
    {
        await cpu.At(GetMm, mm.Word);
        if (!mm.Alive)
        {
            return;
        }

        mm.Users++;
        await Begin(cpu, from);
        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        for (int i = 0; i < mm.Vmas.Count; i++)
        {
            await MoveRange(cpu, mm, mm.Vmas[i].Start, mm.Vmas[i].End, from, to);
        }

        mm.MmapLock.ReleaseRead(cpu);
        await End(cpu, from);
        await R.AddressSpace.Mmput(cpu, mm);
    }

    /// <summary>mc_handle_swap_pte and mc_handle_file_pte: the folio that an entry which maps nothing stands for, with
    /// a reference; others may map it.</summary>
    protected abstract Flow<Folio?> FindUnmapped(Cpu cpu, MmStruct mm, int page, Pte pte);

    /// <summary>A swap entry leads to the folio in the swap cache (find_get_page).</summary>
    protected Flow<Folio?> FindCached(Cpu cpu, Pte pte) =>
        pte.IsSwap ? R.SwapCache.Lookup(cpu, pte.Target) : default;

    /// <summary>What get_mctgt_type does with a folio that it has a reference on: takes it, perhaps with its lock, or
    /// leaves it.</summary>
    protected virtual Flow<Target> Accept(Cpu cpu, Folio folio, bool present) => default;

    private async Flow MoveRange(Cpu cpu, MmStruct mm, int start, int end, Memcg from, Memcg to)
    {
        while (start < end)
        {
            int next = Math.Min(end, mm.Table(start).End);
            await MoveHuge(cpu, mm, mm.Table(start), from, to);
            KernelSpinlock ptl = mm.Ptl(start);
            await ptl.Acquire(cpu, PteLock);
            for (int page = start; page < next; page++)
            {
                await MoveEntry(cpu, mm, page, from, to);
            }

            ptl.Release(cpu);
            start = next;
        }
    }

    /// <summary>What a PMD entry maps as a whole: left alone.</summary>
    protected virtual Flow MoveHuge(Cpu cpu, MmStruct mm, PageTable table, Memcg from, Memcg to) => Flow.Done;

    private async Flow MoveEntry(Cpu cpu, MmStruct mm, int page, Memcg from, Memcg to)
    {
        await cpu.At(ReadPte, mm.PteWord(page));
        Pte pte = mm[page];
        Folio? folio;
        if (pte.IsPresent)
        {
            folio = K.FolioOf(pte);
            await cpu.At(GetFolio, folio.RefcountWord);
            folio.Get(Holder.Lookup);
        }
        else
        {
            folio = await FindUnmapped(cpu, mm, page, pte);
        }

        bool mine = false;
        if (folio is not null)
        {
            mine = await MoveFound(cpu, folio, pte.IsPresent, from, to);
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }

        if (pte.IsSwap && !mine)
        {
            await cpu.At(MoveRecord, K.Swap.SlotWord(pte.Target));
            K.Swap.MoveRecord(pte.Target, from, to);
        }
    }

    /// <summary>False: the folio is not charged to the old memcg, so the slot may be.</summary>
    private async Flow<bool> MoveFound(Cpu cpu, Folio folio, bool present, Memcg from, Memcg to)
    {
        Target target = await Accept(cpu, folio, present);
        if (target == Target.Left)
        {
            return true;
        }

        await cpu.At(ReadMemcg, folio.MemcgWord);
        bool mine = folio.Memcg == from;
        if (mine && !folio.IsLarge)
        {
            await MoveFolio(cpu, folio, from, to, target == Target.TakenLocked);
        }

        if (target == Target.TakenLocked)
        {
            await R.Locking.Unlock(cpu, folio);
        }

        return mine;
    }
}
