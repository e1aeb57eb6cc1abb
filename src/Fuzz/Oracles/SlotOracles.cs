using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one swap slot.</summary>
internal sealed class SlotOracles(Kernel kernel, Judge judge) : ObjectOracles<int>(kernel, judge)
{
    private Suspects[] suspects = [];

    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } =
        [new SlotCountSignOracle(), new SwapTableOracle(), new SwapCountOracle()];

    /// <summary>Forgets suspects, for a new execution.</summary>
    public void Reset()
    {
        if (suspects.Length < Kernel.Swap.Slots)
        {
            suspects = new Suspects[Kernel.Swap.Slots];
        }

        Array.Clear(suspects);
    }

    /// <summary>The laws that hold after every step.</summary>
    public void Check(int slot) => Check<SlotCountSignOracle>(slot);

    /// <summary>
    /// The laws that hold outside of critical sections; false when one is broken and has to be judged again.
    /// </summary>
    public bool Settle(int slot)
    {
        ref Suspects suspect = ref suspects[slot];
        return Settle<SwapTableOracle>(slot, ref suspect.SwapTable)
            & Settle<SwapCountOracle>(slot, ref suspect.SwapCount);
    }

    private struct Suspects
    {
        public ushort SwapTable;
        public ushort SwapCount;
    }
}
