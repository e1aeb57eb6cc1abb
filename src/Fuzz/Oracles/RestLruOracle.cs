using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// At rest a folio in use is on an LRU list with PG_lru, or in a batch without; never on a private list.
/// </summary>
/// <remarks>
/// L10, B8 without anybody isolating. A folio that is nowhere can never be reclaimed. Folios that the free checks kept
/// back as bad have no reference left, and are no folios in use.
/// </remarks>
public sealed class RestLruOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-lru";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (!folio.Free && folio.Refcount > 0)
            {
                CheckFolio(folio, judge);
            }
        }
    }

    private void CheckFolio(Folio folio, IJudge judge)
    {
        bool linked = LruOracle.IsListed(folio);
        if (folio.On is { IsLru: false })
        {
            judge.Broken(this, "folio left on a private list", Values(folio));
        }

        if (linked != folio.Has(PageFlag.Lru))
        {
            judge.Broken(this, "PG_lru and the LRU lists differ", Values(folio), "list_del corruption");
        }

        if (folio.On is null && !linked && folio.TruthHolders(Holder.LruBatch) == 0 && !folio.Has(PageFlag.HwPoison))
        {
            judge.Broken(this, "folio is on no list and in no batch", Values(folio));
        }
    }

    private static string Values(Folio folio) =>
        $"{folio}: on {folio.On?.ToString() ?? "no"} list, flags {folio.Flags}";
}
