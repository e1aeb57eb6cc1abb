using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A slot's count is never lowered below 0.</summary>
/// <remarks>
/// E2. The kernel does not check: the byte becomes 0xff, which later reads as a bad slot or one that shmem owns. Counts
/// above SWAP_MAP_MAX (0x3e) cannot be reached by the few processes there are.
/// </remarks>
public readonly struct SlotCountSignOracle : IOracle<int>
{
    private const int SwapMapMax = 0x3e;

    /// <inheritdoc />
    public string Name => "slot-count-sign";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, int subject) => kernel.Swap.Count(subject) <= SwapMapMax;

    /// <inheritdoc />
    public void Tell(Kernel kernel, int subject, IJudge judge) =>
        judge.Broken(this, "swap count underflow", $"slot {subject}: swap_map byte 0x{kernel.Swap.Count(subject):x2}");
}
