using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The last put and the way back to the allocator (mm/swap.c, mm/page_alloc.c, v6.18).</summary>
/// <remarks>
/// Frees are not batched: a folio whose count is 0 is reached by
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
    public virtual Flow<Folio?> Allocate(Cpu cpu) => Allocate(cpu, 0);

    /// <summary>The same of 2^<paramref name="order"/> pages.</summary>
    public virtual async Flow<Folio?> Allocate(Cpu cpu, int order)
    {
        await cpu.At(AllocFrame, K.Allocator);
        return K.TakeFrames(order);
    }

    /// <summary>folio_put: drops a reference, and frees the folio if it was the last.</summary>
    public Flow Put(Cpu cpu, Folio folio, Holder holder) => Put(cpu, folio, holder, 1);

    /// <summary>folio_put_refs: drops several references by one atomic step.</summary>
    public virtual async Flow Put(Cpu cpu, Folio folio, Holder holder, int count)
    {
        await cpu.At(PutPoint, folio.RefcountWord);
        if (folio.PutTestZero(holder, count))
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
            R.Lru.Unlink(folio);
            await cpu.At(ClearLru, folio.FlagsWord);
            K.BugOn(
                !folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(!folio_test_lru(folio))", "__folio_clear_lru_flags", folio);
            folio.Clear(PageFlag.Lru | PageFlag.Active | PageFlag.Unevictable);
            K.Lruvec.Lock.Release(cpu);
        }

        if (folio.IsLarge)
        {
            await R.DeferredSplit.Unqueue(cpu, folio);
        }

        R.Memcg.Uncharge(folio);
        await FreeFrozen(cpu, folio);
    }

    /// <summary>free_frozen_pages: the checks of free_pages_prepare, then the allocator. A bad page is leaked, not
    /// freed.</summary>
    public virtual async Flow FreeFrozen(Cpu cpu, Folio folio)
    {
        await cpu.At(FreeFrame, K.Allocator);
        if (folio.Has(PageFlag.Mlocked))
        {
            // Munlocked as it was unmapped by somebody who did not see VM_LOCKED any more, or not by its owner.
            folio.Clear(PageFlag.Mlocked);
            K.Lruvec.CountMlocked(folio, -1);
        }

        if (folio.Has(PageFlag.HwPoison) && !folio.IsLarge)
        {
            // Leaked on purpose, as it is: nothing is reset, nothing is checked.
            return;
        }

        bool bad = folio.IsLarge && TailsAreBad(folio);
        folio.ClearMapping();
        string? reason = BadReason(folio);
        if (reason is not null)
        {
            TellBad(folio, 0, reason, "free_pages_prepare");
        }

        if (reason is null && !bad)
        {
            K.GiveFrames(folio);
        }
    }

    /// <summary>free_page_is_bad for one page: the last reason that holds.</summary>
    protected virtual string? BadReason(Folio folio)
    {
        string? reason = null;
        if (folio.HasMapping)
        {
            reason = "non-NULL mapping";
        }

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

        return reason;
    }

    /// <summary>The loop of free_pages_prepare over tail pages: what the first ones keep for the folio, then each like
    /// any page. One bad page, and none of the block is freed.</summary>
    protected virtual bool TailsAreBad(Folio folio)
    {
        bool any = false;
        folio.PageAt(1).Clear(PageFlag.PartiallyMapped);
        for (int number = 1; number < folio.PageCount; number++)
        {
            string? reason = TailReason(folio, number);
            if (reason is not null)
            {
                TellBad(folio, number, reason, "free_tail_page_prepare");
                any = true;
            }

            reason = BadReason(K.Folios[folio.Pfn + number]);
            if (reason is not null)
            {
                TellBad(folio, number, reason, "free_pages_prepare");
                any = true;
            }
        }

        return any;
    }

    /// <summary>free_tail_page_prepare: the first reason that holds.</summary>
    protected virtual string? TailReason(Folio folio, int number)
    {
        LargeCounts large = folio.Large;
        if (number == 2)
        {
            return folio.DeferredList.Next == folio.DeferredList ? null : "on deferred list";
        }

        if (number != 1)
        {
            return null;
        }

        if (large.Mapcount != -1)
        {
            return "nonzero large_mapcount";
        }

        if (large.PagesMapped != 0)
        {
            return "nonzero nr_pages_mapped";
        }

        if (large.MmMapcount(0) != -1)
        {
            return "nonzero mm mapcount 0";
        }

        if (large.MmMapcount(1) != -1)
        {
            return "nonzero mm mapcount 1";
        }

        if (large.Entire != -1)
        {
            return "nonzero entire_mapcount";
        }

        return large.Pincount != 0 ? "nonzero pincount" : null;
    }

    private void TellBad(Folio folio, int number, string reason, string function)
    {
        string which = number == 0 ? "" : $" (page {number})";
        K.BugOn(true, $"BUG: Bad page state, page dumped because: {reason}{which}", function, folio);
    }
}
