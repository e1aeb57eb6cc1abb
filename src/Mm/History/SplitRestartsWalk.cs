using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>try_to_migrate_one() that begins its walk anew after it has split a PMD mapping.</summary>
[Variant(
    "split-restarts-walk",
    Subject = "a THP that several processes map by PMDs is split again",
    Origin = "\"mm/huge_memory: fix early failure try_to_migrate() when split huge pmd for shared THP\" (v7.0)",
    Fix = "nothing is known to be wrong with it",
    IsFix = true,
    Symptom = "none; without it: a THP that two processes map by PMDs is not split")]
public sealed class SplitRestartsWalk : LargeMigration
{
    /// <inheritdoc />
    protected override async Flow<bool> MigratePmd(Cpu cpu, Folio folio, Vma vma, PageTable table, bool split)
    {
        if (!split)
        {
            return await base.MigratePmd(cpu, folio, vma, table, split);
        }

        // Entries that could not be frozen are mapped still: they are what is walked now.
        await R.HugeSplit.SplitLocked(cpu, vma, table, freeze: true);
        return true;
    }
}
