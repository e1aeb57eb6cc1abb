using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>try_to_migrate_one() that splits a PMD mapping before it walks (split_huge_pmd_address).</summary>
[Variant(
    "split-visits-all",
    Subject = "the split of a THP unmaps it from all processes that map it by a PMD",
    Origin = "until v6.15",
    Fix = "the text has it wrong: 60fbb14396d5 (v6.16) stops at the first PMD mapping that it splits",
    IsFix = true,
    Symptom = "none; without it: a THP that two processes map by PMDs is not split")]
public sealed class SplitVisitsAll : LargeMigration
{
    /// <inheritdoc />
    protected override async Flow<bool> MigrateIn(Cpu cpu, Folio folio, Vma vma, bool split)
    {
        if (split && folio.Order == K.PmdOrder)
        {
            PageTable table = vma.Mm.Table(Math.Max(vma.AddressOf(folio.Index), vma.Start));
            await vma.Mm.PmdLock.Acquire(cpu, LockPmd);
            if (table.Pmd.IsLeaf && table.Pmd.Target == folio.Pfn)
            {
                await R.HugeSplit.SplitLocked(cpu, vma, table, freeze: true);
            }

            vma.Mm.PmdLock.Release(cpu);
        }

        return await base.MigrateIn(cpu, folio, vma, split);
    }
}
