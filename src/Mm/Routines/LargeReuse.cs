using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Whether a page of a large folio that is mapped read-only may be written without a copy (mm/memory.c:
/// __wp_can_reuse_large_anon_folio, v6.18).</summary>
/// <remarks>
/// No folio lock: a reference is taken before the mapcount rises and dropped after it falls, so if both are equal and
/// one process has all mappings, nobody else has a reference. Left out: KSM.
/// </remarks>
public class LargeReuse : Routine
{
    protected static readonly Point ReadMapcount =
        Points.Define("LargeReuseReadMapcount", "__wp_can_reuse_large_anon_folio", Access.Read);
    protected static readonly Point TestShared =
        Points.Define("LargeReuseTestShared", "__wp_can_reuse_large_anon_folio", Access.Read);
    protected static readonly Point TestCache =
        Points.Define("LargeReuseTestSwapcache", "__wp_can_reuse_large_anon_folio", Access.Read);
    protected static readonly Point Compare =
        Points.Define("LargeReuseCompare", "__wp_can_reuse_large_anon_folio", Access.Read);
    protected static readonly Point CountRefs =
        Points.Define("LargeReuseCountRefs", "__wp_can_reuse_large_anon_folio", Access.Read);
    protected static readonly Point Lock =
        Points.Define("LargeReuseMmIdLock", "__wp_can_reuse_large_anon_folio", Access.Acquire);
    protected static readonly Point CountLocked =
        Points.Define("LargeReuseCountLocked", "__wp_can_reuse_large_anon_folio", Access.Read);

    /// <summary>__wp_can_reuse_large_anon_folio, with the page table locked.</summary>
    public virtual async Flow<bool> CanReuse(Cpu cpu, FaultContext fault, Folio folio)
    {
        LargeCounts large = folio.Large;
        await cpu.At(ReadMapcount, large.MapcountWord);
        if (folio.Mapcount <= 1)
        {
            // Rather free the large folio when its last page is copied.
            return false;
        }

        await cpu.At(TestShared, large.MmIdLock);
        if (large.Shared)
        {
            return false;
        }

        await cpu.At(TestCache, folio.FlagsWord);
        if (folio.Has(PageFlag.Swapcache))
        {
            if (!await R.Locking.TryLock(cpu, folio))
            {
                return false;
            }

            await R.Slots.FreeSwap(cpu, folio);
            await R.Locking.Unlock(cpu, folio);
        }

        await cpu.At(Compare, large.MapcountWord);
        int mapcount = folio.Mapcount;
        await cpu.At(CountRefs, folio.RefcountWord);
        if (mapcount != folio.Refcount)
        {
            return false;
        }

        await large.MmIdLock.Acquire(cpu, Lock);
        bool exclusive = await IsExclusive(cpu, fault, folio);
        large.MmIdLock.Release(cpu);
        return exclusive;
    }

    /// <summary>The part under the bit spinlock, which keeps mapcount and shared bit as they are.</summary>
    protected virtual async Flow<bool> IsExclusive(Cpu cpu, FaultContext fault, Folio folio)
    {
        const string Function = "__wp_can_reuse_large_anon_folio";
        LargeCounts large = folio.Large;
        await cpu.At(CountLocked, folio.RefcountWord);
        K.BugOn(
            folio.Mapcount > folio.Refcount,
            "VM_WARN_ON_ONCE_FOLIO(folio_large_mapcount(folio) > folio_ref_count(folio))", Function, folio);
        if (large.Shared || folio.Mapcount != folio.Refcount)
        {
            return false;
        }

        int id = LargeCounts.IdOf(fault.Mm);
        K.BugOn(
            folio.Mapcount > folio.PageCount,
            "VM_WARN_ON_ONCE_FOLIO(folio_large_mapcount(folio) > folio_nr_pages(folio))", Function, folio);
        K.BugOn(large.Entire >= 0, "VM_WARN_ON_ONCE_FOLIO(folio_entire_mapcount(folio))", Function, folio);
        K.BugOn(
            large.MmId(0) != id && large.MmId(1) != id,
            "VM_WARN_ON_ONCE(folio_mm_id(folio, 0) != mm_id && folio_mm_id(folio, 1) != mm_id)", Function, folio);
        return true;
    }
}
