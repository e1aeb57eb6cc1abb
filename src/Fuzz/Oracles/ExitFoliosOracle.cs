using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// When all processes and devices are gone, every page frame is free and no list or batch has an entry.
/// </summary>
/// <remarks>
/// X3, C3. A frame that the kernel kept back as bad (and said so), or as poisoned, counts as freed. A leak has no
/// message; it shows as memory that is never free again.
/// </remarks>
public sealed class ExitFoliosOracle : IWorldOracle
{
    private const string BadPage = "BUG: Bad page state";

    /// <inheritdoc />
    public string Name => "exit-folios";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (!folio.Free && !RestPoisonOracle.IsOutOfUse(folio) && !IsBad(kernel, folio))
            {
                judge.Broken(
                    this, "page frame leaked",
                    $"{folio}: refcount {folio.Refcount}, held: {RefcountOracle.Describe(folio)}, flags {folio.Flags}");
            }
        }

        foreach (FolioList list in kernel.Lruvec.Lists)
        {
            CheckList(list, judge);
        }

        foreach (LruBatch batch in kernel.Lruvec.AllBatches)
        {
            if (batch.Folios.Count != 0)
            {
                judge.Broken(this, "LRU batch is not empty", $"{batch.Word}: {batch.Folios.Count} folios");
            }
        }
    }

    private static bool IsBad(Kernel kernel, Folio folio)
    {
        string name = folio.Head.ToString();
        return kernel.Console.Exists(
            line => line.Subject == name && line.Text.StartsWith(BadPage, StringComparison.Ordinal));
    }

    private void CheckList(FolioList list, IJudge judge)
    {
        if (list.Count != 0 || list.First is not null)
        {
            judge.Broken(this, "LRU list is not empty", $"{list}: {list.Count} folios, first {list.First}");
        }
    }
}
