using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>What is different where the folio that migrates is large: finding it, splitting it instead, and taking it
/// off the deferred split queue (mm/migrate.c, v6.18).</summary>
/// <remarks>Left out: large folios in the swap cache, which are not moved.</remarks>
public abstract class MigrationLarge : MigrationMove
{
    protected static readonly Point MovePtl = Points.Define("MovePagesPtl", "folio_walk_start", Access.Acquire);
    protected static readonly Point TestPartially =
        Points.Define("MigrateTestPartiallyMapped", "migrate_pages_batch", Access.Read);
    protected static readonly Point FreezeLarge =
        Points.Define("MigrateFreezeLarge", "__folio_migrate_mapping", Access.Rmw);
    protected static readonly Point UnfreezeLarge =
        Points.Define("MigrateUnfreezeLarge", "__folio_migrate_mapping", Access.Rmw);

    /// <summary>folio_walk_start and folio_isolate_lru: what is mapped at an address goes to the list.</summary>
    protected virtual async Flow<bool> IsolateMapped(Cpu cpu, MmStruct mm, int page, FolioList list)
    {
        bool huge = mm.Table(page).Pmd.IsLeaf;
        KernelSpinlock walkLock = huge ? mm.PmdLock : mm.Ptl(page);
        await walkLock.Acquire(cpu, MovePtl);
        Pte pte = mm.Entry(page);
        bool isolated = pte.IsPresent && huge == mm.Table(page).Pmd.IsLeaf
            && await R.Lru.Isolate(cpu, K.FolioOf(pte));
        if (isolated)
        {
            list.AddTail(K.FolioOf(pte));
        }

        walkLock.Release(cpu);
        return isolated;
    }

    /// <summary>The racy look of migrate_pages_batch: a folio that is queued because some of its pages are unmapped is
    /// split rather than moved.</summary>
    protected virtual async Flow<bool> IsPartiallyMapped(Cpu cpu, Folio source)
    {
        if (!source.IsLarge || await R.Lists.IsEmpty(cpu, source.DeferredList))
        {
            return false;
        }

        await cpu.At(TestPartially, source.PageAt(1).FlagsWord);
        return source.PartiallyMapped;
    }

    /// <summary>try_split_folio: on success all pages are on the migration's list, each isolated.</summary>
    protected virtual async Flow<bool> TrySplit(Cpu cpu, Migration migration, bool sync)
    {
        Folio source = migration.Source;
        if (!await R.Locking.TryLock(cpu, source))
        {
            if (!sync)
            {
                return false;
            }

            await R.Locking.Lock(cpu, source);
        }

        bool split = await R.Split.SplitFolio(cpu, source, migration.From);
        await R.Locking.Unlock(cpu, source);
        return split;
    }

    /// <summary>The part of __folio_migrate_mapping for a large folio without swap cache: nobody but the one who
    /// freezes it may take it off the deferred split queue. False: somebody else has a reference.</summary>
    protected override async Flow<bool> UnqueueFrozen(Cpu cpu, Folio source, int expected)
    {
        await cpu.At(FreezeLarge, source.RefcountWord);
        if (!source.Freeze(expected))
        {
            return false;
        }

        await R.DeferredSplit.Unqueue(cpu, source);
        await cpu.At(UnfreezeLarge, source.RefcountWord);
        source.Unfreeze(expected);
        return true;
    }

    /// <summary>folio_mc_copy.</summary>
    protected override async Flow CopyPages(Cpu cpu, Folio target, Folio source)
    {
        for (int number = 0; number < source.PageCount; number++)
        {
            await cpu.At(CopyData, source.PageAt(number).DataWord);
            target.PageAt(number).SetData(source.PageAt(number).Data);
        }
    }
}
