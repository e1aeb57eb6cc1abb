using Interleave;

namespace Mm.State;

/// <summary>struct mm_struct: a process' VMAs, its page tables below one table of PMD entries, and its
/// counters.</summary>
public sealed partial class MmStruct
{
    private readonly Kernel kernel;
    private Pte[] ptes = [];
    private Pte[] entries = [];
    private EntryWait?[] entryWaits = [];
    private int[] truthGenerations = [];
    private Word[] pteWords = [];
    private PageTable[] tables = [];

    internal MmStruct(Kernel kernel, int index, ObjectIds ids)
    {
        this.kernel = kernel;
        Index = index;
        Word = ids.Word(ObjectKind.MmStruct, $"mm{index}");
        PmdLock = ids.Spinlock(ObjectKind.PageTableLock, $"pmd_lock(mm{index})");
        MmapLock = ids.Rwsem(ObjectKind.MmapLock, $"mmap_lock(mm{index})");
        Tlb = new MmTlb(index, ids);
        SeqWord = ids.Word(ObjectKind.WriteProtectSeq, $"write_protect_seq(mm{index})");
        Grow(Kernel.PagesMin, ids);
    }

    /// <summary>Number in programs: mm0, mm1 ...</summary>
    public int Index { get; }

    /// <summary>mm_users and the other fields, as an object of points.</summary>
    public Word Word { get; }

    /// <summary>pmd_lock: the lock of the only table of PMD entries.</summary>
    public KernelSpinlock PmdLock { get; }

    /// <summary>Whether somebody holds a lock of its page tables, or has taken one out.</summary>
    public bool TablesLocked
    {
        get
        {
            bool locked = PmdLock.Holder is not null;
            for (int i = 0; i < kernel.TableCount; i++)
            {
                locked |= tables[i].Lock.Holder is not null || tables[i].TruthUnlinked;
            }

            return locked;
        }
    }

    /// <summary>The mmap lock.</summary>
    public Rwsem MmapLock { get; }

    /// <summary>What it says of translations that cpus have cached.</summary>
    public MmTlb Tlb { get; }

    /// <summary>write_protect_seq, as an object of points.</summary>
    public Word SeqWord { get; }

    /// <summary>write_protect_seq: odd while fork copies a range.</summary>
    public int WriteProtectSeq { get; set; }

    /// <summary>MMF_HAS_PINNED: sticky.</summary>
    public bool HasPinned { get; set; }

    /// <summary>mm_users: 0 when the process is gone.</summary>
    public int Users { get; set; }

    /// <summary>Whether some VMA of it was made read-only, or that of a process it was forked from.</summary>
    public bool HasReadOnly { get; set; }

    /// <summary>Whether it was asked to exit: no new call enters.</summary>
    public bool Exiting { get; set; }

    /// <summary>Whether this number is taken by a process that exists, is being forked or is being torn down.</summary>
    public bool Claimed { get; set; }

    /// <summary>MMF_VM_MERGEABLE: ksmd may come by.</summary>
    public bool Mergeable { get; set; }

    /// <summary>Which process of this number it is: what outlives a process can tell it from the next.</summary>
    public int Life { get; private set; }

    /// <summary>Whether it is on init_mm.mmlist, where swapoff looks.</summary>
    public bool OnMmlist { get; set; }

    /// <summary>mem_cgroup_from_task(mm->owner): where the process' charges go.</summary>
    public Memcg? Memcg { get; set; }

    /// <summary>MM_ANONPAGES.</summary>
    public int AnonPages { get; private set; }

    /// <summary>MM_FILEPAGES.</summary>
    public int FilePages { get; private set; }

    /// <summary>MM_SHMEMPAGES.</summary>
    public int ShmemPages { get; private set; }

    /// <summary>MM_SWAPENTS.</summary>
    public int SwapEntries { get; private set; }

    /// <summary>The VMAs by address.</summary>
    public List<Vma> Vmas { get; } = [];

    /// <summary>Whether the process exists.</summary>
    public bool Alive => Users > 0;

    /// <summary>The entry of a page in its page table; none while the PMD entry above points to no table.</summary>
    public Pte this[int page] => ptes[page];

