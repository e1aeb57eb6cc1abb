using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>A memcg that goes offline hands its deferred split queue to its parent (mm/huge_memory.c:
/// reparent_deferred_split_queue, v6.19).</summary>
public abstract class QueueReparenting : Cgroups
{
    private static readonly Point ChildLock =
        Points.Define("ReparentSplitQueueLock", "reparent_deferred_split_queue", Access.Acquire);
    private static readonly Point ParentLock =
        Points.Define("ReparentParentSplitQueueLock", "reparent_deferred_split_queue", Access.Acquire);

    /// <summary>reparent_deferred_split_queue.</summary>
    protected async Flow Reparent(Cpu cpu, Memcg memcg)
    {
        DeferredSplitQueue queue = K.QueueOf(memcg);
        DeferredSplitQueue parent = K.QueueOf(memcg.Parent!);
        await queue.Lock.Acquire(cpu, ChildLock);
        await parent.Lock.Acquire(cpu, ParentLock);
        queue.TruthDie();
        if (queue.Length != 0)
        {
            await R.Lists.SpliceInit(cpu, queue.Head, parent.Head);
            parent.AddLength(queue.Length);
            queue.SetLength(0);
        }

        parent.Lock.Release(cpu);
        queue.Lock.Release(cpu);
    }
}
