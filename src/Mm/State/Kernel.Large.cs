using Interleave;

namespace Mm.State;

/// <summary>The part of the state that has to do with large folios: deferred splits, collapse.</summary>
public sealed partial class Kernel
{
    /// <summary>Who walks page tables without locks.</summary>
    public FastWalkers FastWalkers { get; } = new();

    /// <summary>Every deferred split queue: that of the node, then one for each memcg.</summary>
    public DeferredSplitQueue[] SplitQueues { get; } = new DeferredSplitQueue[1 + MemcgTree.Max];

    /// <summary>What the scan of each lane has on its stack.</summary>
    public SplitScan[] SplitScans { get; } = new SplitScan[Kernel.CpusMax];

    /// <summary>MTHP_STAT_NR_ANON_PARTIALLY_MAPPED, of all orders.</summary>
    public int PartiallyMapped { get; set; }

    /// <summary>khugepaged_max_ptes_none: a THP with more pages of zeroes is underused. The default of all but one
    /// makes no THP underused; here it is three quarters.</summary>
    public int MaxPtesNone => (1 << PmdOrder) * 3 / 4 - 1;

    /// <summary>get_deferred_split_queue: that of the memcg, or of the node for a folio that is charged to
    /// none.</summary>
    public DeferredSplitQueue QueueOf(Folio folio) => SplitQueues[folio.Memcg is { } memcg ? 1 + memcg.Number : 0];

    /// <summary>memcg->deferred_split_queue.</summary>
    public DeferredSplitQueue QueueOf(Memcg memcg) => SplitQueues[1 + memcg.Number];

    /// <summary>Ground truth: the queue that a folio belongs on; once the queue of its memcg was handed on, the
    /// heir.</summary>
    public DeferredSplitQueue TruthQueueOf(Folio folio)
    {
        DeferredSplitQueue queue = QueueOf(folio);
        while (queue.TruthDead)
        {
            queue = QueueOf(queue.Memcg!.Parent!);
        }

        return queue;
    }

    /// <summary>Ground truth: whether a folio may be on that queue: while its memcg is dying, some go to the heir
    /// already.</summary>
    public bool TruthMayBeOn(DeferredSplitQueue queue, Folio folio)
    {
        DeferredSplitQueue at = QueueOf(folio);
        while (at != queue && (at.TruthDead || at.TruthShunned))
        {
            at = QueueOf(at.Memcg!.Parent!);
        }

        return at == queue && !at.TruthDead;
    }

    private void MakeLarge()
    {
        SplitQueues[0] = new DeferredSplitQueue(this, ids, "the node");
        for (int number = 0; number < MemcgTree.Max; number++)
        {
            SplitQueues[1 + number] = new DeferredSplitQueue(this, ids, $"memcg{number}", Memcgs[number]);
        }

        for (int cpu = 0; cpu < Kernel.CpusMax; cpu++)
        {
            SplitScans[cpu] = new SplitScan(this, ids, cpu);
        }
    }

    private void ResetLarge()
    {
        FastWalkers.Reset();
        PartiallyMapped = 0;
        foreach (DeferredSplitQueue queue in SplitQueues)
        {
            queue.Reset();
        }
    }
}
