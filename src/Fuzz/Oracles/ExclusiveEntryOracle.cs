using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The slot of a swap entry with the exclusive bit has that one owner.</summary>
/// <remarks>
/// L5, judged while the page table is unlocked. Whoever swaps it in may write at once: a second owner would see it. No
/// message.
/// </remarks>
public readonly struct ExclusiveEntryOracle : ISettledOracle<MmStruct>
{
    /// <inheritdoc />
    public string Name => "exclusive-entry";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject) => !subject.TablesLocked;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject) =>
        subject.Tally.ExclusiveSwaps == 0 || FindPage(kernel, subject) < 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        int page = FindPage(kernel, subject);
        Pte pte = subject[page];
        judge.Broken(
            this, "exclusive swap entry of a shared slot",
            $"{subject} page {page}: {pte}, which has {kernel.Swap.Count(pte.Target)} owners");
    }

    private static int FindPage(Kernel kernel, MmStruct mm)
    {
        for (int page = 0; page < kernel.PageCount; page++)
        {
            Pte pte = mm[page];
            if (pte.Kind == PteKind.Swap && pte.Exclusive && kernel.Swap.Count(pte.Target) != 1)
            {
                return page;
            }
        }

        return -1;
    }
}
