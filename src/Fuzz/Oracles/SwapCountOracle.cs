using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A slot counts as many owners as there are swap entries that name it; a page of shmem is one.</summary>
/// <remarks>
/// L2, judged while no page table is locked: unmapping counts before it writes the entry, zap and swapin before they
/// clear it, swapoff afterwards. Too few and the slot is reused while somebody's page is in it: wrong data, or
/// <c>_swap_info_get: Unused swap offset entry</c>. Too many and it is never freed.
/// </remarks>
public readonly struct SwapCountOracle : ISettledOracle<int>
{
    /// <inheritdoc />
    public string Name => "swap-count";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, int subject) => PageTables.AreQuiet(kernel);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, int subject) => Owners(kernel, subject) == kernel.Swap.Count(subject);

    /// <inheritdoc />
    public void Tell(Kernel kernel, int subject, IJudge judge)
    {
        int count = kernel.Swap.Count(subject);
        int entries = Owners(kernel, subject);
        string values = $"slot {subject}: count {count}, swap entries {entries}";
        if (count < entries)
        {
            judge.Broken(
                this, "fewer owners than swap entries", values, "_swap_info_get: Unused swap offset entry");
        }
        else
        {
            judge.Broken(this, "more owners than swap entries", values);
        }
    }

    private static int Owners(Kernel kernel, int slot) =>
        kernel.Swap.TruthPtes[slot] + (kernel.Swap.IsOfShmem(slot) ? 1 : 0);
}
