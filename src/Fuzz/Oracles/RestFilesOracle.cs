using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest the page cache holds its folios once each, a slot that is owned by shmem is named by one page, and
/// a file is walked over exactly the VMAs that map it.</summary>
/// <remarks>6.4 and 7 of files without anybody on the way. No message.</remarks>
public sealed class RestFilesOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-files";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (int slot = 0; slot < kernel.Swap.Slots && kernel.Files.Used; slot++)
        {
            int named = Named(kernel, slot);
            if (named != (kernel.Swap.IsOfShmem(slot) ? 1 : 0))
            {
                judge.Broken(
                    this, "slots of shmem and page cache entries differ", $"slot {slot}: {named} pages name it");
            }
        }

        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (!folio.Free && folio.TruthHolders(Holder.PageCache) != 0
                && folio.File is var file && file?.Owns(folio) != true)
            {
                judge.Broken(
                    this, "page cache reference was never dropped",
                    $"{folio}: held: {RefcountOracle.Describe(folio)}, mapping {file?.ToString() ?? "NULL"}");
            }
        }
    }

    private static int Named(Kernel kernel, int slot)
    {
        int named = 0;
        for (int number = 0; number < kernel.Files.Count; number++)
        {
            for (int index = 0; index < kernel.Files.Pages; index++)
            {
                named += kernel.Files[number].SlotAt(index) == slot ? 1 : 0;
            }
        }

        return named;
    }
}
