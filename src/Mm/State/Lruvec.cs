using Interleave;

namespace Mm.State;

/// <summary>The lruvec: active and inactive list of anonymous folios under one lock, and the per-cpu batches in front
/// of them.</summary>
public sealed class Lruvec
{
    internal Lruvec(Kernel kernel, ObjectIds ids)
    {
        Lock = ids.Spinlock(ObjectKind.LruLock, "lruvec lock");
        Inactive = new FolioList(kernel, "inactive", isLru: true);
        Active = new FolioList(kernel, "active", isLru: true);
        for (int cpu = 0; cpu < Machine.CpusMax; cpu++)
        {
            Batches[cpu] = new LruBatch(ids.Word(ObjectKind.LruBatch, $"lru batch of cpu{cpu}"));
        }
    }

    /// <summary>lruvec->lru_lock.</summary>
    public KernelSpinlock Lock { get; }

    /// <summary>LRU_INACTIVE_ANON; reclaim takes from its tail.</summary>
    public FolioList Inactive { get; }

    /// <summary>LRU_ACTIVE_ANON.</summary>
    public FolioList Active { get; }

    /// <summary>cpu_fbatches.lru_add of each cpu.</summary>
    public LruBatch[] Batches { get; } = new LruBatch[Machine.CpusMax];

    internal void Reset()
    {
        Lock.Reset();
        Inactive.Reset();
        Active.Reset();
        foreach (LruBatch batch in Batches)
        {
            batch.Folios.Clear();
        }
    }
}

/// <summary>Folios that one cpu will add to the LRU; each carries a reference.</summary>
public sealed class LruBatch(Word word)
{
    /// <summary>PAGEVEC_SIZE: a batch that reaches it is drained at once.</summary>
    public const int Size = 31;

    /// <summary>The batch, as an object of points.</summary>
    public Word Word => word;

    /// <summary>The folios, oldest first.</summary>
    public List<Folio> Folios { get; } = [];
}
