using Interleave;

namespace Mm.State;

/// <summary>struct folio: 2^order pages that are allocated, counted, listed and freed as one (include/linux/mm_types.h,
/// v6.18).</summary>
/// <remarks>
/// Every frame has one of these; it means something only for a frame that is the <see cref="Page.Head"/> of its folio.
/// Every method here is one step of the kernel (a single store or one atomic operation); the caller parks at a point
/// first. Fields named Truth... are the ground truth that oracles compare with; no routine reads them.
/// </remarks>
public sealed partial class Folio : Page
{
    /// <summary>References that one device pin of a small folio takes (include/linux/mm.h); that of a large one takes
    /// one, and is counted in <see cref="LargeCounts.Pincount"/> too.</summary>
    public const int PinBias = 1024;

    /// <summary>The smallest order of a large anonymous folio.</summary>
    public const int LargeOrderMin = 2;

    // One field of 20 bits for each memcg, in the middle of its range when the memcg has nothing of the folio.
    private const int BookBits = 20;
    private const long BookMask = (1L << BookBits) - 1;
    private const int BookEven = 1 << (BookBits - 1);
    private const long BooksEven =
        (long)BookEven | (long)BookEven << BookBits | (long)BookEven << (2 * BookBits);

    private readonly int[] truthHolders = new int[(int)Holder.Pin + 1];
    private int refcount;
    private object? mapping;
    private long truthBooks = BooksEven;

    internal Folio(Kernel kernel, ushort pfn, ObjectIds ids)
        : base(kernel, pfn, ids)
    {
        RefcountWord = ids.Word(ObjectKind.FolioRefcount, $"folio {pfn} refcount");
        MemcgWord = ids.Word(ObjectKind.FolioMemcg, $"folio {pfn} memcg");
        MappingWord = ids.Word(ObjectKind.FolioMapping, $"folio {pfn} mapping");
        WaitQueue = new FolioWaitQueue(ids.Spinlock(ObjectKind.FolioWaitQueue, $"folio {pfn} wait queue"), this);
        if ((pfn & ((1 << LargeOrderMin) - 1)) == 0)
        {
            Large = new LargeCounts(this, ids);
            DeferredList = new ListHead(kernel, ids, $"folio {pfn} deferred_list", this);
        }
    }

    /// <summary>The refcount, as an object of points.</summary>
    public Word RefcountWord { get; }

    /// <summary>mapping and index, as an object of points.</summary>
    public Word MappingWord { get; }

    /// <summary>memcg_data, as an object of points.</summary>
    public Word MemcgWord { get; }

    /// <summary>Sleepers on PG_locked and PG_writeback.</summary>
    public FolioWaitQueue WaitQueue { get; }

    /// <summary>folio_order: the folio has 2^order pages.</summary>
    public int Order { get; internal set; }

    /// <summary>folio_nr_pages.</summary>
    public int PageCount => 1 << Order;

    /// <summary>folio_test_large.</summary>
    public bool IsLarge => Order > 0;

    /// <summary>Whether the frame is a tail page of a large folio: then nothing of this class means anything.</summary>
    public bool IsTail => Head != this;

    /// <summary>_refcount.</summary>
    public int Refcount => refcount;

    /// <summary>The counts of a large folio; only a frame at which one can begin has them.</summary>
    public LargeCounts Large { get; } = null!;

    /// <summary>folio_mapcount: number of mappings as the kernel counts them.</summary>
    public int Mapcount => (IsLarge ? Large.Mapcount : MapcountField) + 1;

    /// <summary>folio_mapped.</summary>
    public bool Mapped => (IsLarge ? Large.Mapcount : MapcountField) >= 0;

    /// <summary>What <see cref="Mapcount"/> and <see cref="Mapped"/> read, as an object of points.</summary>
    public Word MappedWord => IsLarge ? Large.MapcountWord : MapcountWord;

    /// <summary>folio_maybe_dma_pinned: a small folio may also have that many other references.</summary>
    public bool MaybePinned => IsLarge ? Large.Pincount > 0 : refcount >= PinBias;

    /// <summary>What <see cref="MaybePinned"/> reads, as an object of points.</summary>
    public Word PinnedWord => IsLarge ? Large.PincountWord : RefcountWord;

    /// <summary>The references that a pin is.</summary>
    public int PinReferences => IsLarge ? 1 : PinBias;

    /// <summary>folio_test_anon: the mapping carries the anon tag. Stays until the folio is freed.</summary>
    public bool Anon => mapping is AnonVma || Ksm;

    /// <summary>folio_test_ksm: the mapping carries the KSM tag. Stays until the folio is freed.</summary>
    public bool Ksm { get; private set; }

    /// <summary>folio_stable_node: the node that the mapping of a KSM folio names; null between merging and the
    /// insertion into the stable tree, and after migration.</summary>
    public StableNode? StableNode { get; private set; }

