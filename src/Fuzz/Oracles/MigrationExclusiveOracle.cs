using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A migration entry that was exclusive is the only entry of its page.</summary>
/// <remarks>
/// L6, judged while the page table is unlocked. When migration ends the page is mapped exclusive again, over the head
/// of any other mapper. No message.
/// </remarks>
public readonly struct MigrationExclusiveOracle : ISettledOracle<MmStruct>
{
    /// <inheritdoc />
    public string Name => "migration-exclusive";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject) => !subject.TablesLocked;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject) => FindPage(kernel, subject) < 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        int page = FindPage(kernel, subject);
        Folio folio = kernel.FolioOf(subject[page]);
        judge.Broken(
            this, "exclusive migration entry of a shared page",
            $"{subject} page {page}: {subject[page]}; {folio.TruthMigrationPtes} migration entries, "
            + $"{folio.TruthPtes} mappings");
    }

    private static int FindPage(Kernel kernel, MmStruct mm)
    {
        for (int page = 0; page < kernel.PageCount; page++)
        {
            Pte pte = mm[page];
            if (pte.Kind == PteKind.Migration && (pte.Writable || pte.Exclusive))
            {
                Folio folio = kernel.FolioOf(pte);
                if (folio.TruthMigrationPtes != 1 || folio.TruthPtes != 0)
                {
                    return page;
                }
            }
        }

        return -1;
    }
}
