using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one folio.</summary>
internal sealed class FolioOracles(Kernel kernel, Judge judge) : ObjectOracles<Folio>(kernel, judge)
{
    private Suspects[] suspects = new Suspects[Kernel.FramesMin];

    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } =
    [
        new FlagsWordOracle(), new FirstMapOracle(), new CounterSignOracle(), new MapcountOracle(),
        new RefcountOracle(), new MigrationEntryOracle(), new AnonStickyOracle(), new AnonTagOracle(),
        new AnonVmaLiveOracle(), new WaitersOracle(), new ExclusiveMapcountOracle(), new FreeFolioOracle(),
        new UnseenStoreOracle(), new FileMappingOracle(), new FileContentOracle(), new LruOracle(),
        new SwapCacheOracle(), new ExclusiveSlotOracle(), new WritableOracle(), new PinnedPageOracle(),
        new MemcgStatOracle(), new KsmStickyOracle(), new KsmExclusiveOracle(), new KsmNodeOracle(),
        new LostWriteOracle(), new MmIdsOracle(), new LargeCountsOracle(), new PartiallyMappedOracle(),
        new ActiveUnevictableOracle(),
    ];

    /// <summary>Forgets suspects, for a new execution.</summary>
    public void Reset()
    {
        Array.Clear(suspects);
        if (suspects.Length < Kernel.Folios.Length)
        {
            suspects = new Suspects[Kernel.Folios.Length];
        }
    }

    /// <summary>The laws that hold after every step.</summary>
    public void Check(Folio folio)
    {
        Check<FlagsWordOracle>(folio);
        Check<FirstMapOracle>(folio);
        Check<CounterSignOracle>(folio);
        Check<MapcountOracle>(folio);
        Check<RefcountOracle>(folio);
        Check<MigrationEntryOracle>(folio);
        Check<AnonStickyOracle>(folio);
        Check<AnonTagOracle>(folio);
        Check<AnonVmaLiveOracle>(folio);
        Check<WaitersOracle>(folio);
        Check<ExclusiveMapcountOracle>(folio);
        Check<FreeFolioOracle>(folio);
        Check<KsmStickyOracle>(folio);
        Check<KsmExclusiveOracle>(folio);
        Check<FileMappingOracle>(folio);
        Check<FileContentOracle>(folio);
        Check<ActiveUnevictableOracle>(folio);
        if (folio.IsLarge)
        {
            Check<MmIdsOracle>(folio);
        }
    }

    /// <summary>
    /// The laws that hold outside of critical sections; false when one is broken and has to be judged again.
    /// </summary>
    public bool Settle(Folio folio)
    {
        ref Suspects suspect = ref suspects[folio.Pfn];
        if (folio.Free)
        {
            suspect = default;
            return true;
        }

        return Settle<LruOracle>(folio, ref suspect.Lru)
            & Settle<SwapCacheOracle>(folio, ref suspect.SwapCache)
            & Settle<ExclusiveSlotOracle>(folio, ref suspect.ExclusiveSlot)
            & Settle<WritableOracle>(folio, ref suspect.Writable)
            & Settle<PinnedPageOracle>(folio, ref suspect.PinnedPage)
            & Settle<MemcgStatOracle>(folio, ref suspect.MemcgStat)
            & Settle<KsmNodeOracle>(folio, ref suspect.KsmNode)
            & Settle<LostWriteOracle>(folio, ref suspect.LostWrite)
            & Settle<UnseenStoreOracle>(folio, ref suspect.UnseenStore)
            & (!folio.IsLarge || (Settle<LargeCountsOracle>(folio, ref suspect.LargeCounts)
                & Settle<PartiallyMappedOracle>(folio, ref suspect.PartiallyMapped)));
    }

    private struct Suspects
    {
        public ushort Lru;
        public ushort SwapCache;
        public ushort ExclusiveSlot;
        public ushort Writable;
        public ushort PinnedPage;
        public ushort MemcgStat;
        public ushort KsmNode;
        public ushort LargeCounts;
        public ushort PartiallyMapped;
        public ushort LostWrite;
        public ushort UnseenStore;
    }
}