    /// <summary>The anon_vma that the mapping points to.</summary>
    public AnonVma? Mapping => mapping as AnonVma;

    /// <summary>The file that the mapping points to: the folio is, or is about to be, in its page cache.</summary>
    public Inode? File => mapping as Inode;

    /// <summary>Whether the mapping is not NULL.</summary>
    public bool HasMapping => mapping is not null || Ksm;

    /// <summary>folio_memcg: the memory cgroup that the folio is charged to, or null.</summary>
    public Memcg? Memcg { get; private set; }

    /// <summary>Linear index of the first page in the mapping.</summary>
    public int Index { get; private set; }

    /// <summary>The first swap slot while PG_swapcache is set.</summary>
    public int SwapSlot { get; set; } = -1;

    /// <summary>Whether somebody froze the refcount to 0 and will set it again.</summary>
    public bool Frozen { get; private set; }

    /// <summary>Links of <c>folio->lru</c>.</summary>
    public Folio? Next { get; internal set; }

    /// <summary>Links of <c>folio->lru</c>.</summary>
    public Folio? Previous { get; internal set; }

    /// <summary>The list that the links are part of, or null.</summary>
    public FolioList? On { get; internal set; }

    /// <summary>The lane that owns the folio lock.</summary>
    public Cpu? LockOwner { get; set; }

    /// <summary>Number of PMD entries that map it as a whole.</summary>
    public int TruthPmds { get; internal set; }

    /// <summary>Number of PMD migration entries that name it.</summary>
    public int TruthMigrationPmds { get; internal set; }

    /// <summary>Number of PMD entries that name it while they are being changed: no hardware maps it through
    /// them.</summary>
    public int TruthInvalidPmds { get; internal set; }

    /// <summary>Whether a mapping was ever set since allocation.</summary>
    public bool TruthWasAnon { get; private set; }

    /// <summary>Whether it was made a KSM folio since allocation.</summary>
    public bool TruthWasKsm { get; private set; }

    /// <summary>Whether it was made anonymous for the first time while somebody already mapped it, or without its
    /// lock.</summary>
    public string? TruthFirstMap { get; set; }

    /// <summary>folio_page: one page of the folio.</summary>
    public Page PageAt(int number) => Kernel.Folios[Pfn + number];

    /// <summary>How many references of that kind are out.</summary>
    public int TruthHolders(Holder holder) => truthHolders[(int)holder];

    /// <summary>Takes a reference (folio_get): one atomic step.</summary>
    public void Get(Holder holder)
    {
        refcount += holder == Holder.Pin ? PinReferences : 1;
        truthHolders[(int)holder]++;
        Touch();
    }

    /// <summary>Takes several references of one sort (folio_ref_add): one atomic step.</summary>
    public void Get(Holder holder, int count)
    {
        refcount += count;
        truthHolders[(int)holder] += count;
        Touch();
    }

    /// <summary>folio_try_get: fails on a refcount of 0.</summary>
    public bool TryGet(Holder holder)
    {
        if (refcount == 0)
        {
            return false;
        }

        Get(holder);
        return true;
    }

    /// <summary>Drops a reference (folio_put_testzero) and says whether it was the last.</summary>
    public bool PutTestZero(Holder holder) =>
        PutTestZero(holder, 1);

    /// <summary>Drops several references of one sort (folio_ref_sub_and_test) and says whether they were the
    /// last.</summary>
    public bool PutTestZero(Holder holder, int number)
    {
        int count = holder == Holder.Pin ? PinReferences * number : number;
        Kernel.BugOn(refcount < count, "VM_BUG_ON_PAGE(page_ref_count(page) == 0)", "folio_put_testzero", this);
        refcount -= count;
        truthHolders[(int)holder] -= number;
        Touch();
        return refcount == 0;
    }

    /// <summary>The reference of one holder becomes that of another; the counter does not move.</summary>
    public void HandOver(Holder from, Holder to, int count = 1)
    {
        truthHolders[(int)from] -= count;
        truthHolders[(int)to] += count;
    }

    /// <summary>try_grab_folio_fast: the <see cref="Holder.Lookup"/> reference grows to a pin, by one atomic
    /// add.</summary>
    public void ConvertToPin()
    {
        refcount += PinReferences - 1;
        HandOver(Holder.Lookup, Holder.Pin);
        Touch();
    }

    /// <summary>folio_ref_freeze: replaces exactly <paramref name="expected"/> by 0.</summary>
    public bool Freeze(int expected)
    {
        if (refcount != expected)
        {
            return false;
        }

        refcount = 0;
        Frozen = true;
        Touch();
        return true;
    }

