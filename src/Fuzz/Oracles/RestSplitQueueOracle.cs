using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest every large folio that is not alone in its list links is on a deferred split queue, and no scan is
/// under way.</summary>
/// <remarks>B3 without anybody scanning: a folio that a queue does not reach cannot be taken off without
/// harm.</remarks>
public sealed class RestSplitQueueOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-split-queue";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (DeferredSplitQueue queue in kernel.SplitQueues)
        {
            if (queue.TruthScans != 0)
            {
                judge.Broken(this, "scan did not end", $"{queue}: {queue.TruthScans} scans");
            }
        }

        int partiallyMapped = 0;
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (folio.IsTail || folio.Order < Folio.LargeOrderMin || folio.Free)
            {
                continue;
            }

            partiallyMapped += folio.PartiallyMapped ? 1 : 0;
            bool linked = folio.DeferredList.Next != folio.DeferredList;
            if (linked != IsReached(kernel.TruthQueueOf(folio), folio))
            {
                judge.Broken(
                    this, linked ? "queue does not reach a folio that is linked" : "folio on the queue looks free",
                    $"{folio}: next {folio.DeferredList.Next}, prev {folio.DeferredList.Prev}", "list_del corruption");
            }
        }

        if (partiallyMapped != kernel.PartiallyMapped)
        {
            judge.Broken(
                this, "nr_anon_partially_mapped is not the number of such folios",
                $"{kernel.PartiallyMapped} counted, {partiallyMapped} there");
        }
    }

    private static bool IsReached(DeferredSplitQueue queue, Folio folio)
    {
        ListHead? entry = queue.Head.Next;
        for (int left = 4096; left > 0 && entry is not null && entry != queue.Head; left--)
        {
            if (entry == folio.DeferredList)
            {
                return true;
            }

            entry = entry.Next;
        }

        return false;
    }
}