    /// <summary>What the hardware finds: the page's entry, or what a PMD entry that maps it would be for this
    /// page.</summary>
    public Pte Entry(int page) => entries[page];

    /// <summary>How many entries of each sort <see cref="Entry"/> finds.</summary>
    public EntryTally Tally { get; private set; }

    /// <summary>Whether neither the page's own entry nor a PMD entry says anything about the page.</summary>
    public bool IsEmpty(int page) => ptes[page].IsNone && !Table(page).Pmd.IsLeaf;

    /// <summary>The word that <see cref="Entry"/> is in, as an object of points.</summary>
    public Word EntryWord(int page) => Table(page).Pmd.IsLeaf ? Table(page).PmdWord : pteWords[page];

    /// <summary>The page table that covers a page: its PMD entry and its lock.</summary>
    public PageTable Table(int page) => tables[page >> kernel.PmdOrder];

    /// <summary>pte_lockptr: the lock of the table that covers a page.</summary>
    public KernelSpinlock Ptl(int page) => tables[page >> kernel.PmdOrder].Lock;

    /// <summary>The entry of a page, as an object of points.</summary>
    public Word PteWord(int page) => pteWords[page];

    /// <summary>Ready when the page's entry is no swap entry, or names a slot that can be pinned.</summary>
    public IWaitable EntryOrPinChanged(int page) => entryWaits[page] ??= new EntryWait(this, page);

    /// <summary>Stores an entry: one step.</summary>
    public void SetPte(int page, Pte pte)
    {
        Pte old = ptes[page];
        if (old.IsSwap && pte.IsPresent)
        {
            CheckSwapin(page, old.Target, kernel.PageOf(pte));
        }

        if (pte.IsSwap && (!old.IsSwap || old.Target != pte.Target))
        {
            truthGenerations[page] = kernel.Swap.TruthGeneration[pte.Target];
        }

        Count(old, -1);
        ptes[page] = pte;
        if (Table(page).IsTable)
        {
            Show(page, pte);
        }

        Count(pte, 1);
        if (pte.IsNone)
        {
            TruthEmptied[page]++;
        }

        Touch();
    }

    /// <summary>The hardware sets accessed and dirty bits where it found them clear: one step.</summary>
    public void SetAccessed(int page, PteFlag flags)
    {
        PageTable table = Table(page);
        if (table.Pmd.IsLeaf)
        {
            table.SetPmd(table.Pmd.With(flags));
        }
        else
        {
            SetPte(page, ptes[page].With(flags));
        }
    }

    /// <summary>Stores a copy of the parent's entry, which speaks of the same use of its slot: one step.</summary>
    public void InheritPte(MmStruct parent, int page, Pte pte)
    {
        SetPte(page, pte);
        truthGenerations[page] = parent.truthGenerations[page];
        TruthInherit(parent, page);
    }

    /// <summary>add_mm_counter, for any of the counters.</summary>
    public void AddRss(int anonPages, int swapEntries, int filePages = 0, int shmemPages = 0)
    {
        AnonPages += anonPages;
        SwapEntries += swapEntries;
        FilePages += filePages;
        ShmemPages += shmemPages;
        Touch();
    }

    /// <summary>Counts pages of that folio's kind (mm_counter): anonymous, of shmem, or of another file.</summary>
    public void AddRss(Folio folio, int by)
    {
        if (folio.Anon)
        {
            AnonPages += by;
        }
        else if (folio.Has(PageFlag.Swapbacked))
        {
            ShmemPages += by;
        }
        else
        {
            FilePages += by;
        }

        Touch();
    }

    /// <summary>The VMA that covers the page, or null.</summary>
    public Vma? FindVma(int page)
    {
        foreach (Vma vma in Vmas)
        {
            if (vma.Covers(page))
            {
                return vma;
            }
        }

        return null;
    }

    /// <summary>The VMA with the lowest address that covers a page of [start, end), or null.</summary>
    public Vma? FirstVma(int start, int end)
    {
        Vma? first = null;
        foreach (Vma vma in Vmas)
        {
            if (vma.Start < end && vma.End > start && (first is null || vma.Start < first.Start))
            {
                first = vma;
            }
        }

        return first;
    }

    /// <inheritdoc />
    public override string ToString() => $"mm{Index}";

