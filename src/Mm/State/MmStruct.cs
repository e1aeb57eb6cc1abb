using Interleave;

namespace Mm.State;

/// <summary>struct mm_struct: a process' VMAs, its page table (one table, one lock) and its counters.</summary>
public sealed class MmStruct
{
    private readonly Kernel kernel;
    private readonly Pte[] ptes = new Pte[Kernel.PagesMax];
    private readonly EntryWait?[] entryWaits = new EntryWait?[Kernel.PagesMax];
    private readonly int[] truthGenerations = new int[Kernel.PagesMax];
    private readonly Word[] pteWords = new Word[Kernel.PagesMax];

    internal MmStruct(Kernel kernel, int index, ObjectIds ids)
    {
        this.kernel = kernel;
        Index = index;
        Word = ids.Word(ObjectKind.MmStruct, $"mm{index}");
        Ptl = ids.Spinlock(ObjectKind.PageTableLock, $"ptl(mm{index})");
        MmapLock = ids.Rwsem(ObjectKind.MmapLock, $"mmap_lock(mm{index})");
        SeqWord = ids.Word(ObjectKind.WriteProtectSeq, $"write_protect_seq(mm{index})");
        for (int page = 0; page < Kernel.PagesMax; page++)
        {
            pteWords[page] = ids.Word(ObjectKind.Pte, $"pte(mm{index} p{page})");
        }
    }

    /// <summary>Number in programs: mm0, mm1 ...</summary>
    public int Index { get; }

    /// <summary>mm_users and the other fields, as an object of points.</summary>
    public Word Word { get; }

    /// <summary>The page table lock.</summary>
    public KernelSpinlock Ptl { get; }

    /// <summary>The mmap lock.</summary>
    public Rwsem MmapLock { get; }

    /// <summary>write_protect_seq, as an object of points.</summary>
    public Word SeqWord { get; }

    /// <summary>write_protect_seq: odd while fork copies a range.</summary>
    public int WriteProtectSeq { get; set; }

    /// <summary>MMF_HAS_PINNED: sticky.</summary>
    public bool HasPinned { get; set; }

    /// <summary>mm_users: 0 when the process is gone.</summary>
    public int Users { get; set; }

    /// <summary>Whether it was asked to exit: no new call enters.</summary>
    public bool Exiting { get; set; }

    /// <summary>Whether this number is taken by a process that exists, is being forked or is being torn down.</summary>
    public bool Claimed { get; set; }

    /// <summary>Whether it is on init_mm.mmlist, where swapoff looks.</summary>
    public bool OnMmlist { get; set; }

    /// <summary>MM_ANONPAGES.</summary>
    public int AnonPages { get; private set; }

    /// <summary>MM_SWAPENTS.</summary>
    public int SwapEntries { get; private set; }

    /// <summary>The VMAs by address.</summary>
    public List<Vma> Vmas { get; } = [];

    /// <summary>What each page must read: the last value stored, 0 when fresh.</summary>
    public int[] TruthData { get; } = new int[Kernel.PagesMax];

    /// <summary>For each page, how often its content was dropped on purpose.</summary>
    public int[] TruthDiscards { get; } = new int[Kernel.PagesMax];

    /// <summary>For each page, whether its entry was empty or its content dropped since the last
    /// <see cref="MarkRange"/>.</summary>
    public bool[] TruthDropped { get; } = new bool[Kernel.PagesMax];

    /// <summary>Whether the process exists.</summary>
    public bool Alive => Users > 0;

    /// <summary>The entry of a page.</summary>
    public Pte this[int page] => ptes[page];

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
            CheckSwapin(page, old.Target, kernel.Folios[pte.Target]);
        }

        if (pte.IsSwap && (!old.IsSwap || old.Target != pte.Target))
        {
            truthGenerations[page] = kernel.Swap.TruthGeneration[pte.Target];
        }

        Count(old, -1);
        ptes[page] = pte;
        Count(pte, 1);
        if (pte.IsNone)
        {
            TruthDropped[page] = true;
        }

        Touch();
    }

    /// <summary>Stores a copy of the parent's entry, which speaks of the same use of its slot: one step.</summary>
    public void InheritPte(MmStruct parent, int page, Pte pte)
    {
        SetPte(page, pte);
        truthGenerations[page] = parent.truthGenerations[page];
        TruthData[page] = parent.TruthData[page];
    }

    /// <summary>add_mm_counter for both counters that small anonymous folios move.</summary>
    public void AddRss(int anonPages, int swapEntries)
    {
        AnonPages += anonPages;
        SwapEntries += swapEntries;
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

    /// <summary>Ground truth: a zap visits this page, so whatever it held is gone on purpose.</summary>
    public void TruthDiscard(int page)
    {
        TruthDiscards[page]++;
        TruthData[page] = 0;
        kernel.DetachPins(this, page);
    }

    /// <summary>Ground truth: a range operation begins; what is in these pages now must be gone when it ends.</summary>
    public void MarkRange(int start, int end)
    {
        for (int page = start; page < end; page++)
        {
            TruthDropped[page] = ptes[page].IsNone;
        }
    }

    /// <inheritdoc />
    public override string ToString() => $"mm{Index}";

    internal void Reset()
    {
        Array.Clear(ptes);
        Ptl.Reset();
        MmapLock.Reset();
        WriteProtectSeq = 0;
        HasPinned = false;
        Users = 0;
        Claimed = false;
        Exiting = false;
        OnMmlist = false;
        AnonPages = 0;
        SwapEntries = 0;
        Vmas.Clear();
        Array.Clear(TruthData);
        Array.Clear(TruthDropped);
        Array.Clear(TruthDiscards);
    }

    /// <summary>A new process takes this slot (mm_alloc): one user, nothing mapped.</summary>
    internal void Init()
    {
        Users = 1;
        Claimed = true;
        Exiting = false;
        HasPinned = false;
        WriteProtectSeq = 0;
        Touch();
    }

    private void CheckSwapin(int page, int slot, Folio folio)
    {
        // A slot is named by its number only; whoever swaps in must bring the copy of the use that the entry was made
        // for.
        if (folio.TruthSlot != slot || folio.TruthSlotGeneration != truthGenerations[page])
        {
            kernel.TruthBroken.Add(
                $"swapin: {this} p{page} is mapped to {folio}, "
                + $"which is no copy of the use of slot {slot} that it was in");
        }
    }

    private void Count(Pte pte, int by)
    {
        switch (pte.Kind)
        {
            case PteKind.Present:
                kernel.Folios[pte.Target].TruthPtes += by;
                kernel.Touched.Folios |= 1UL << pte.Target;
                break;
            case PteKind.Migration:
                kernel.Folios[pte.Target].TruthMigrationPtes += by;
                kernel.Touched.Folios |= 1UL << pte.Target;
                break;
            case PteKind.Swap:
                kernel.Swap.TruthPtes[pte.Target] += by;
                kernel.Touched.Slots |= 1u << pte.Target;
                break;
            default:
                break;
        }
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
            if (mm.Ptl.Holder is { } holder)
            {
                into.Add(holder);
            }
        }
    }
}
