using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest a poison entry names a poisoned frame, and no poisoned frame is free.</summary>
/// <remarks>
/// A frame whose memory is broken never comes back from the allocator: memory_failure() keeps a reference on it, and
/// free_pages_prepare() leaks it. No message: the next user of the frame dies of a machine check.
/// </remarks>
public sealed class RestPoisonOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-poison";

    /// <summary>Whether the frame is out of use as a poisoned one should be: nobody maps it, and all references are the
    /// poison's own, and perhaps the swap cache's.</summary>
    public static bool IsOutOfUse(Folio folio) =>
        folio.Has(PageFlag.HwPoison) && !folio.Mapped && folio.On is null && folio.TruthReferences()
            == folio.TruthHolders(Holder.Poison) + folio.TruthHolders(Holder.SwapCache);

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (folio.Has(PageFlag.HwPoison) && folio.Free)
            {
                judge.Broken(this, "poisoned frame is free", $"{folio}: {folio.Flags}");
            }
        }

        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            for (int page = 0; page < kernel.PageCount; page++)
            {
                Pte pte = mm[page];
                if (pte.Kind == PteKind.HwPoison && !kernel.Folios[pte.Target].Has(PageFlag.HwPoison))
                {
                    judge.Broken(this, "poison entry of a frame that is not poisoned", $"{mm} page {page}: {pte}");
                }
            }
        }
    }
}
