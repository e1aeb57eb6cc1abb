using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>A memcg that is removed hands its folios on the LRU to its parent, with no page table lock held
/// (mem_cgroup_reparent_charges).</summary>
/// <remarks>One look at each small folio; the kernel tried until nothing was left. The folio lock is
/// v6.1's.</remarks>
[Variant(
    "lru-reparenting",
    Subject = "rmdir moves charges from the LRU of the memcg to its parent, without any page table lock",
    Origin = "up to v3.18",
    Fix = "b2052564e66d (v3.19) \"mm: memcontrol: continue cache reclaim from offlined groups\"",
    Symptom = "none while the rmap functions take lock_page_memcg before the mapcount; else wrong statistics")]
public sealed class LruReparenting : ChargeMover
{
    private static readonly Point LruLock =
        Points.Define("ReparentLruLock", "mem_cgroup_force_empty_list", Access.Acquire);
    private static readonly Point TryGet = Points.Define("ReparentTryGet", "mem_cgroup_move_parent", Access.Rmw);

    /// <inheritdoc />
    public override async Flow Offlined(Cpu cpu, Memcg memcg)
    {
        await Begin(cpu, memcg);
        for (int pfn = 0; pfn < K.UsedFolios.Length; pfn++)
        {
            Folio folio = K.Folios[pfn];
            if (!await Find(cpu, folio, memcg))
            {
                continue;
            }

            await MoveFolio(cpu, folio, memcg, memcg.Parent!, locked: false);
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }

        await End(cpu, memcg);
    }

    private async Flow<bool> Find(Cpu cpu, Folio folio, Memcg memcg)
    {
        if (folio.Memcg != memcg || folio.IsLarge || folio.On is not { IsLru: true })
        {
            return false;
        }

        await K.Lruvec.Lock.Acquire(cpu, LruLock);
        bool found = folio.Memcg == memcg && !folio.IsLarge && folio.On is { IsLru: true };
        if (found)
        {
            await cpu.At(TryGet, folio.RefcountWord);
            found = folio.TryGet(Holder.Lookup);
        }

        K.Lruvec.Lock.Release(cpu);
        return found;
    }
}
