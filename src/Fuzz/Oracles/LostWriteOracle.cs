using Mm.State;

namespace Fuzz.Oracles;

/// <summary>What a file's folio holds is on its way to where it belongs: in its block, or known to be dirty.</summary>
/// <remarks>
/// B9, judged while the folio and all page tables are unlocked: a store leaves a dirty entry, which becomes PG_dirty
/// when the entry goes; PG_dirty goes only when the content is written. What lies behind the end of the file is on its
/// way out. Of shmem there is no block: a clean folio may be dropped, and reads zero then. No message: the store is
/// lost at the next reclaim.
/// </remarks>
public readonly struct LostWriteOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "lost-write";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) =>
        !subject.Has(PageFlag.Locked) && PageTables.AreQuiet(kernel);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.File is not { } file || !subject.Has(PageFlag.Uptodate) || subject.Has(PageFlag.Dirty)
        || subject.Has(PageFlag.Writeback) || !file.Owns(subject) || subject.Index >= file.Size
        || subject.Data == file.Backing(subject.Index) || HasDirtyEntry(kernel, subject);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "changed folio is clean",
            $"{subject} is page {subject.Index} of {subject.File}, holds {subject.Data} and is clean; the block holds "
            + $"{subject.File!.Backing(subject.Index)}");

    private static bool HasDirtyEntry(Kernel kernel, Folio folio)
    {
        for (int i = 0; i < kernel.MmCount && folio.TruthPtes > 0; i++)
        {
            MmStruct mm = kernel.Mms[i];
            for (int page = 0; page < kernel.PageCount; page++)
            {
                if (mm[page].IsPresent && mm[page].Dirty && mm[page].Target == folio.Pfn)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
