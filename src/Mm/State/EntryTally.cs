namespace Mm.State;

/// <summary>How many entries of each sort a process has, by what the hardware finds: oracles need not walk for a sort
/// that is not there.</summary>
/// <remarks>Five counters in one word, so that an entry is counted without a branch.</remarks>
public readonly struct EntryTally
{
    private const int Width = 12;
    private const ulong Mask = (1UL << Width) - 1;
    private static readonly ulong[] weights = MakeWeights();
    private readonly ulong counters;

    private EntryTally(ulong counters) => this.counters = counters;

    /// <summary>Entries that stand for a page: it is there, or is being moved.</summary>
    public int Pages => Counter(0);

    /// <summary>Swap entries.</summary>
    public int Swaps => Counter(1);

    /// <summary>Swap entries with the exclusive bit.</summary>
    public int ExclusiveSwaps => Counter(2);

    /// <summary>Entries that allow stores.</summary>
    public int Writables => Counter(3);

    /// <summary>Migration entries of pages that were writable or exclusive.</summary>
    public int OwnedMigrations => Counter(4);

    /// <summary>The tally when one entry has become another.</summary>
    public EntryTally After(Pte old, Pte now) => new(counters - weights[Index(old)] + weights[Index(now)]);

    private static int Index(Pte pte) => ((int)pte.Kind << 4) | (int)pte.Flags;

    private static ulong[] MakeWeights()
    {
        ulong[] made = new ulong[8 << 4];
        for (int flags = 0; flags < 1 << 4; flags++)
        {
            bool writable = ((PteFlag)flags & PteFlag.Write) != PteFlag.None;
            bool exclusive = ((PteFlag)flags & PteFlag.Exclusive) != PteFlag.None;
            made[((int)PteKind.Present << 4) | flags] = One(0) | (writable ? One(3) : 0);
            made[((int)PteKind.Migration << 4) | flags] = One(0) | (writable || exclusive ? One(4) : 0);
            made[((int)PteKind.Swap << 4) | flags] = One(1) | (exclusive ? One(2) : 0);
        }

        return made;
    }

    private static ulong One(int counter) => 1UL << (counter * Width);

    private int Counter(int counter) => (int)(counters >> (counter * Width) & Mask);
}
