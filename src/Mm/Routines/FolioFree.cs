using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The last put and the way back to the allocator (mm/swap.c, mm/page_alloc.c, v6.18).</summary>
/// <remarks>
/// Left out: the deferred split queue. Frees are not batched: a folio whose count is 0 is reached by
/// nobody but LRU scanners, and these see it here between the put and the unlink just as they do there.
/// </remarks>
public class FolioFree : Routine
{
    protected static readonly Point PutPoint = Points.Define("FolioPut", "folio_put", Access.Rmw);
    protected static readonly Point TestLru = Points.Define("ReleaseTestLru", "__page_cache_release", Access.Read);
    protected static readonly Point LruLock = Points.Define("ReleaseLruLock", "__page_cache_release", Access.Acquire);
    protected static readonly Point ClearLru = Points.Define("ReleaseClearLru", "__page_cache_release", Access.Write);
    protected static readonly Point FreeFrame = Points.Define("FreeFrame", "free_pages_prepare", Access.Write);
    protected static readonly Point AllocFrame = Points.Define("AllocFrame", "get_page_from_freelist", Access.Rmw);

    /// <summary>A folio of which the caller holds the only reference (<see cref="Holder.Allocation"/>); null when
    /// memory is out.</summary>
    public virtual async Flow<Folio?> Allocate(Cpu cpu)
    {
        await cpu.At(AllocFrame, K.Allocator);
        return K.TakeFrames(0);
    }

    /// <summary>folio_put: drops a reference, and frees the folio if it was the last.</summary>
    public virtual async Flow Put(Cpu cpu, Folio folio, Holder holder)
    {
        await cpu.At(PutPoint, folio.RefcountWord);
        if (folio.PutTestZero(holder))
        {
            await Release(cpu, folio);
        }
    }

    /// <summary>__folio_put: takes a folio with count 0 off the LRU and frees it.</summary>
    public virtual async Flow Release(Cpu cpu, Folio folio)
    {
        await cpu.At(TestLru, folio.FlagsWord);
        if (folio.Has(PageFlag.Lru))
        {
            await K.Lruvec.Lock.Acquire(cpu, LruLock);
            FolioList.Remove(K, folio);
            await cpu.At(ClearLru, folio.FlagsWord);
            K.BugOn(
                !folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(!folio_test_lru(folio))", "__folio_clear_lru_flags", folio);
            folio.Clear(PageFlag.Lru | PageFlag.Active);
            K.Lruvec.Lock.Release(cpu);
        }

        R.Memcg.Uncharge(folio);
        await FreeFrozen(cpu, folio);
    }

    /// <summary>free_frozen_pages: the checks of free_pages_prepare, then the allocator. A bad page is leaked, not
    /// freed.</summary>
    public virtual async Flow FreeFrozen(Cpu cpu, Folio folio)
    {
        await cpu.At(FreeFrame, K.Allocator);
        folio.ClearMapping();
        string? reason = null;
        if (folio.MapcountField != -1)
        {
            reason = "nonzero mapcount";
        }

        if (folio.Refcount != 0)
        {
            reason = "nonzero _refcount";
        }

        if ((folio.Flags & PageFlag.CheckAtFree) != PageFlag.None)
        {
            reason = $"PAGE_FLAGS_CHECK_AT_FREE flag(s) set ({folio.Flags & PageFlag.CheckAtFree})";
        }

        if (folio.Memcg is not null)
        {
            reason = "page still charged to cgroup";
        }

        if (reason is not null)
        {
            K.BugOn(true, $"BUG: Bad page state, page dumped because: {reason}", "free_pages_prepare", folio);
            return;
        }

        K.GiveFrames(folio);
    }
}
