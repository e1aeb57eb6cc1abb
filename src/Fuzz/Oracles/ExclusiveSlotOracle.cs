using Mm.State;

namespace Fuzz.Oracles;

/// <summary>No swap entry names the slot of a page that is marked exclusive.</summary>
/// <remarks>
/// L4, judged while no page table is locked: unmapping raises the count before it clears the mark, swapoff lowers it
/// after setting it. The next swapin of that entry dies of <c>BUG_ON(folio_test_anon(folio) &amp;&amp;
/// PageAnonExclusive(page))</c>.
/// </remarks>
public readonly struct ExclusiveSlotOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "exclusive-slot";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) =>
        PageTables.AreQuiet(kernel);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        !subject.Has(PageFlag.AnonExclusive) || !subject.Head.Has(PageFlag.Swapcache)
        || (uint)SlotOf(subject) >= (uint)kernel.Swap.Slots
        || kernel.Swap.Count(SlotOf(subject)) == 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "swap entry of an exclusive page",
            $"{subject}: PageAnonExclusive, slot {SlotOf(subject)} has {kernel.Swap.Count(SlotOf(subject))} owners",
            "kernel BUG: BUG_ON(folio_test_anon(folio) && PageAnonExclusive(page))");

    private static int SlotOf(Folio page) => page.Head.SwapSlot + page.IndexInFolio;
}
