using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>Charge moving of what a PMD entry maps, without a look whether it is on the deferred split queue of the old
/// memcg.</summary>
[Variant(
    "charge-moving-of-queued",
    Subject = "mem_cgroup_move_charge_pte_range() moves a THP that is on a deferred split queue",
    Origin = "v6.12-rc1: since dafff3f4c850 each new THP is queued, which fac0516b5534 (v5.6) had relied on it is not",
    Fix = "f8f931bba0f9 (v6.12) \"mm/thp: fix deferred split unqueue naming and locking\": it is split, or left",
    Symptom = "list_del corruption: it leaves the queue of the old memcg under the lock of the new one's")]
public sealed class ChargeMovingOfQueued : ChargeMovingFiltered
{
    private static readonly Point PmdLock =
        Points.Define("MovePmdLock", "mem_cgroup_move_charge_pte_range", Access.Acquire);
    private static readonly Point ReadMemcg =
        Points.Define("MoveThpReadMemcg", "get_mctgt_type_thp", Access.Read);

    /// <inheritdoc />
    protected override async Flow MoveHuge(Cpu cpu, MmStruct mm, PageTable table, Memcg from, Memcg to)
    {
        await mm.PmdLock.Acquire(cpu, PmdLock);
        if (table.Pmd is { IsLeaf: true, IsMigration: false })
        {
            Folio folio = K.Folios[table.Pmd.Target];
            await cpu.At(ReadMemcg, folio.MemcgWord);
            if (folio.Memcg == from)
            {
                await cpu.At(GetFolio, folio.RefcountWord);
                folio.Get(Holder.Lookup);
                await MoveFolio(cpu, folio, from, to, locked: false);
                await R.Free.Put(cpu, folio, Holder.Lookup);
            }
        }

        mm.PmdLock.Release(cpu);
    }
}
