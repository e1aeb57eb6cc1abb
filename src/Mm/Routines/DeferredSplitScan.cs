using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The shrinker of the deferred split queue (mm/huge_memory.c: deferred_split_scan, thp_underused;
/// v6.18).</summary>
/// <remarks>
/// It takes folios off the queue to a list of its own and works on that without the lock. Whoever brings a folio's
/// count to 0 meanwhile takes it off, with the lock, whichever list it is on. Left out: hwpoison,
/// nodes.
/// </remarks>
public class DeferredSplitScan : Routine
{
    protected static readonly Point Count = Points.Define("DeferredCount", "deferred_split_count", Access.Read);
    protected static readonly Point CollectLock =
        Points.Define("DeferredScanLock", "deferred_split_scan", Access.Acquire);
    protected static readonly Point TryGet = Points.Define("DeferredScanTryGet", "deferred_split_scan", Access.Rmw);
    protected static readonly Point TestPartially =
        Points.Define("DeferredScanTestPartiallyMapped", "deferred_split_scan", Access.Read);
    protected static readonly Point TestAgain =
        Points.Define("DeferredScanTestAgain", "deferred_split_scan", Access.Read);
    protected static readonly Point CompareZero = Points.Define("UnderusedCompare", "thp_underused", Access.Read);
    protected static readonly Point SpliceLock =
        Points.Define("DeferredScanSpliceLock", "deferred_split_scan", Access.Acquire);

    private const string Function = "deferred_split_scan";

    /// <summary>do_shrink_slab for this shrinker: nothing is scanned when the queue says that it is empty.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="count">sc->nr_to_scan.</param>
    /// <returns>Whether there was anything to scan.</returns>
    public virtual async Flow<bool> Shrink(Cpu cpu, DeferredSplitQueue queue, int count)
    {
        await cpu.At(Count, queue.LengthWord);
        if (queue.Length == 0)
        {
            return false;
        }

        await Scan(cpu, queue, count);
        return true;
    }

    /// <summary>deferred_split_scan.</summary>
    protected virtual async Flow Scan(Cpu cpu, DeferredSplitQueue queue, int count)
    {
        SplitScan scan = K.SplitScans[cpu.Index];
        scan.Begin(queue);
        await Collect(cpu, queue, scan, count);
        await Walk(cpu, queue, scan);
        await queue.Lock.Acquire(cpu, SpliceLock);
        await R.Lists.Splice(cpu, scan.List, queue.Head);
        queue.AddLength(-scan.Removed);
        queue.TruthScans--;
        queue.Lock.Release(cpu);
        if (scan.Previous is { } previous)
        {
            await Unpin(cpu, previous);
        }
    }

    /// <summary>The part under the lock: every folio that is not being freed goes to the local list, with a
    /// reference.</summary>
    protected virtual async Flow Collect(Cpu cpu, DeferredSplitQueue queue, SplitScan scan, int count)
    {
        await queue.Lock.Acquire(cpu, CollectLock);
        queue.TruthScans++;
        ListHead? entry = await R.Lists.Next(cpu, queue.Head);
        while (entry != queue.Head && FolioOf(entry) is { } folio)
        {
            ListHead? next = await R.Lists.Next(cpu, entry!);
            await CollectOne(cpu, queue, scan, folio);
            if (--count == 0)
            {
                break;
            }

            entry = next;
        }

        queue.Lock.Release(cpu);
    }

    /// <summary>One folio of the queue, with the lock held.</summary>
    protected virtual async Flow CollectOne(Cpu cpu, DeferredSplitQueue queue, SplitScan scan, Folio folio)
    {
        if (await Pin(cpu, folio))
        {
            await R.Lists.Move(cpu, folio.DeferredList, scan.List);
        }
        else
        {
            await R.DeferredSplit.TakeOffLocked(cpu, folio, queue);
        }
    }

    /// <summary>A folio that is being split leaves the queue: its references are frozen, and the queue is
    /// locked.</summary>
    public virtual async Flow LeaveForSplit(Cpu cpu, Folio folio, DeferredSplitQueue queue)
    {
        if (!await R.Lists.IsEmpty(cpu, folio.DeferredList))
        {
            await R.DeferredSplit.TakeOffLocked(cpu, folio, queue);
        }
    }

    /// <summary>The loop over the local list, without the lock.</summary>
    protected virtual async Flow Walk(Cpu cpu, DeferredSplitQueue queue, SplitScan scan)
    {
        ListHead? entry = await R.Lists.Next(cpu, scan.List);
        while (entry != scan.List && FolioOf(entry) is { } folio)
        {
            // Read ahead: the next folio is pinned still, so nobody but us takes it off.
            ListHead? next = await R.Lists.Next(cpu, entry!);
            bool split = await Wanted(cpu, folio) && await TrySplit(cpu, folio);
            scan.Split += split ? 1 : 0;
            if (await After(cpu, queue, scan, folio, split) is { } put)
            {
                await Unpin(cpu, put);
            }

            entry = next;
        }
    }

    /// <summary>What becomes of a folio that was looked at. Returns the one whose reference is dropped now.</summary>
    protected virtual async Flow<Folio?> After(
        Cpu cpu, DeferredSplitQueue queue, SplitScan scan, Folio folio, bool split)
    {
        if (split)
        {
            return folio;
        }

        await cpu.At(TestAgain, folio.PageAt(1).FlagsWord);
        if (!folio.PartiallyMapped)
        {
            await R.Lists.DelInit(cpu, folio.DeferredList);
            scan.Removed++;
            return folio;
        }

        // It stays, and stays pinned, so that the entry before the next one that is taken off is a safe one.
        Folio? previous = scan.Previous;
        scan.Previous = folio;
        return previous;
    }

    /// <summary>Whether it is worth a try: partially mapped, or mostly zeroes.</summary>
    protected virtual async Flow<bool> Wanted(Cpu cpu, Folio folio)
    {
        await cpu.At(TestPartially, folio.PageAt(1).FlagsWord);
        return folio.PartiallyMapped || (!folio.Has(PageFlag.Mlocked) && await IsUnderused(cpu, folio));
    }

    /// <summary>thp_underused: compares page by page with the zero page, without any lock.</summary>
    protected virtual async Flow<bool> IsUnderused(Cpu cpu, Folio folio)
    {
        int zero = 0;
        int filled = 0;
        for (int number = 0; number < folio.PageCount; number++)
        {
            Page page = folio.PageAt(number);
            await cpu.At(CompareZero, page.DataWord);
            if (page.Data == 0)
            {
                if (++zero > K.MaxPtesNone)
                {
                    return true;
                }
            }
            else if (++filled >= (1 << K.PmdOrder) - K.MaxPtesNone)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>folio_trylock and split_folio.</summary>
    protected virtual async Flow<bool> TrySplit(Cpu cpu, Folio folio)
    {
        if (!await R.Locking.TryLock(cpu, folio))
        {
            return false;
        }

        bool split = await R.Split.SplitFolio(cpu, folio, null);
        await R.Locking.Unlock(cpu, folio);
        return split;
    }

    /// <summary>folio_try_get.</summary>
    protected virtual async Flow<bool> Pin(Cpu cpu, Folio folio)
    {
        await cpu.At(TryGet, folio.RefcountWord);
        return folio.TryGetForScan(cpu);
    }

    /// <summary>folio_put of a folio that this scan pinned.</summary>
    protected virtual async Flow Unpin(Cpu cpu, Folio folio)
    {
        folio.TruthUnpinned(cpu);
        await R.Free.Put(cpu, folio, Holder.Lookup);
    }

    /// <summary>list_entry: what a cursor points to is taken for a folio, whatever it is.</summary>
    protected Folio? FolioOf(ListHead? entry)
    {
        K.BugOn(entry is null, "BUG: kernel NULL pointer dereference", Function);
        K.BugOn(
            entry is { Owner: null }, "BUG: KASAN: slab-out-of-bounds, a list head is taken for a folio", Function,
            entry);
        return entry?.Owner;
    }
}
