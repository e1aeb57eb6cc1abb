using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one process; each holds while its page table is unlocked.</summary>
internal sealed class MmOracles(Kernel kernel, IJudge judge) : ObjectOracles<MmStruct>(kernel, judge)
{
    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } =
        [new WritableOracle(), new ExclusiveEntryOracle(), new MigrationExclusiveOracle(), new RssOracle()];

    /// <summary>Judges all; false when some have to be judged later.</summary>
    public bool Settle(MmStruct mm) =>
        Settle<WritableOracle>(mm)
        & Settle<ExclusiveEntryOracle>(mm)
        & Settle<MigrationExclusiveOracle>(mm)
        & Settle<RssOracle>(mm);
}
