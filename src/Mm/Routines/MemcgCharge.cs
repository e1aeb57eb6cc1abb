using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>What a folio and a swap slot are charged to (mm/memcontrol.c, v6.18, cgroup v2 accounting).</summary>
/// <remarks>
/// memcg_data is set once, by whoever has just allocated the folio; it moves to the new folio in a migration, and goes
/// when the folio is freed. Nobody moves it while anybody can find the folio, so nobody needs a lock to read it.
/// Left out: limits and reclaim, css references (a memcg's memory is never reused here), events, kernel memory.
/// The counters have no steps of their own: they are atomic adds, and nobody's way depends on them.
/// </remarks>
public class MemcgCharge : Routine
{
    protected static readonly Point FromMm = Points.Define("MemcgFromMm", "get_mem_cgroup_from_mm", Access.Read);
    protected static readonly Point LookupRecord =
        Points.Define("SwapCgroupLookup", "mem_cgroup_swapin_charge_folio", Access.Read);
    protected static readonly Point TryGetOnline =
        Points.Define("MemcgTryGetOnline", "mem_cgroup_swapin_charge_folio", Access.Read);
    protected static readonly Point GetId = Points.Define("MemcgIdGetOnline", "mem_cgroup_id_get_online", Access.Rmw);
    protected static readonly Point SetRecord =
        Points.Define("SwapCgroupRecord", "__mem_cgroup_try_charge_swap", Access.Rmw);
    protected static readonly Point CommitNew = Points.Define("MemcgCommitMoved", "mem_cgroup_migrate", Access.Write);
    protected static readonly Point ClearOld = Points.Define("MemcgClearMoved", "mem_cgroup_migrate", Access.Write);

    /// <summary>mem_cgroup_charge: a folio that nobody else has yet is charged to the memcg of a process.</summary>
    public virtual Flow Charge(Cpu cpu, Folio folio, MmStruct? mm)
    {
        if (K.Memcgs.Matter)
        {
            return ChargeTo(cpu, folio, mm);
        }

        Commit(folio, K.Memcgs.Root);
        return Flow.Done;
    }

    /// <summary>mem_cgroup_swapin_charge_folio: a folio that will be read from a slot is charged to what the slot was
    /// charged to, if that is still there.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio.</param>
    /// <param name="mm">Whom to charge otherwise; null for the process that makes the call.</param>
    /// <param name="slot">Perhaps another use of it by now: nobody has pinned it.</param>
    public virtual Flow ChargeSwapin(Cpu cpu, Folio folio, MmStruct? mm, int slot)
    {
        if (K.Memcgs.Matter)
        {
            return ChargeAsRecorded(cpu, folio, mm, slot);
        }

        Commit(folio, K.Memcgs.Root);
        return Flow.Done;
    }

    /// <summary>mem_cgroup_try_charge_swap: fresh slots are charged to the memcg of their folio.</summary>
    public virtual Flow ChargeSlots(Cpu cpu, Folio folio, int first)
    {
        K.BugOn(folio.Memcg is null, "VM_WARN_ON_ONCE_FOLIO(!memcg)", "__mem_cgroup_try_charge_swap", folio);
        if (folio.Memcg is not { } memcg)
        {
            return Flow.Done;
        }

        if (K.Memcgs.Matter)
        {
            return RecordSlots(cpu, folio, memcg, first);
        }

        for (int slot = first; slot < first + folio.PageCount; slot++)
        {
            K.Swap.SetRecord(slot, memcg);
        }

        return Flow.Done;
    }

    /// <summary>mem_cgroup_uncharge: the folio's last reference is gone.</summary>
    public virtual void Uncharge(Folio folio)
    {
        if (folio.Memcg is not { } memcg)
        {
            return;
        }

        K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "uncharge_folio", folio);
        K.BugOn(
            folio.IsLarge && folio.DeferredList.Next != folio.DeferredList,
            "WARN_ON_ONCE(folio_unqueue_deferred_split(folio))", "uncharge_folio", folio);
        folio.SetMemcg(null);
        memcg.Uncharge(folio.PageCount);
    }

    /// <summary>mem_cgroup_migrate: the new folio takes the charge; for a moment both have it.</summary>
    public virtual async Flow Migrate(Cpu cpu, Folio source, Folio target)
    {
        const string Function = "mem_cgroup_migrate";
        K.BugOn(!source.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(old))", Function, source);
        K.BugOn(!target.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(new))", Function, target);
        K.BugOn(
            source.Anon != target.Anon, "VM_BUG_ON_FOLIO(folio_test_anon(old) != folio_test_anon(new))", Function,
            target);
        K.BugOn(source.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(old))", Function, source);
        if (K.BugOn(
            source.Memcg is null, "VM_WARN_ON_ONCE_FOLIO(!folio_test_hugetlb(old) && !memcg)", Function, source))
        {
            return;
        }

        Memcg memcg = source.Memcg!;
        if (K.Memcgs.Matter)
        {
            await cpu.At(CommitNew, target.MemcgWord);
        }

        CommitCharge(target, memcg);
        if (K.Memcgs.Matter)
        {
            await cpu.At(ClearOld, source.MemcgWord);
        }

        K.BugOn(
            source.IsLarge && source.DeferredList.Next != source.DeferredList,
            "WARN_ON_ONCE(folio_unqueue_deferred_split(old))", Function, source);
        source.SetMemcg(null);
    }

    /// <summary>commit_charge.</summary>
    protected void CommitCharge(Folio folio, Memcg memcg)
    {
        K.BugOn(folio.Memcg is not null, "VM_BUG_ON_FOLIO(folio_memcg_charged(folio))", "commit_charge", folio);
        folio.SetMemcg(memcg);
    }

    /// <summary>get_mem_cgroup_from_mm: the memcg that the process is in at this moment.</summary>
    protected virtual async Flow<Memcg> MemcgOf(Cpu cpu, MmStruct? mm)
    {
        mm ??= K.Current[cpu.Index];
        if (mm is null)
        {
            return K.Memcgs.Root;
        }

        await cpu.At(FromMm, mm.Word);
        return mm.Memcg ?? K.Memcgs.Root;
    }

    private async Flow ChargeTo(Cpu cpu, Folio folio, MmStruct? mm) => Commit(folio, await MemcgOf(cpu, mm));

    private async Flow ChargeAsRecorded(Cpu cpu, Folio folio, MmStruct? mm, int slot)
    {
        await cpu.At(LookupRecord, K.Swap.SlotWord(slot));
        Memcg? memcg = K.Swap.Record(slot);
        if (memcg is not null)
        {
            await cpu.At(TryGetOnline, memcg.Word);
        }

        Commit(folio, memcg is { Online: true } ? memcg : await MemcgOf(cpu, mm));
    }

    /// <summary>A memcg without an id, since it is offline and no slot has named it for a while, stands back for its
    /// parent.</summary>
    private async Flow RecordSlots(Cpu cpu, Folio folio, Memcg memcg, int first)
    {
        await cpu.At(GetId, memcg.Word);
        while (!memcg.Online && memcg.IdReferences == 0 && memcg.Parent is { } parent)
        {
            memcg = parent;
        }

        for (int slot = first; slot < first + folio.PageCount; slot++)
        {
            await cpu.At(SetRecord, K.Swap.SlotWord(slot));
            K.Swap.SetRecord(slot, memcg);
        }
    }

    /// <summary>charge_memcg: the counters first, the folio second.</summary>
    private void Commit(Folio folio, Memcg memcg)
    {
        memcg.Charge(folio.PageCount);
        CommitCharge(folio, memcg);
    }
}