    /// <summary>folio_ref_unfreeze.</summary>
    public void Unfreeze(int count)
    {
        Kernel.BugOn(refcount != 0, "VM_BUG_ON_PAGE(page_count(page) != 0)", "page_ref_unfreeze", this);
        refcount = count;
        Frozen = false;
        Touch();
    }

    /// <summary>Ground truth: the owner of a frozen folio drops references that the unfreeze will not
    /// restore.</summary>
    public void ForgetHolder(Holder holder, int count = 1) => truthHolders[(int)holder] -= count;

    /// <summary>Ground truth: the owner of a frozen folio adds references that the unfreeze will make real.</summary>
    public void RememberHolder(Holder holder, int count = 1) => truthHolders[(int)holder] += count;

    /// <summary>The owner of a frozen folio keeps it at 0 and will free it: all that the cache held is gone, and so is
    /// its own reference.</summary>
    public void KeepFrozen(Holder cache, Holder own)
    {
        truthHolders[(int)cache] = 0;
        truthHolders[(int)own]--;
        Frozen = false;
        Touch();
    }

    /// <summary>WRITE_ONCE(folio->mapping) with the anon tag.</summary>
    public void SetMapping(AnonVma anonVma)
    {
        mapping = anonVma;
        Ksm = false;
        StableNode = null;
        TruthWasAnon = true;
        truthMappingLife = anonVma.TruthLife;
        Touch();
    }

    /// <summary>folio_set_stable_node: WRITE_ONCE(folio->mapping) with the KSM tag.</summary>
    public void SetStableNode(StableNode? node)
    {
        mapping = null;
        Ksm = true;
        TruthWasKsm = true;
        StableNode = node;
        Touch();
    }

    /// <summary>A store to folio->mapping without the anon tag.</summary>
    public void SetFile(Inode? file)
    {
        mapping = file;
        Touch();
    }

    /// <summary>A store to folio->index.</summary>
    public void SetIndex(int index) => Index = index;

    /// <summary>A store to folio->memcg_data.</summary>
    public void SetMemcg(Memcg? memcg)
    {
        if (IsLarge && DeferredList.TruthOn is { } on)
        {
            Kernel.TruthBroken.Add($"recharge: {this} of {Memcg} becomes {memcg}'s although it is on {on}");
        }

        Memcg?.TruthCharge(-PageCount);
        Memcg = memcg;
        memcg?.TruthCharge(PageCount);
        Touch();
    }

    /// <summary>Ground truth: whether a memcg other than the folio's own has something in its statistics, or lacks
    /// something, because of this folio.</summary>
    public bool TruthBookedElsewhere =>
        ((truthBooks ^ BooksEven) & ~(Memcg is null ? 0 : BookMask << (BookBits * Memcg.Number))) != 0;

    /// <summary>Takes the frames out of the allocator: refcount 1, all else clear (post_alloc_hook,
    /// prep_compound_page).</summary>
    internal void Allocate(int order)
    {
        Order = order;
        for (int number = PageCount - 1; number >= 0; number--)
        {
            Folio page = Kernel.Folios[Pfn + number];
            page.Free = false;
            page.Head = this;
            page.ClearPage();
            page.Forget();
            page.Touch();
        }

        if (order > 0)
        {
            Large.Clear();
            DeferredList.Init();
            TruthScanner = null;
        }

        refcount = 1;
        truthHolders[(int)Holder.Allocation] = 1;
    }

    /// <summary>The allocator resets the anon mapping before its checks (__free_pages_prepare).</summary>
    internal void ClearMapping()
    {
        if (Anon)
        {
            ForgetMapping();
        }

        Touch();
    }

    /// <summary>Marks the folio as changed in what the page cache says of it.</summary>
    internal void TouchCached() => Kernel.Touched.Folios.Add(Pfn);

    /// <summary>Back to the state before boot, for a new execution.</summary>
    internal void Reset()
    {
        Free = true;
        Frozen = false;
        ClearPage();
        Forget();
        Head = this;
        Order = 0;
        Index = 0;
        Next = null;
        Previous = null;
        On = null;
        LockOwner = null;
        TruthPtes = 0;
        TruthTableWords = 0;
        TruthMigrationPtes = 0;
        TruthTlbEntries = 0;
        TruthPmds = 0;
        TruthMigrationPmds = 0;
        TruthInvalidPmds = 0;
        Large?.Reset();
        DeferredList?.Retire();
        TruthScanner = null;
        WaitQueue.Reset();
    }

    private void Forget()
    {
        refcount = 0;
        ForgetMapping();
        SwapSlot = -1;
        Memcg = null;
        truthBooks = BooksEven;
        TruthFirstMap = null;
        Array.Clear(truthHolders);
    }

    private void ForgetMapping()
    {
        mapping = null;
        Ksm = false;
        StableNode = null;
        TruthWasAnon = false;
        TruthWasKsm = false;
    }
}
