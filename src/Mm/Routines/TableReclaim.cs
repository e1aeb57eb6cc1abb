using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The freeing of page tables that a zap has emptied (mm/pt_reclaim.c, and its part of mm/memory.c:
/// zap_pte_range, v6.18 with CONFIG_PT_RECLAIM).</summary>
/// <remarks>Only where PMD entries may be empty at all. Left out: the memory of the table, which is freed after a grace
/// period.</remarks>
public class TableReclaim : Routine
{
    protected static readonly Point TryPmd = Points.Define("ReclaimTryPmdLock", "try_get_and_clear_pmd", Access.Rmw);
    protected static readonly Point ClearPmd = Points.Define("ReclaimClearPmd", "try_get_and_clear_pmd", Access.Write);
    protected static readonly Point PmdLock = Points.Define("ReclaimPmdLock", "try_to_free_pte", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("ReclaimPtl", "try_to_free_pte", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("ReclaimReadPte", "try_to_free_pte", Access.Read);
    protected static readonly Point ClearLate = Points.Define("ReclaimClearPmdLate", "try_to_free_pte", Access.Write);

    /// <summary>reclaim_pt_is_enabled: a zap of all that one PMD entry covers, that skips nothing.</summary>
    public virtual bool IsFor(Gather gather, int start, int end) =>
        K.HasHugePmds && gather.Details.ReclaimsTables && end - start >= 1 << K.PmdOrder;

    /// <summary>try_get_and_clear_pmd, with the lock of the table held, in which all entries were emptied under
    /// it.</summary>
    /// <returns>Whether the table is gone: not when somebody has the lock of the PMD entries.</returns>
    public virtual async Flow<bool> TryClear(Cpu cpu, PageTable table, MmStruct mm)
    {
        await cpu.At(TryPmd, mm.PmdLock);
        if (!mm.PmdLock.TryTake(cpu))
        {
            return false;
        }

        await cpu.At(ClearPmd, table.PmdWord);
        table.SetPmd(default);
        mm.PmdLock.Release(cpu);
        return true;
    }

    /// <summary>try_to_free_pte: the same when the lock of the table was given back meanwhile, so that somebody may
    /// have brought a page.</summary>
    public virtual async Flow TryFree(Cpu cpu, PageTable table, MmStruct mm)
    {
        await mm.PmdLock.Acquire(cpu, PmdLock);
        if (table.IsTable)
        {
            await table.Lock.Acquire(cpu, PteLock);
            bool empty = table.IsTable;
            for (int page = table.Start; page < table.End && empty; page++)
            {
                await cpu.At(ReadPte, mm.PteWord(page));
                empty = mm[page].IsNone;
            }

            if (empty)
            {
                await cpu.At(ClearLate, table.PmdWord);
                table.SetPmd(default);
            }

            table.Lock.Release(cpu);
        }

        mm.PmdLock.Release(cpu);
    }
}
