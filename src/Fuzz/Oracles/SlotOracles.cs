using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one swap slot.</summary>
internal sealed class SlotOracles(Kernel kernel, IJudge judge) : ObjectOracles<int>(kernel, judge)
{
    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } =
        [new SlotCountSignOracle(), new SwapTableOracle(), new SwapCountOracle()];

    /// <summary>The laws that hold after every step.</summary>
    public void Check(int slot) => Check<SlotCountSignOracle>(slot);

    /// <summary>The laws that hold outside of critical sections; false when some have to be judged later.</summary>
    public bool Settle(int slot) => Settle<SwapTableOracle>(slot) & Settle<SwapCountOracle>(slot);
}
