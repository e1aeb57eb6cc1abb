using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one process; each holds while its page table is unlocked.</summary>
internal sealed class MmOracles(Kernel kernel, Judge judge) : ObjectOracles<MmStruct>(kernel, judge)
{
    private readonly Suspects[] suspects = new Suspects[Kernel.MmsMax];

    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } =
        [
            new WritableOracle(), new ExclusiveEntryOracle(), new MigrationExclusiveOracle(), new RssOracle(),
            new TlbOracle(), new ProtectedOracle(), new SwapPlaceOracle(),
        ];

    /// <summary>Forgets suspects, for a new execution.</summary>
    public void Reset() => Array.Clear(suspects);

    /// <summary>Judges all; false when one is broken and has to be judged again.</summary>
    public bool Settle(MmStruct mm)
    {
        ref Suspects suspect = ref suspects[mm.Index];
        return Settle<WritableOracle>(mm, ref suspect.Writable)
            & Settle<ExclusiveEntryOracle>(mm, ref suspect.ExclusiveEntry)
            & Settle<MigrationExclusiveOracle>(mm, ref suspect.MigrationExclusive)
            & Settle<RssOracle>(mm, ref suspect.Rss)
            & Settle<TlbOracle>(mm, ref suspect.Tlb)
            & Settle<ProtectedOracle>(mm, ref suspect.Protected)
            & Settle<SwapPlaceOracle>(mm, ref suspect.SwapPlace);
    }

    private struct Suspects
    {
        public ushort Writable;
        public ushort ExclusiveEntry;
        public ushort MigrationExclusive;
        public ushort Rss;
        public ushort Tlb;
        public ushort Protected;
        public ushort SwapPlace;
    }
}
