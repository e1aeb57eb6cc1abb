using Interleave;

namespace Mm.State;

/// <summary>A small folio: one page frame and its struct page (include/linux/mm_types.h, v6.18).</summary>
/// <remarks>
/// Every method here is one step of the kernel (a single store or one atomic operation); the caller parks at a point
/// first. Fields named Truth... are the ground truth that oracles compare with; no routine reads them.
/// </remarks>
public sealed class Folio
{
    /// <summary>References that one device pin takes (include/linux/mm.h).</summary>
    public const int PinBias = 1024;

    private readonly Kernel kernel;
    private readonly int[] truthHolders = new int[8];
    private PageFlag flags;
    private int refcount;
    private int mapcount = -1;
    private AnonVma? mapping;

    internal Folio(Kernel kernel, byte pfn, ObjectIds ids)
    {
        this.kernel = kernel;
        Pfn = pfn;
        FlagsWord = ids.Word(ObjectKind.FolioFlags, $"folio {pfn} flags");
        RefcountWord = ids.Word(ObjectKind.FolioRefcount, $"folio {pfn} refcount");
        MapcountWord = ids.Word(ObjectKind.FolioMapcount, $"folio {pfn} mapcount");
        MappingWord = ids.Word(ObjectKind.FolioMapping, $"folio {pfn} mapping");
        DataWord = ids.Word(ObjectKind.FolioData, $"folio {pfn} data");
        WaitQueue = new FolioWaitQueue(ids.Spinlock(ObjectKind.FolioWaitQueue, $"folio {pfn} wait queue"), this);
    }

    /// <summary>Page frame number.</summary>
    public byte Pfn { get; }

    /// <summary>The flags word, as an object of points.</summary>
    public Word FlagsWord { get; }

    /// <summary>The refcount, as an object of points.</summary>
    public Word RefcountWord { get; }

    /// <summary>The mapcount, as an object of points.</summary>
    public Word MapcountWord { get; }

    /// <summary>mapping and index, as an object of points.</summary>
    public Word MappingWord { get; }

    /// <summary>The content, as an object of points.</summary>
    public Word DataWord { get; }

    /// <summary>Sleepers on PG_locked and PG_writeback.</summary>
    public FolioWaitQueue WaitQueue { get; }

    /// <summary>The flags word.</summary>
    public PageFlag Flags => flags;

    /// <summary>_refcount.</summary>
    public int Refcount => refcount;

    /// <summary>_mapcount as stored: -1 when nobody maps the folio.</summary>
    public int MapcountField => mapcount;

    /// <summary>folio_mapcount: number of mappings as the kernel counts them.</summary>
    public int Mapcount => mapcount + 1;

    /// <summary>folio_mapped.</summary>
    public bool Mapped => mapcount >= 0;

    /// <summary>folio_test_anon: the mapping carries the anon tag. Stays until the folio is freed.</summary>
    public bool Anon => mapping is not null;

    /// <summary>The anon_vma that the mapping points to.</summary>
    public AnonVma? Mapping => mapping;

    /// <summary>Linear page index in the mapping.</summary>
    public int Index { get; private set; }

    /// <summary>The swap slot while PG_swapcache is set.</summary>
    public int SwapSlot { get; set; } = -1;

    /// <summary>What the page holds; 0 is a zeroed page.</summary>
    public int Data { get; private set; }

    /// <summary>Whether the frame is in the page allocator.</summary>
    public bool Free { get; internal set; } = true;

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

    /// <summary>Bits that a non-atomic store of the flags word wiped out although another cpu had just set
    /// them.</summary>
    public PageFlag TruthLost { get; private set; }

    /// <summary>Bits that a non-atomic store of the flags word brought back although another cpu had just cleared
    /// them.</summary>
    public PageFlag TruthResurrected { get; private set; }

    /// <summary>Number of present page table entries that map it.</summary>
    public int TruthPtes { get; internal set; }

    /// <summary>Number of migration entries that name it.</summary>
    public int TruthMigrationPtes { get; internal set; }

    /// <summary>Whether a mapping was ever set since allocation.</summary>
    public bool TruthWasAnon { get; private set; }

    /// <summary>Whether it was made anonymous for the first time while somebody already mapped it, or without its
    /// lock.</summary>
    public string? TruthFirstMap { get; set; }

    /// <summary>The slot whose content this folio holds a copy of; -1 when it never was in or came from swap.</summary>
    public int TruthSlot { get; private set; }

    /// <summary>Which use of that slot.</summary>
    public int TruthSlotGeneration { get; private set; }

    /// <summary>Ground truth: the folio is now the copy of this use of the slot.</summary>
    public void TruthCopies(int slot, int generation)
    {
        TruthSlot = slot;
        TruthSlotGeneration = generation;
    }

    /// <summary>How many references of that kind are out.</summary>
    public int TruthHolders(Holder holder) => truthHolders[(int)holder];

    /// <summary>The sum of all references out, pins counted with their bias.</summary>
    public int TruthReferences()
    {
        int sum = 0;
        for (int i = 0; i < (int)Holder.Pin; i++)
        {
            sum += truthHolders[i];
        }

        return sum + truthHolders[(int)Holder.Pin] * PinBias;
    }

    /// <summary>Whether all bits are set.</summary>
    public bool Has(PageFlag flag) => (flags & flag) == flag;

    /// <summary>set_bit: one atomic step.</summary>
    public void Set(PageFlag flag)
    {
        flags |= flag;
        Touch();
    }

