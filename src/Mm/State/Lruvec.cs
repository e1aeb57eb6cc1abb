using Interleave;

namespace Mm.State;

/// <summary>The lruvec: active and inactive lists of folios under one lock, and the per-cpu batches in front of
/// them.</summary>
public sealed class Lruvec
{
    internal Lruvec(Kernel kernel, ObjectIds ids)
    {
        Lock = ids.Spinlock(ObjectKind.LruLock, "lruvec lock");
        Inactive = new FolioList(kernel, "inactive", isLru: true);
        Active = new FolioList(kernel, "active", isLru: true);
        InactiveFile = new FolioList(kernel, "inactive file", isLru: true);
        ActiveFile = new FolioList(kernel, "active file", isLru: true);
        Lists = [Inactive, Active, InactiveFile, ActiveFile];
        for (int cpu = 0; cpu < Kernel.CpusMax; cpu++)
        {
            Batches[cpu] = new LruBatch(ids.Word(ObjectKind.LruBatch, $"lru batch of cpu{cpu}"));
        }

        for (int cpu = 0; cpu < Kernel.CpusMax; cpu++)
        {
            DeactivateBatches[cpu] = new LruBatch(ids.Word(ObjectKind.LruBatch, $"deactivate batch of cpu{cpu}"));
            LazyfreeBatches[cpu] = new LruBatch(ids.Word(ObjectKind.LruBatch, $"lazyfree batch of cpu{cpu}"));
        }

        for (int cpu = 0; cpu < Kernel.CpusMax; cpu++)
        {
            MlockBatches[cpu] = new MlockBatch(ids.Word(ObjectKind.LruBatch, $"mlock batch of cpu{cpu}"));
        }

        for (int cpu = 0; cpu < Kernel.CpusMax; cpu++)
        {
            RotateBatches[cpu] = new LruBatch(ids.Word(ObjectKind.LruBatch, $"rotate batch of cpu{cpu}"));
        }

        AllBatches = [.. Batches, .. RotateBatches, .. DeactivateBatches, .. LazyfreeBatches, .. MlockBatches];
    }

    /// <summary>lruvec->lru_lock.</summary>
    public KernelSpinlock Lock { get; }

    /// <summary>LRU_INACTIVE_ANON; reclaim takes from its tail.</summary>
    public FolioList Inactive { get; }

    /// <summary>LRU_ACTIVE_ANON.</summary>
    public FolioList Active { get; }

    /// <summary>LRU_INACTIVE_FILE; lazyfree folios are here too.</summary>
    public FolioList InactiveFile { get; }

    /// <summary>LRU_ACTIVE_FILE.</summary>
    public FolioList ActiveFile { get; }

    /// <summary>All lists that have links.</summary>
    public FolioList[] Lists { get; }

    /// <summary>cpu_fbatches.lru_add of each cpu.</summary>
    public LruBatch[] Batches { get; } = new LruBatch[Kernel.CpusMax];

    /// <summary>cpu_fbatches.lru_move_tail of each cpu.</summary>
    public LruBatch[] RotateBatches { get; } = new LruBatch[Kernel.CpusMax];

    /// <summary>cpu_fbatches.lru_deactivate of each cpu.</summary>
    public LruBatch[] DeactivateBatches { get; } = new LruBatch[Kernel.CpusMax];

    /// <summary>cpu_fbatches.lru_lazyfree of each cpu.</summary>
    public LruBatch[] LazyfreeBatches { get; } = new LruBatch[Kernel.CpusMax];

    /// <summary>mlock_fbatch of each cpu.</summary>
    public MlockBatch[] MlockBatches { get; } = new MlockBatch[Kernel.CpusMax];

    /// <summary>Whether a page was mlocked in this execution.</summary>
    public bool HasMlock { get; private set; }

    /// <summary>NR_MLOCK: pages of folios with PG_mlocked.</summary>
    public int MlockedPages { get; private set; }

    /// <summary>The length of LRU_UNEVICTABLE, in pages.</summary>
    public int UnevictablePages { get; set; }

    /// <summary>Every batch of every cpu, in the order in which one cpu drains its own.</summary>
    public LruBatch[] AllBatches { get; }

    /// <summary>zone_stat_mod_folio(NR_MLOCK): of all pages of the folio.</summary>
    public void CountMlocked(Folio folio, int sign)
    {
        HasMlock = true;
        MlockedPages += sign * folio.PageCount;
    }

    internal void Reset()
    {
        Lock.Reset();
        HasMlock = false;
        MlockedPages = 0;
        UnevictablePages = 0;
        foreach (FolioList list in Lists)
        {
            list.Reset();
        }

        foreach (LruBatch batch in AllBatches)
        {
            batch.Clear();
        }
    }
}

/// <summary>Folios that one cpu will add to the LRU, or move on it; each carries a reference.</summary>
public class LruBatch(Word word)
{
    /// <summary>PAGEVEC_SIZE: a batch that reaches it is drained at once.</summary>
    public const int Size = 31;

    /// <summary>The batch, as an object of points.</summary>
    public Word Word => word;

    /// <summary>The folios, oldest first.</summary>
    public List<Folio> Folios { get; } = [];

    internal virtual void Clear() => Folios.Clear();
}
