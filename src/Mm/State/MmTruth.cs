namespace Mm.State;

/// <content>Ground truth: what each page must read, and what was dropped of it on purpose. No routine reads this to
/// decide anything.</content>
public sealed partial class MmStruct
{
    private int[] truthShared = [];
    private int[] truthMovedTo = [];

    /// <summary>Ground truth: this process, and no other that takes or took its number.</summary>
    public int TruthId => (Life * Kernel.MmsMax) + Index;

    /// <summary>What each page must read: the last value stored, 0 when fresh.</summary>
    public int[] TruthData { get; private set; } = [];

    /// <summary>For each page of a file mapping, whether the process has a copy of its own; what else is there must
    /// read as the file does.</summary>
    public bool[] TruthOwned { get; private set; } = [];

    /// <summary>For each page, whether MADV_FREE leaves it open until the next store if it reads what
    /// <see cref="TruthData"/> says, or 0.</summary>
    public bool[] TruthMayBeFreed { get; private set; } = [];

    /// <summary>For each page, how many calls of MADV_FREE are under way.</summary>
    public int[] TruthBeingFreed { get; private set; } = [];

    /// <summary>For each page, how often its content was dropped on purpose.</summary>
    public int[] TruthDiscards { get; private set; } = [];

    /// <summary>For each page, how often its entry has become empty.</summary>
    public int[] TruthEmptied { get; private set; } = [];

    /// <summary>How many calls of mlock are bringing pages in.</summary>
    public int TruthFilling { get; set; }

    /// <summary>For each page, whether mlock cannot answer for it: its content was moved here while pages were brought
    /// in, memory failure took it out, or the call failed at a hole behind it.</summary>
    public bool[] TruthMissed { get; private set; } = [];

    /// <summary>Ground truth: this page is shared with the parent, and must read what the parent's must.</summary>
    public void TruthInherit(MmStruct parent, int page)
    {
        TruthData[page] = parent.TruthData[page];
        TruthOwned[page] = parent.TruthOwned[page];
        TruthMayBeFreed[page] = parent.TruthMayBeFreed[page];
        truthShared[page] = parent.TruthDiscards[page] + 1;
    }

    /// <summary>Ground truth: the process, or a device on its behalf, stores into this page. While MADV_FREE of it is
    /// under way nobody can say which was first.</summary>
    public void TruthStore(int page, int value)
    {
        TruthData[page] = value;
        TruthMayBeFreed[page] &= TruthBeingFreed[page] > 0;
    }

    /// <summary>Ground truth: the same, of a page that is the process' own rather than the file's from now
    /// on.</summary>
    public void TruthOwn(int page, int value)
    {
        TruthStore(page, value);
        TruthOwned[page] = kernel.Files.Used;
    }

    /// <summary>Ground truth: what the page must read.</summary>
    public int TruthOf(int page) =>
        kernel.Files.Used && !TruthOwned[page] && FindVma(page) is { File: { } file } vma
            ? file.TruthData[vma.LinearIndex(page)] : TruthData[page];

    /// <summary>Ground truth: whether the page may read that; what MADV_FREE left open is decided by a 0.</summary>
    public bool TruthLoad(int page, int value)
    {
        if (TruthOf(page) == value)
        {
            return true;
        }

        if (value != 0 || !TruthMayBeFreed[page])
        {
            return false;
        }

        TruthStore(page, 0);
        return true;
    }

    /// <summary>Ground truth: the parent of a fork under way has stored to a page. Until the flush at the end of fork
    /// its threads may do so through translations from before; whoever shares the page already sees it.</summary>
    public void TruthFollow(MmStruct parent, int page)
    {
        if (truthShared[page] == parent.TruthDiscards[page] + 1)
        {
            TruthInherit(parent, page);
        }
    }

    /// <summary>Ground truth: what was at one page is at the other from now on.</summary>
    public void TruthMove(int page, int to)
    {
        TruthData[to] = TruthData[page];
        TruthMayBeFreed[to] = TruthMayBeFreed[page];
        truthShared[to] = 0;
        TruthData[page] = 0;
        TruthOwned[page] = false;
        TruthMayBeFreed[page] = false;
        truthShared[page] = 0;
        TruthDiscards[page]++;
        truthMovedTo[page] = to + 1;
        TruthMissed[to] |= TruthFilling > 0;
        kernel.MovePins(this, page, to);
    }

    /// <summary>Ground truth: the translations of [start, end) from before the move are flushed.</summary>
    public void TruthMoveOver(int start, int end) => Array.Clear(truthMovedTo, start, end - start);

    /// <summary>Ground truth: somebody stores through a translation from before the page was dropped. If it was
    /// moved, the store goes along.</summary>
    public void TruthStaleStore(int page, Page frame, int value)
    {
        int to = truthMovedTo[page] - 1;
        if (to >= 0 && this[to].IsPresent && kernel.PageOf(this[to]) == frame)
        {
            TruthStore(to, value);
        }
    }

    /// <summary>Ground truth: a zap visits this page, so whatever it held is gone on purpose.</summary>
    public void TruthDiscard(int page)
    {
        TruthDiscards[page]++;
        TruthStore(page, 0);
        TruthOwned[page] = false;
        truthShared[page] = 0;
        kernel.DetachPins(this, page);
    }

    private void CheckSwapin(int page, int slot, Page folio)
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

    private void TruthReset()
    {
        Array.Clear(TruthData);
        Array.Clear(TruthOwned);
        Array.Clear(TruthMayBeFreed);
        Array.Clear(TruthBeingFreed);
        Array.Clear(TruthEmptied);
        Array.Clear(TruthDiscards);
        Array.Clear(truthShared);
        Array.Clear(truthMovedTo);
        Array.Clear(TruthMissed);
        TruthFilling = 0;
    }

    private void TruthGrow(int pages)
    {
        Array.Resize(ref truthShared, pages);
        Array.Resize(ref truthMovedTo, pages);
        TruthData = new int[pages];
        TruthOwned = new bool[pages];
        TruthMayBeFreed = new bool[pages];
        TruthBeingFreed = new int[pages];
        TruthDiscards = new int[pages];
        TruthEmptied = new int[pages];
        TruthMissed = new bool[pages];
    }
}
