using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The folio in the swap cache of a page that one process has for itself belongs to that page: same index,
/// same anon_vma root.</summary>
/// <remarks>
/// Judged while the page table is unlocked, unless the folio is locked: whoever moves the entry moves the folio under
/// its lock. Else the next fault finds a folio that the reverse map looks for elsewhere: see
/// <see cref="NeedlessCopyOracle"/>.
/// </remarks>
public readonly struct SwapPlaceOracle : ISettledOracle<MmStruct>
{
    /// <inheritdoc />
    public string Name => "swap-place";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject) => !subject.TablesLocked;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject) =>
        subject.Tally.ExclusiveSwaps == 0 || FindPage(kernel, subject) < 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        int page = FindPage(kernel, subject);
        Folio folio = kernel.Swap.Cached(subject[page].Target)!;
        judge.Broken(
            this, "cached folio belongs elsewhere",
            $"{subject} page {page}: {subject[page]}, {folio} has index {folio.Index} of {folio.Mapping}",
            "VM_BUG_ON_PAGE(page_pgoff(folio, page) != linear_page_index(vma, address))");
    }

    private static int FindPage(Kernel kernel, MmStruct mm)
    {
        for (int page = 0; page < kernel.PageCount; page++)
        {
            Pte pte = mm.Entry(page);
            if (pte.IsSwap && pte.Exclusive && kernel.Swap.Cached(pte.Target) is { IsLarge: false } folio
                && folio.Mapping is { } anonVma && !folio.Ksm && !folio.Has(PageFlag.Locked)
                && mm.FindVma(page) is { } vma
                && (folio.Index != vma.LinearIndex(page) || anonVma.Root != vma.AnonVma?.Root))
            {
                return page;
            }
        }

        return -1;
    }
}