    internal void Reset()
    {
        Array.Clear(ptes);
        Array.Clear(entries);
        Tally = default;
        PmdLock.Reset();
        foreach (PageTable table in tables)
        {
            table.Reset();
        }

        MmapLock.Reset();
        Tlb.Reset();
        WriteProtectSeq = 0;
        HasPinned = false;
        HasReadOnly = false;
        Users = 0;
        Claimed = false;
        Exiting = false;
        OnMmlist = false;
        Memcg = null;
        Mergeable = false;
        Life = 0;
        AnonPages = 0;
        FilePages = 0;
        ShmemPages = 0;
        SwapEntries = 0;
        Vmas.Clear();
        TruthReset();
    }

    /// <summary>Makes room for that many pages.</summary>
    internal void Grow(int pages, ObjectIds ids)
    {
        int old = ptes.Length;
        if (pages <= old)
        {
            return;
        }

        Array.Resize(ref ptes, pages);
        Array.Resize(ref entries, pages);
        Array.Resize(ref entryWaits, pages);
        Array.Resize(ref truthGenerations, pages);
        Array.Resize(ref pteWords, pages);
        TruthGrow(pages);
        for (int page = old; page < pages; page++)
        {
            pteWords[page] = ids.Word(ObjectKind.Pte, $"pte(mm{Index} p{page})");
        }

        old = tables.Length;
        Array.Resize(ref tables, (pages + PageTable.PagesMin - 1) / PageTable.PagesMin);
        for (int table = old; table < tables.Length; table++)
        {
            tables[table] = new PageTable(kernel, this, table, ids);
        }
    }

    /// <summary>A new process takes this slot (mm_alloc): one user, nothing mapped.</summary>
    internal void Init()
    {
        Users = 1;
        Claimed = true;
        Exiting = false;
        HasPinned = false;
        Mergeable = false;
        Life++;
        WriteProtectSeq = 0;
        Array.Clear(truthShared);
        Touch();
    }

    /// <summary>The PMD entry above those pages has changed, and with it what the hardware finds.</summary>
    internal void ShowTable(PageTable table)
    {
        Pmd pmd = table.Pmd;
        for (int page = table.Start; page < table.End; page++)
        {
            Show(page, pmd.Kind switch
            {
                PmdKind.Huge => new Pte(PteKind.Present, (ushort)(pmd.Target + page - table.Start), pmd.Flags),
                PmdKind.Migration => new Pte(PteKind.Migration, (ushort)(pmd.Target + page - table.Start), pmd.Flags),
                PmdKind.Invalid or PmdKind.None => Pte.None,
                _ => ptes[page],
            });
        }
    }

    private void Show(int page, Pte pte)
    {
        Tally = Tally.After(entries[page], pte);
        entries[page] = pte;
    }

    private void Count(Pte pte, int by)
    {
        switch (pte.Kind)
        {
            case PteKind.Present:
                Page page = kernel.PageOf(pte);
                page.TruthPtes += by;
                if (page.Head.IsLarge)
                {
                    page.Head.Large.TruthByMm[Index] += by;
                }

                TouchPage(pte);
                break;
            case PteKind.Migration:
                kernel.PageOf(pte).TruthMigrationPtes += by;
                TouchPage(pte);
                break;
            case PteKind.Swap:
                kernel.Swap.TruthPtes[pte.Target] += by;
                kernel.Touched.Slots.Add(pte.Target);
                break;
            default:
                break;
        }
    }

    private void TouchPage(Pte pte)
    {
        kernel.Touched.Folios.Add(pte.Target);
        kernel.Touched.Folios.Add(kernel.FolioOf(pte).Pfn);
    }

    private void Touch() => kernel.Touched.Mms |= 1u << Index;

    private sealed class EntryWait(MmStruct mm, int page) : IWaitable
    {
        public bool IsReady(Cpu cpu)
        {
            Pte pte = mm[page];
            SwapDevice swap = mm.kernel.Swap;
            return !pte.IsSwap || (swap.Count(pte.Target) > 0 && !swap.HasCache(pte.Target))
                || swap.Cached(pte.Target) is not null;
        }

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
            if (mm.Ptl(page).Holder is { } holder)
            {
                into.Add(holder);
            }
        }
    }
}
