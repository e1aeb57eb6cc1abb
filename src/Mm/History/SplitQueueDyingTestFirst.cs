using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>Whoever locks a deferred split queue asks first whether its memcg is being removed, and not again once the
/// lock is taken.</summary>
[Variant(
    "split-queue-dying-test-first",
    Subject = "folio_split_queue_lock() looks at memcg_is_dying() before it takes the lock",
    Origin = "hypothetical: what the second look of split_queue_lock() is for",
    Fix = "v6.19 \"mm: thp: reparent the split queue during memcg offline\" looks with the lock held, and climbs",
    Symptom = "list_del corruption; split_queue_len of the memcg below 0")]
public sealed class SplitQueueDyingTestFirst : SplitQueueOfParent
{
    /// <inheritdoc />
    public override async Flow<DeferredSplitQueue> LockQueue(Cpu cpu, DeferredSplitQueue queue, Point point)
    {
        while (await IsDying(cpu, queue))
        {
            queue = K.QueueOf(queue.Memcg!.Parent!);
        }

        await queue.Lock.Acquire(cpu, point);
        return queue;
    }
}
