using Interleave;

namespace Mm.State;

/// <summary>struct page: what the kernel keeps for each page frame by itself (include/linux/mm_types.h,
/// v6.18).</summary>
/// <remarks>
/// The first page of a folio carries the folio's own fields too (<see cref="Folio"/>); a tail page has a flags word, a
/// mapcount and a content of its own, and <see cref="Head"/>. Every method here is one step of the kernel (a single
/// store or one atomic operation); the caller parks at a point first. Members named Truth... are the ground truth that
/// oracles compare with; no routine reads them.
/// </remarks>
public abstract class Page
{
    private readonly Kernel kernel;
    private PageFlag flags;
    private int mapcount = -1;

    private protected Page(Kernel kernel, ushort pfn, ObjectIds ids)
    {
        this.kernel = kernel;
        Pfn = pfn;
        FlagsWord = ids.Word(ObjectKind.FolioFlags, $"folio {pfn} flags");
        MapcountWord = ids.Word(ObjectKind.FolioMapcount, $"folio {pfn} mapcount");
        DataWord = ids.Word(ObjectKind.FolioData, $"folio {pfn} data");
        Head = (Folio)this;
    }

    /// <summary>Page frame number.</summary>
    public ushort Pfn { get; }

    /// <summary>The flags word, as an object of points.</summary>
    public Word FlagsWord { get; }

    /// <summary>The mapcount, as an object of points.</summary>
    public Word MapcountWord { get; }

    /// <summary>The content, as an object of points.</summary>
    public Word DataWord { get; }

    /// <summary>page_folio: the folio that the page is part of.</summary>
    public Folio Head { get; internal set; }

    /// <summary>folio_page_idx: its place in the folio.</summary>
    public int IndexInFolio => Pfn - Head.Pfn;

    /// <summary>page_pgoff: its linear index in the mapping.</summary>
    public int PageIndex => Head.Index + IndexInFolio;

    /// <summary>The flags word.</summary>
    public PageFlag Flags => flags;

    /// <summary>_mapcount as stored: -1 when no page table entry maps this page.</summary>
    public int MapcountField => mapcount;

    /// <summary>What the page holds; 0 is a zeroed page.</summary>
    public int Data { get; private set; }

    /// <summary>Whether the frame is in the page allocator.</summary>
    public bool Free { get; internal set; } = true;

    /// <summary>Bits that a non-atomic store of the flags word wiped out although another cpu had just set
    /// them.</summary>
    public PageFlag TruthLost { get; private set; }

    /// <summary>Bits that a non-atomic store of the flags word brought back although another cpu had just cleared
    /// them.</summary>
    public PageFlag TruthResurrected { get; private set; }

    /// <summary>How often a process, or a device for it, has stored to the frame.</summary>
    public int TruthStores { get; private set; }

    /// <summary>The <see cref="MmStruct.TruthId"/> of the process that has stored last.</summary>
    public int TruthWriter { get; private set; }

    /// <summary>Number of present page table entries that map it.</summary>
    public int TruthPtes { get; internal set; }

    /// <summary>Number of migration entries that name it.</summary>
    public int TruthMigrationPtes { get; internal set; }

    /// <summary>Number of translations to it that cpus have cached.</summary>
    public int TruthTlbEntries { get; internal set; }

    /// <summary>The slot whose content this page holds a copy of; -1 when it never was in or came from swap.</summary>
    public int TruthSlot { get; private protected set; }

    /// <summary>Which use of that slot.</summary>
    public int TruthSlotGeneration { get; private set; }

    /// <summary>The kernel.</summary>
    private protected Kernel Kernel => kernel;

    /// <summary>Ground truth: the page is now the copy of this use of the slot.</summary>
    public void TruthCopies(int slot, int generation)
    {
        TruthSlot = slot;
        TruthSlotGeneration = generation;
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

    /// <summary>A process, or a device for it, stores.</summary>
    /// <param name="data">The value.</param>
    /// <param name="writer">The <see cref="MmStruct.TruthId"/> of the process.</param>
    public void StoreData(int data, int writer)
    {
        SetData(data);
        TruthStores++;
        TruthWriter = writer;
    }

    /// <summary>Replaces the content.</summary>
    public void SetData(int data) => Data = data;

    /// <summary>All clear, as after the allocator's post_alloc_hook.</summary>
    private protected void ClearPage()
    {
        flags = PageFlag.None;
        mapcount = -1;
        Data = 0;
        TruthSlot = -1;
        TruthLost = PageFlag.None;
        TruthResurrected = PageFlag.None;
    }

    /// <summary>Marks the page as changed, so that its laws are checked.</summary>
    internal void Touch()
    {
        kernel.Touched.Folios.Add(Pfn);
        if (Head != this)
        {
            kernel.Touched.Folios.Add(Head.Pfn);
        }

        if (Free)
        {
            kernel.TruthBroken.Add($"freed: {this} is changed although it is in the page allocator");
        }
    }

    /// <inheritdoc />
    public override string ToString() => $"folio {Pfn}";
}
