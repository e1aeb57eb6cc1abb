namespace Mm.State;

/// <summary>The sorts of shared objects; hand-off coverage and reports tell steps apart by them.</summary>
public enum ObjectKind : byte
{
    /// <summary>No object.</summary>
    None,

    /// <summary>The flags word of a folio.</summary>
    FolioFlags,

    /// <summary>The <c>_refcount</c> of a folio.</summary>
    FolioRefcount,

    /// <summary>The <c>_mapcount</c> of a folio.</summary>
    FolioMapcount,

    /// <summary><c>folio->mapping</c> and <c>folio->index</c>.</summary>
    FolioMapping,

    /// <summary>The bytes of a folio.</summary>
    FolioData,

    /// <summary>The wait queue on which sleepers for a folio bit are queued.</summary>
    FolioWaitQueue,

    /// <summary>One page table entry.</summary>
    Pte,

    /// <summary>The page table lock of a process.</summary>
    PageTableLock,

    /// <summary>The mmap lock of a process.</summary>
    MmapLock,

    /// <summary>The lock of one VMA.</summary>
    VmaLock,

    /// <summary>mm_users and the counters of a process.</summary>
    MmStruct,

    /// <summary>The sequence count with which fork and fast GUP tell each other apart.</summary>
    WriteProtectSeq,

    /// <summary>The fields of an anon_vma.</summary>
    AnonVma,

    /// <summary>The rwsem of a root anon_vma.</summary>
    AnonVmaLock,

    /// <summary>One swap slot: count, HAS_CACHE, swap table word.</summary>
    SwapSlot,

    /// <summary>The bytes of one swap slot.</summary>
    SwapData,

    /// <summary>The cluster lock of the swap device.</summary>
    ClusterLock,

    /// <summary>The swap device itself: in use or not, its users.</summary>
    SwapDevice,

    /// <summary>The lruvec lock.</summary>
    LruLock,

    /// <summary>One cpu's batch of folios to be added to the LRU.</summary>
    LruBatch,

    /// <summary>One pin of a page by a device.</summary>
    Pin,

    /// <summary>The page allocator.</summary>
    Allocator,

    /// <summary>mmlist_lock and init_mm.mmlist.</summary>
    Mmlist,

    /// <summary>One PMD entry.</summary>
    Pmd,

    /// <summary>The <c>memcg_data</c> of a folio.</summary>
    FolioMemcg,

    /// <summary>The state and the counters of a memory cgroup.</summary>
    Memcg,

    /// <summary>The lock of a memory cgroup that holds folios in it (until v6.12).</summary>
    MemcgMoveLock,

    /// <summary>cgroup_mutex.</summary>
    CgroupMutex,

    /// <summary>mf_mutex.</summary>
    PoisonMutex,

    /// <summary>ksm_thread_mutex.</summary>
    KsmMutex,

    /// <summary>One node of KSM's stable tree.</summary>
    StableNode,

    /// <summary>The translations of a process that cpus have cached.</summary>
    Tlb,

    /// <summary>The <c>_large_mapcount</c> of a large folio.</summary>
    LargeMapcount,

    /// <summary>The <c>_entire_mapcount</c> of a large folio.</summary>
    EntireMapcount,

    /// <summary>The <c>_nr_pages_mapped</c> of a large folio.</summary>
    PagesMapped,

    /// <summary>The <c>_pincount</c> of a large folio.</summary>
    Pincount,

    /// <summary>The <c>_mm_ids</c> of a large folio: its bit spinlock and its shared bit.</summary>
    MmIds,

    /// <summary>The next word of a list_head.</summary>
    ListNext,

    /// <summary>The prev word of a list_head.</summary>
    ListPrev,

    /// <summary>The lock of a deferred split queue.</summary>
    SplitQueueLock,

    /// <summary>The length of a deferred split queue.</summary>
    SplitQueueLength,

    /// <summary>i_size and i_private of a file.</summary>
    Inode,

    /// <summary>The i_rwsem of a file.</summary>
    InodeLock,

    /// <summary>The invalidate_lock of a file.</summary>
    InvalidateLock,

    /// <summary>The i_mmap_rwsem of a file.</summary>
    MappingLock,

    /// <summary>The lock of a file's xarray.</summary>
    XarrayLock,

    /// <summary>One entry of a file's xarray.</summary>
    PageCacheEntry,

    /// <summary>The bytes of one block of a file.</summary>
    DiskBlock,
}

/// <summary>A word or a structure that steps touch.</summary>
public sealed class Word(ObjectKind kind, ushort id, string name) : Interleave.SharedObject((byte)kind, id)
{
    /// <inheritdoc />
    public override string Name => name;
}

/// <summary>Hands out the ids of shared objects, in the order of construction, so that they are the same in every
/// run.</summary>
public sealed class ObjectIds
{
    private int next;

    /// <summary>Every object made, by id.</summary>
    public List<Interleave.SharedObject> All { get; } = [];

    /// <summary>A word.</summary>
    public Word Word(ObjectKind kind, string name) => Keep(new Word(kind, Next(), name));

    /// <summary>A spinlock.</summary>
    public Interleave.KernelSpinlock Spinlock(ObjectKind kind, string name) =>
        Keep(new Interleave.KernelSpinlock((byte)kind, Next(), name));

    /// <summary>A reader-writer semaphore.</summary>
    public Interleave.Rwsem Rwsem(ObjectKind kind, string name) =>
        Keep(new Interleave.Rwsem((byte)kind, Next(), name));

    /// <summary>The next id; there are as many as fit the word of a step.</summary>
    /// <exception cref="OverflowException">The world is too large.</exception>
    private ushort Next() => checked((ushort)next++);

    private T Keep<T>(T made)
        where T : Interleave.SharedObject
    {
        All.Add(made);
        return made;
    }
}
