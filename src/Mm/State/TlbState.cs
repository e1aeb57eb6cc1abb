namespace Mm.State;

/// <summary>One translation that a cpu has cached.</summary>
/// <param name="Pte">The entry as the walk found it; <see cref="PteKind.None"/> when nothing is cached.</param>
/// <param name="TruthDiscards">How often the page had been dropped when the walk found it.</param>
public readonly record struct Translation(Pte Pte, int TruthDiscards);

/// <summary>
/// struct tlb_state and its hardware: the translations that one cpu has cached, and the flush that its task has put
/// off (arch/x86/include/asm/tlbflush.h, current->tlb_ubc, v6.18).
/// </summary>
/// <remarks>
/// An entry lives until somebody flushes it, or its cpu makes a call other than a load or a store: hardware may drop
/// one at any time, and does so when the kernel needs the room; without that a page in use would never look used again.
/// Entries of all processes are kept side by side (PCIDs), and a flush reaches those of a process that is not running
/// too, as tlb_gen does when it runs again. Left out: speculative walks.
/// </remarks>
public sealed class TlbState
{
    private readonly Kernel kernel;
    private Translation[] entries = [];
    private int pages;
    private int live;

    internal TlbState(Kernel kernel) => this.kernel = kernel;

    /// <summary>tlb_ubc: the processes whose flush the task has put off, by bit.</summary>
    public uint BatchedMms { get; set; }

    /// <summary>tlb_ubc.writable: an entry that was put off was dirty, so that somebody may store through it.</summary>
    public bool BatchedDirty { get; set; }

    /// <summary>Whether nothing is cached.</summary>
    public bool IsEmpty => live == 0;

    /// <summary>What is cached for a page.</summary>
    public Translation Find(MmStruct mm, int page) => live == 0 ? default : entries[mm.Index * pages + page];

    /// <summary>Whether something is cached for a page of [start, end).</summary>
    public bool Covers(MmStruct mm, int start, int end)
    {
        for (int page = start; page < end && live != 0; page++)
        {
            if (!entries[mm.Index * pages + page].Pte.IsNone)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Caches what a walk has found.</summary>
    public void Fill(MmStruct mm, int page, Pte pte)
    {
        Drop(mm, page);
        entries[mm.Index * pages + page] = new Translation(pte, mm.TruthDiscards[page]);
        Count(mm, pte, 1);
    }

    /// <summary>Drops one entry.</summary>
    public void Drop(MmStruct mm, int page)
    {
        if (live == 0)
        {
            return;
        }

        ref Translation entry = ref entries[mm.Index * pages + page];
        if (!entry.Pte.IsNone)
        {
            Count(mm, entry.Pte, -1);
            entry = default;
        }
    }

    /// <summary>Drops the entries of [start, end).</summary>
    public void Drop(MmStruct mm, int start, int end)
    {
        for (int page = start; page < end && live != 0; page++)
        {
            Drop(mm, page);
        }
    }

    internal void Reset(int pageCount)
    {
        if (live != 0)
        {
            Array.Clear(entries);
            live = 0;
        }

        if (entries.Length < pageCount * Kernel.MmsMax)
        {
            entries = new Translation[pageCount * Kernel.MmsMax];
        }

        pages = pageCount;
        BatchedMms = 0;
        BatchedDirty = false;
    }

    private void Count(MmStruct mm, Pte pte, int by)
    {
        live += by;
        mm.Tlb.TruthEntries += by;
        if (pte.IsPresent)
        {
            kernel.PageOf(pte).TruthTlbEntries += by;
        }
    }
}
