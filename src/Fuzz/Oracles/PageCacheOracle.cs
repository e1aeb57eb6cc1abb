using Fuzz.Execution;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>What the page cache names for a page says so itself, with one reference for it; what it does not name reads
/// as the file must.</summary>
/// <remarks>
/// Judged while nobody changes the file's size or blocks, and its xarray and the folios are unlocked: a folio gets its
/// mapping before its entry, and is found by its lock to have lost it.
/// </remarks>
public readonly struct PageCacheOracle : ISettledOracle<Inode>
{
    /// <inheritdoc />
    public string Name => "page-cache";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Inode subject)
    {
        bool settled = subject.Rwsem.Writer is null && subject.XarrayLock.Holder is null;
        for (int index = 0; index < kernel.Files.Pages; index++)
        {
            settled &= subject.FolioAt(index)?.Has(PageFlag.Locked) != true;
        }

        return settled;
    }

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Inode subject) => FindBroken(kernel, subject) < 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Inode subject, IJudge judge)
    {
        int index = FindBroken(kernel, subject);
        if (subject.FolioAt(index) is { } folio)
        {
            judge.Broken(
                this, "page cache names a folio that is not there",
                $"{subject} page {index}: {folio}, mapping {folio.File?.ToString() ?? "NULL"}, index {folio.Index}, "
                + $"refcount {folio.Refcount}");
        }
        else
        {
            judge.Broken(
                this, "content lost",
                $"{subject} page {index} is in no folio, must read {subject.TruthData[index]}, would read "
                + $"{Content(kernel, subject, index)}",
                kind: LawKind.Symptom);
        }
    }

    private static int FindBroken(Kernel kernel, Inode file)
    {
        for (int index = 0; index < kernel.Files.Pages; index++)
        {
            if (file.FolioAt(index) is { } folio
                ? folio.File != file || folio.Index != index || folio.Free || folio.TruthHolders(Holder.PageCache) != 1
                : Content(kernel, file, index) != file.TruthData[index])
            {
                return index;
            }
        }

        return -1;
    }

    private static int Content(Kernel kernel, Inode file, int index) =>
        file.SlotAt(index) is var slot and >= 0 ? kernel.Swap.Content(slot) : file.Backing(index);
}
