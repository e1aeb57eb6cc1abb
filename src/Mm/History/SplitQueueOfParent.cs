using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Whoever locks the queue of a memcg that is being removed takes that of its parent (mm/huge_memory.c:
/// folio_split_queue_lock, split_queue_lock, v6.19).</summary>
/// <remarks>
/// The memcg is dying before its folios are on the parent's queue: in between, the parent's lock stands for the memcg's
/// list, too. But each who comes takes the list's own first, and so waits for whoever came while it was alive.
/// </remarks>
[Variant(
    "split-queue-of-parent",
    Subject = "folio_split_queue_lock() goes to the parent's queue when the memcg is dying",
    Origin = "v6.19 \"mm: thp: reparent the split queue during memcg offline\"",
    Fix = "nothing is wrong with it; split_queue_len of the parent is too small for a moment",
    IsHarmless = true,
    Symptom = "none")]
public class SplitQueueOfParent : DeferredSplit
{
    /// <summary>The read of CSS_DYING.</summary>
    protected static readonly Point TestDying =
        Points.Define("SplitQueueTestDying", "folio_split_queue_lock", Access.Read);

    /// <inheritdoc />
    public override async Flow<DeferredSplitQueue> LockQueue(Cpu cpu, DeferredSplitQueue queue, Point point)
    {
        await queue.Lock.Acquire(cpu, point);
        while (await IsDying(cpu, queue))
        {
            queue.Lock.Release(cpu);
            queue = K.QueueOf(queue.Memcg!.Parent!);
            await queue.Lock.Acquire(cpu, point);
        }

        return queue;
    }

    /// <summary>memcg_is_dying.</summary>
    protected async Flow<bool> IsDying(Cpu cpu, DeferredSplitQueue queue)
    {
        if (queue.Memcg is not { Parent: not null } memcg)
        {
            return false;
        }

        await cpu.At(TestDying, memcg.Word);
        queue.TruthShunned |= !memcg.Online;
        return !memcg.Online;
    }
}
