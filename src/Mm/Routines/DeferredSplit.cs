using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The way into the deferred split queue, and the way out for a folio that nobody holds any more
/// (mm/huge_memory.c: deferred_split_folio, __folio_unqueue_deferred_split; v6.18).</summary>
/// <remarks>Left out: the shrinker's bit map and event counts.</remarks>
public class DeferredSplit : Routine
{
    protected static readonly Point TestSwapcache =
        Points.Define("DeferredTestSwapcache", "deferred_split_folio", Access.Read);
    protected static readonly Point QueueLock =
        Points.Define("DeferredQueueLock", "deferred_split_folio", Access.Acquire);
    protected static readonly Point SetPartially =
        Points.Define("DeferredSetPartiallyMapped", "deferred_split_folio", Access.Rmw);
    protected static readonly Point UnqueueLock =
        Points.Define("UnqueueLock", "__folio_unqueue_deferred_split", Access.Acquire);
    protected static readonly Point ClearPartially =
        Points.Define("UnqueueClearPartiallyMapped", "__folio_unqueue_deferred_split", Access.Rmw);

    /// <summary>deferred_split_folio: the caller's mapping keeps the folio; neither its lock nor anything else is
    /// needed.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio.</param>
    /// <param name="partiallyMapped">Whether some of its pages have just lost their last mapping; otherwise it is
    /// queued because it may turn out to be underused.</param>
    public virtual async Flow DeferredSplitFolio(Cpu cpu, Folio folio, bool partiallyMapped)
    {
        // Chosen once, before the lock: a folio that is mapped keeps its memcg.
        DeferredSplitQueue queue = K.QueueOf(folio);
        if (folio.Order < Folio.LargeOrderMin)
        {
            return;
        }

        await cpu.At(TestSwapcache, folio.FlagsWord);
        if (folio.Has(PageFlag.Swapcache))
        {
            return;
        }

        queue = await LockQueue(cpu, queue, QueueLock);
        if (!partiallyMapped)
        {
            K.BugOn(
                folio.PartiallyMapped, "VM_WARN_ON_FOLIO(folio_test_partially_mapped(folio))", "deferred_split_folio",
                folio);
        }
        else if (!folio.PartiallyMapped)
        {
            await SetPartiallyMapped(cpu, folio);
        }

        if (await R.Lists.IsEmpty(cpu, folio.DeferredList))
        {
            await R.Lists.AddTail(cpu, folio.DeferredList, queue.Head);
            queue.AddLength(1);
        }

        queue.Lock.Release(cpu);
    }

    /// <summary>folio_unqueue_deferred_split: called with a refcount of 0, so that nobody can queue the folio again.
    /// The list that it is on may be a scanner's.</summary>
    /// <returns>Whether it was on a list.</returns>
    public virtual async Flow<bool> Unqueue(Cpu cpu, Folio folio)
    {
        if (folio.Order < Folio.LargeOrderMin || await IsOff(cpu, folio))
        {
            return false;
        }

        K.BugOn(
            folio.Refcount != 0, "WARN_ON_ONCE(folio_ref_count(folio))", "__folio_unqueue_deferred_split", folio);
        return await TakeOff(cpu, folio, K.QueueOf(folio));
    }

    /// <summary>Takes the lock of a folio's queue; returns the queue whose lock it is.</summary>
    public virtual async Flow<DeferredSplitQueue> LockQueue(Cpu cpu, DeferredSplitQueue queue, Point point)
    {
        await queue.Lock.Acquire(cpu, point);
        return queue;
    }

    /// <summary>list_empty, without the lock: nobody can queue the folio any more, but a scanner may be taking it off
    /// at this moment.</summary>
    protected virtual Flow<bool> IsOff(Cpu cpu, Folio folio) => R.Lists.IsEmpty(cpu, folio.DeferredList);

    /// <summary>The part of __folio_unqueue_deferred_split with the lock of that queue.</summary>
    public virtual async Flow<bool> TakeOff(Cpu cpu, Folio folio, DeferredSplitQueue queue)
    {
        queue = await LockQueue(cpu, queue, UnqueueLock);
        bool queued = !await R.Lists.IsEmpty(cpu, folio.DeferredList);
        if (queued)
        {
            await TakeOffLocked(cpu, folio, queue);
        }

        queue.Lock.Release(cpu);
        return queued;
    }

    /// <summary>Off the list, whichever it is, with the queue's lock held: by the unqueueing, by a split, or by a
    /// scanner that came too late.</summary>
    public virtual async Flow TakeOffLocked(Cpu cpu, Folio folio, DeferredSplitQueue queue)
    {
        queue.AddLength(-1);
        if (folio.PartiallyMapped)
        {
            await ClearPartiallyMapped(cpu, folio);
        }

        await R.Lists.DelInit(cpu, folio.DeferredList);
    }

    /// <summary>folio_set_partially_mapped, in the second page's flags word, and its statistic.</summary>
    protected virtual async Flow SetPartiallyMapped(Cpu cpu, Folio folio)
    {
        await cpu.At(SetPartially, folio.PageAt(1).FlagsWord);
        folio.PageAt(1).Set(PageFlag.PartiallyMapped);
        K.PartiallyMapped++;
    }

    /// <summary>folio_clear_partially_mapped, and its statistic.</summary>
    public virtual async Flow ClearPartiallyMapped(Cpu cpu, Folio folio)
    {
        await cpu.At(ClearPartially, folio.PageAt(1).FlagsWord);
        folio.PageAt(1).Clear(PageFlag.PartiallyMapped);
        K.PartiallyMapped--;
    }
}
