using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Reclaim that takes the memcg from a large folio that is on that memcg's deferred split queue: it is taken
/// off afterwards, with the node's lock (mem_cgroup_swapout of cgroup v1).</summary>
/// <remarks>
/// With memory+swap accounting a folio is uncharged when it leaves the swap cache, its references frozen; the kernel
/// does it under the lock of the swap cache, here right after.
/// </remarks>
[Variant(
    "swapout-forgets-queue",
    Subject = "mem_cgroup_swapout() clears memcg_data of a folio that is on the memcg's deferred split queue",
    Origin = "87eaceb3faa5 \"mm: thp: make deferred split shrinker memcg aware\" (v5.4)",
    Fix = "f8f931bba0f9 (v6.12) \"mm/thp: fix deferred split unqueue naming and locking\"",
    Symptom = "list_del corruption under swapping; split_queue_len of the node below 0")]
public sealed class SwapoutForgetsQueue : Shrink
{
    private static readonly Point ClearMemcg =
        Points.Define("SwapoutClearMemcg", "mem_cgroup_swapout", Access.Write);

    /// <inheritdoc />
    protected override async Flow<bool> RemoveMapping(Cpu cpu, Folio folio)
    {
        bool swapped = folio.Has(PageFlag.Swapcache);
        if (!await base.RemoveMapping(cpu, folio))
        {
            return false;
        }

        if (swapped && folio.Memcg is { } memcg)
        {
            await cpu.At(ClearMemcg, folio.MemcgWord);
            folio.SetMemcg(null);
            memcg.Uncharge(folio.PageCount);
        }

        return true;
    }
}
