using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest NR_MLOCK counts the pages of folios with PG_mlocked, the length of the unevictable list those on
/// it; and nobody is on it without a reason.</summary>
/// <remarks>
/// L7. A folio with PG_mlocked that no VMA has locked, or a mlock_count that is too low or too high, is in order:
/// mlock is best effort, and what is in a batch comes late. A folio on the unevictable list without PG_mlocked is
/// stranded: reclaim never comes by, so that it stays there until it is migrated or freed.
/// </remarks>
public sealed class RestMlockOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-mlock";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        if (!kernel.Lruvec.HasMlock)
        {
            return;
        }

        int mlocked = 0;
        int unevictable = 0;
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (folio.Free || folio.IsTail)
            {
                continue;
            }

            mlocked += folio.Has(PageFlag.Mlocked) ? folio.PageCount : 0;
            if (folio.Has(PageFlag.Lru | PageFlag.Unevictable))
            {
                unevictable += folio.PageCount;
                if (!folio.Has(PageFlag.Mlocked) && !IsInBatch(kernel, folio))
                {
                    judge.Broken(this, "evictable folio on the unevictable list", $"{folio}: flags {folio.Flags}");
                }
            }
        }

        if (mlocked != kernel.Lruvec.MlockedPages)
        {
            judge.Broken(
                this, "NR_MLOCK is wrong", $"{kernel.Lruvec.MlockedPages}, but {mlocked} pages have PG_mlocked");
        }

        if (unevictable != kernel.Lruvec.UnevictablePages)
        {
            judge.Broken(
                this, "length of the unevictable list is wrong",
                $"{kernel.Lruvec.UnevictablePages}, but {unevictable} pages are on it");
        }
    }

    /// <summary>Whether its mlock, or munlock, is still to come: then it is moved.</summary>
    private static bool IsInBatch(Kernel kernel, Folio folio)
    {
        foreach (MlockBatch batch in kernel.Lruvec.MlockBatches)
        {
            if (batch.Folios.Contains(folio))
            {
                return true;
            }
        }

        return false;
    }
}
