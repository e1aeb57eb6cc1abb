using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one folio.</summary>
internal sealed class FolioOracles(Kernel kernel, IJudge judge) : ObjectOracles<Folio>(kernel, judge)
{
    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } =
    [
        new FlagsWordOracle(), new FirstMapOracle(), new CounterSignOracle(), new MapcountOracle(), new RefcountOracle(),
        new MigrationEntryOracle(), new AnonStickyOracle(), new AnonTagOracle(), new AnonVmaLiveOracle(),
        new WaitersOracle(), new ExclusiveMapcountOracle(), new FreeFolioOracle(), new LruOracle(),
        new SwapCacheOracle(), new ExclusiveSlotOracle(), new WritableOracle(), new PinnedPageOracle(),
    ];

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
    }

    /// <summary>The laws that hold outside of critical sections; false when some have to be judged later.</summary>
    public bool Settle(Folio folio) =>
        folio.Free
        || (Settle<LruOracle>(folio)
            & Settle<SwapCacheOracle>(folio)
            & Settle<ExclusiveSlotOracle>(folio)
            & Settle<WritableOracle>(folio)
            & Settle<PinnedPageOracle>(folio));
}
