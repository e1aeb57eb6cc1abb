using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>deferred_split_scan() without a local list: every folio is taken off the queue under the lock, and queued
/// again, if need be, after another look.</summary>
[Variant(
    "batch-scan",
    Subject = "deferred_split_scan() takes folios off the queue under the lock, to a folio_batch",
    Origin = "v6.19: \"mm: thp: use folio_batch to handle THP splitting in deferred_split_scan()\"",
    Fix = "nothing is wrong with it; an underused folio is lost when its lock is taken, which v7.1 mends",
    IsFix = true,
    Symptom = "none; without it: a partially mapped folio that no queue knows")]
public class BatchScan : DeferredSplitScan
{
    private const int BatchSize = 31;

    private static readonly Point AddLock = Points.Define("BatchRequeueLock", "deferred_split_scan", Access.Acquire);

    /// <inheritdoc />
    public override async Flow LeaveForSplit(Cpu cpu, Folio folio, DeferredSplitQueue queue)
    {
        // The flag goes whether it is queued or not: a scanner may have it.
        if (!await R.Lists.IsEmpty(cpu, folio.DeferredList))
        {
            await R.DeferredSplit.TakeOffLocked(cpu, folio, queue);
        }
        else if (folio.PartiallyMapped)
        {
            await R.DeferredSplit.ClearPartiallyMapped(cpu, folio);
        }
    }

    /// <inheritdoc />
    protected override async Flow Scan(Cpu cpu, DeferredSplitQueue queue, int count)
    {
        SplitScan scan = K.SplitScans[cpu.Index];
        int left = count;
        bool more = true;
        while (left > 0 && more)
        {
            scan.Begin(queue);
            left -= await CollectBatch(cpu, queue, scan, Math.Min(left, BatchSize));
            for (int i = 0; i < scan.Batch.Count; i++)
            {
                await Treat(cpu, scan.Batch[i]);
            }

            for (int i = 0; i < scan.Batch.Count; i++)
            {
                await Unpin(cpu, scan.Batch[i]);
            }

            more = left > 0 && !await R.Lists.IsEmpty(cpu, queue.Head);
        }
    }

    /// <summary>What becomes of one folio of the batch.</summary>
    protected virtual async Flow Treat(Cpu cpu, Folio folio)
    {
        if (await Wanted(cpu, folio) && await TrySplit(cpu, folio))
        {
            return;
        }

        await cpu.At(TestAgain, folio.PageAt(1).FlagsWord);
        if (folio.PartiallyMapped)
        {
            await Requeue(cpu, folio);
        }
    }

    /// <summary>Back on the queue, unless somebody has put it there already.</summary>
    protected async Flow Requeue(Cpu cpu, Folio folio)
    {
        DeferredSplitQueue queue = await R.DeferredSplit.LockQueue(cpu, K.QueueOf(folio), AddLock);
        if (await MayAdd(cpu, folio))
        {
            await R.Lists.AddTail(cpu, folio.DeferredList, queue.Head);
            queue.AddLength(1);
        }

        queue.Lock.Release(cpu);
    }

    /// <summary>list_empty, with the lock held.</summary>
    protected virtual Flow<bool> MayAdd(Cpu cpu, Folio folio) => R.Lists.IsEmpty(cpu, folio.DeferredList);

    private async Flow<int> CollectBatch(Cpu cpu, DeferredSplitQueue queue, SplitScan scan, int count)
    {
        int taken = 0;
        queue = await R.DeferredSplit.LockQueue(cpu, queue, CollectLock);
        ListHead? entry = await R.Lists.Next(cpu, queue.Head);
        while (taken < count && entry != queue.Head && FolioOf(entry) is { } folio)
        {
            ListHead? next = await R.Lists.Next(cpu, entry!);
            if (await Pin(cpu, folio))
            {
                scan.Batch.Add(folio);
            }
            else if (folio.PartiallyMapped)
            {
                await R.DeferredSplit.ClearPartiallyMapped(cpu, folio);
            }

            await R.Lists.DelInit(cpu, folio.DeferredList);
            queue.AddLength(-1);
            taken++;
            entry = next;
        }

        queue.Lock.Release(cpu);
        return Math.Max(taken, 1);
    }
}
