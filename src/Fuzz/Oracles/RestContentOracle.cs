using Fuzz.Execution;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest every mapped address holds what was last stored there, whether anybody reads it or not.</summary>
/// <remarks>
/// E10 for all addresses: the folio, the cached copy of the slot, or the slot's data, whichever the next load would
/// give; after MADV_FREE a zero will do. No message: silent data corruption.
/// </remarks>
public sealed class RestContentOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-content";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            foreach (Vma vma in mm.Vmas)
            {
                for (int page = vma.Start; page < vma.End; page++)
                {
                    if (vma.File is null || !mm[page].IsNone)
                    {
                        CheckPage(kernel, mm, page, judge);
                    }
                }
            }
        }
    }

    private void CheckPage(Kernel kernel, MmStruct mm, int page, IJudge judge)
    {
        Pte pte = mm.Entry(page);
        int expected = mm.TruthOf(page);
        int data = pte.Kind switch
        {
            PteKind.Present => kernel.PageOf(pte).Data,
            PteKind.Swap => Swapped(kernel.Swap, pte.Target, expected),
            PteKind.Migration or PteKind.HwPoison => expected,
            _ => 0,
        };
        if (data != expected && !(data == 0 && mm.TruthMayBeFreed[page]))
        {
            judge.Broken(
                this, $"{ContentOracle.Law}, {Place(pte)}",
                $"{mm} page {page} must read {expected}, would read {data}; its entry is: {pte}",
                kind: LawKind.Symptom);
        }
    }

    /// <summary>Where the wrong value is: what was lost on the way to swap is another failure than what was
    /// dropped.</summary>
    private static string Place(Pte pte) => pte.Kind switch
    {
        PteKind.Present => "page is in memory",
        PteKind.Swap => "page is in swap",
        _ => "page is gone",
    };

    /// <summary>A poisoned folio is met by the next load, which fails.</summary>
    private static int Swapped(SwapDevice swap, int slot, int expected) =>
        swap.Cached(slot) is { } folio && folio.Has(PageFlag.HwPoison) ? expected : swap.Content(slot);
}
