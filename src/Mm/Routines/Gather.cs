using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>struct mmu_gather: pages that were unmapped and wait for the TLB flush.</summary>
public sealed class Gather
{
    /// <summary>MMU_GATHER_BUNDLE, which is 8 for page tables of 512 entries.</summary>
    private const int WordsMax = 4;


    private int words;
    private int[] truthDiscards = [];
    private int[] truthEmptied = [];

    /// <summary>What the zap is for.</summary>
    public ZapDetails Details { get; private set; } = ZapDetails.All;

    /// <summary>The pages; each entry owns the references that its page table entries had.</summary>
    public List<GatheredPages> Pages { get; } = [];

    /// <summary>The process.</summary>
    public MmStruct Mm { get; private set; } = null!;

    /// <summary>The VMA that is being zapped (tlb_start_vma).</summary>
    public Vma Vma { get; set; } = null!;

    /// <summary>can_reclaim_pt: the page table that is to go with its entries; null for none, or once it is
    /// gone.</summary>
    public PageTable? Reclaims { get; set; }

    /// <summary>fullmm: the whole address space goes.</summary>
    public bool FullMm { get; private set; }

    /// <summary>First page of the range to be flushed.</summary>
    public int Start { get; private set; }

    /// <summary>One past its last page; the range is empty when nothing was cleared.</summary>
    public int End { get; private set; }

    /// <summary>Ground truth: first page that was visited.</summary>
    public int TruthStart { get; private set; }

    /// <summary>Ground truth: one past the last page that was visited.</summary>
    public int TruthEnd { get; private set; }

    /// <summary>
    /// Whether the pages must be freed before more are added: the array on the stack (MMU_GATHER_BUNDLE) has no room
    /// for two more words, and there is no memory for a further one.
    /// </summary>
    public bool IsFull => words >= WordsMax - 1;

    /// <summary>tlb_gather_mmu.</summary>
    public void Begin(MmStruct mm, ZapDetails details, bool fullMm)
    {
        Mm = mm;
        Details = details;
        FullMm = fullMm;
        Clear();
        Array.Clear(truthDiscards);
        TruthStart = int.MaxValue;
        TruthEnd = 0;
        ResetRange();
    }

    /// <summary>__tlb_reset_range.</summary>
    public void ResetRange()
    {
        Start = int.MaxValue;
        End = 0;
    }

    /// <summary>tlb_remove_tlb_entry, for an entry that is there: notes the range.</summary>
    public void Visit(int page, Pte pte)
    {
        if (pte.Kind is PteKind.Present or PteKind.Zero)
        {
            Start = Math.Min(Start, page);
            End = Math.Max(End, page + 1);
        }

        if (truthDiscards.Length <= page)
        {
            Array.Resize(ref truthDiscards, 2 * page + 2);
        }

        TruthStart = Math.Min(TruthStart, page);
        TruthEnd = Math.Max(TruthEnd, page + 1);
        truthDiscards[page] = Mm.TruthDiscards[page] + (pte.IsNone ? 0 : 1);
    }

    /// <summary>tlb_remove_tlb_entries for an entry that stays, with fewer rights: notes the range.</summary>
    public void Note(int page)
    {
        Start = Math.Min(Start, page);
        End = Math.Max(End, page + 1);
    }

    /// <summary>Ground truth: what is in these pages now must be gone when they have been zapped.</summary>
    public void TruthMark(Cpu cpu, int start, int end)
    {
        if (truthEmptied.Length < end)
        {
            Array.Resize(ref truthEmptied, 2 * end);
        }

        for (int page = start; page < end; page++)
        {
            cpu.Machine.Look(Mm.EntryWord(page));
            truthEmptied[page] = Mm.IsEmpty(page) ? -1 : Mm.TruthEmptied[page];
        }
    }

    /// <summary>Ground truth: whether the page was empty at some moment since <see cref="TruthMark"/>.</summary>
    public bool TruthWasEmptied(int page) => truthEmptied[page] < Mm.TruthEmptied[page];

    /// <summary>Ground truth: how often the page had been dropped when the gather had visited it.</summary>
    public int TruthDiscards(int page) => truthDiscards[page];

    /// <summary>Nothing is gathered any more.</summary>
    public void Clear()
    {
        Pages.Clear();
        words = 0;
    }

    /// <summary>__tlb_remove_folio_pages: the entries' references become the gather's.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many pages, each with a reference.</param>
    /// <param name="delayed">ENCODED_PAGE_BIT_DELAY_RMAP: the mapcount goes only after the flush.</param>
    public void Add(Page first, int count, bool delayed = false)
    {
        first.Head.HandOver(Holder.Mapping, Holder.Gather, count);
        Pages.Add(new GatheredPages(first, count, delayed));
        words += count == 1 ? 1 : 2;
    }
}

/// <summary>Pages of one folio that were zapped together, and as many references; what a PMD entry mapped counts
/// once.</summary>
public readonly record struct GatheredPages(Page First, int Count, bool Delayed);