    /// <summary>clear_bit: one atomic step.</summary>
    public void Clear(PageFlag flag)
    {
        flags &= ~flag;
        Touch();
    }

    /// <summary>test_and_set_bit: one atomic step.</summary>
    public bool TestAndSet(PageFlag flag)
    {
        bool was = Has(flag);
        Set(flag);
        return was;
    }

    /// <summary>test_and_clear_bit: one atomic step.</summary>
    public bool TestAndClear(PageFlag flag)
    {
        bool was = Has(flag);
        Clear(flag);
        return was;
    }

    /// <summary>The second half of a non-atomic update (__set_bit): stores a word that was computed from an earlier
    /// read.</summary>
    /// <param name="word">The whole word.</param>
    /// <param name="meant">The bits that the writer meant to change.</param>
    public void StoreFlags(PageFlag word, PageFlag meant)
    {
        TruthLost |= flags & ~word & ~meant;
        TruthResurrected |= word & ~flags & ~meant;
        flags = word;
        Touch();
    }

    /// <summary>Takes a reference (folio_get): one atomic step.</summary>
    public void Get(Holder holder)
    {
        refcount += holder == Holder.Pin ? PinBias : 1;
        truthHolders[(int)holder]++;
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
    public bool PutTestZero(Holder holder)
    {
        int count = holder == Holder.Pin ? PinBias : 1;
        kernel.BugOn(refcount < count, "VM_BUG_ON_PAGE(page_ref_count(page) == 0)", "folio_put_testzero", this);
        refcount -= count;
        truthHolders[(int)holder]--;
        Touch();
        return refcount == 0;
    }

    /// <summary>The reference of one holder becomes that of another; the counter does not move.</summary>
    public void HandOver(Holder from, Holder to)
    {
        truthHolders[(int)from]--;
        truthHolders[(int)to]++;
    }

    /// <summary>try_grab_folio_fast: the <see cref="Holder.Lookup"/> reference grows to a pin, by one atomic
    /// add.</summary>
    public void ConvertToPin()
    {
        refcount += PinBias - 1;
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
        kernel.BugOn(refcount != 0, "VM_BUG_ON_PAGE(page_count(page) != 0)", "page_ref_unfreeze", this);
        refcount = count;
        Frozen = false;
        Touch();
    }

    /// <summary>Ground truth: the owner of a frozen folio drops a reference that the unfreeze will not
    /// restore.</summary>
    public void ForgetHolder(Holder holder) => truthHolders[(int)holder]--;

    /// <summary>The owner of a frozen folio keeps it at 0 and will free it.</summary>
    public void KeepFrozen(Holder first, Holder second)
    {
        truthHolders[(int)first]--;
        truthHolders[(int)second]--;
        Frozen = false;
        Touch();
    }

    /// <summary>atomic_inc(_mapcount); returns the new field.</summary>
    public int IncMapcount()
    {
        Touch();
        return ++mapcount;
    }

    /// <summary>atomic_add_negative(-1, _mapcount); returns the new field.</summary>
    public int DecMapcount()
    {
        Touch();
        return --mapcount;
    }

    /// <summary>atomic_set(_mapcount, value): a plain store.</summary>
    public void StoreMapcount(int value)
    {
        mapcount = value;
        Touch();
    }

    /// <summary>WRITE_ONCE(folio->mapping) with the anon tag.</summary>
    public void SetMapping(AnonVma anonVma)
    {
        mapping = anonVma;
        TruthWasAnon = true;
        Touch();
    }

    /// <summary>A store to folio->index.</summary>
    public void SetIndex(int index) => Index = index;

    /// <summary>Replaces the content.</summary>
    public void SetData(int data) => Data = data;

    /// <summary>Takes the frame out of the allocator: refcount 1, all else clear (post_alloc_hook).</summary>
    internal void Allocate()
    {
        Free = false;
        flags = PageFlag.None;
        refcount = 1;
        Array.Clear(truthHolders);
        truthHolders[(int)Holder.Allocation] = 1;
        mapcount = -1;
        mapping = null;
        Data = 0;
        SwapSlot = -1;
        TruthSlot = -1;
        TruthWasAnon = false;
        TruthLost = PageFlag.None;
        TruthResurrected = PageFlag.None;
        TruthFirstMap = null;
        Touch();
    }

    /// <summary>The allocator resets the anon mapping before its checks (__free_pages_prepare).</summary>
    internal void ClearMapping()
    {
        mapping = null;
        TruthWasAnon = false;
        Touch();
    }

    /// <summary>Back to the state before boot, for a new execution.</summary>
    internal void Reset()
    {
        Free = true;
        Frozen = false;
        flags = PageFlag.None;
        refcount = 0;
        mapcount = -1;
        mapping = null;
        Index = 0;
        SwapSlot = -1;
        TruthSlot = -1;
        Data = 0;
        Next = null;
        Previous = null;
        On = null;
        LockOwner = null;
        TruthLost = PageFlag.None;
        TruthResurrected = PageFlag.None;
        TruthPtes = 0;
        TruthMigrationPtes = 0;
        TruthWasAnon = false;
        TruthFirstMap = null;
        Array.Clear(truthHolders);
        WaitQueue.Reset();
    }

    private void Touch()
    {
        kernel.Touched.Folios |= 1UL << Pfn;
        if (Free)
        {
            kernel.TruthBroken.Add($"freed: {this} is changed although it is in the page allocator");
        }
    }

    /// <inheritdoc />
    public override string ToString() => $"folio {Pfn}";
}
