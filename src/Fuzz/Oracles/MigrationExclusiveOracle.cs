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
    public bool Holds(Kernel kernel, MmStruct subject) =>
        subject.Tally.OwnedMigrations == 0 || FindPage(kernel, subject) < 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        int page = FindPage(kernel, subject);
        Page named = kernel.PageOf(subject.Entry(page));
        judge.Broken(
            this, "exclusive migration entry of a shared page",
            $"{subject} page {page}: {subject.Entry(page)}; "
            + $"{named.TruthMigrationPtes + named.Head.TruthMigrationPmds} migration entries, "
            + $"{named.TruthPtes + named.Head.TruthPmds} mappings");
    }

    private static int FindPage(Kernel kernel, MmStruct mm)
    {
        for (int page = 0; page < kernel.PageCount; page++)
        {
            Pte pte = mm.Entry(page);
            if (pte.Kind == PteKind.Migration && (pte.Writable || pte.Exclusive))
            {
                Page named = kernel.PageOf(pte);
                if (named.Head.Anon && (named.TruthMigrationPtes + named.Head.TruthMigrationPmds != 1
                    || named.TruthPtes + named.Head.TruthPmds != 0))
                {
                    return page;
                }
            }
        }

        return -1;
    }
}
