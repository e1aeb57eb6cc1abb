using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>mprotect between read-only and writable (mm/mprotect.c: mprotect_fixup, change_pte_range, v6.18).</summary>
/// <remarks>
/// No folio is locked or referenced, no rmap lock is taken: the mmap lock, the VMA's and the ptl are all. Left out:
/// PROT_NONE and NUMA hints, userfaultfd, the zero page's two stores of one value.
/// </remarks>
public class Mprotect : Routine
{
    protected static readonly Point MmapLock = Points.Define("ProtectMmapLock", "do_mprotect_pkey", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("ProtectPtl", "change_pte_range", Access.Acquire);
    protected static readonly Point ReadPmd = Points.Define("ProtectReadPmd", "change_pmd_range", Access.Read);
    protected static readonly Point PmdLock = Points.Define("ProtectPmdLock", "change_huge_pmd", Access.Acquire);
    protected static readonly Point ClearPmd = Points.Define("ProtectInvalidatePmd", "change_huge_pmd", Access.Rmw);
    protected static readonly Point SetPmd = Points.Define("ProtectSetPmd", "change_huge_pmd", Access.Write);
    protected static readonly Point ReadPte = Points.Define("ProtectReadPte", "change_pte_range", Access.Read);
    protected static readonly Point ClearPte = Points.Define("ProtectClearPte", "modify_prot_start_ptes", Access.Rmw);
    protected static readonly Point TestExclusive =
        Points.Define("ProtectTestExclusive", "can_change_pte_writable", Access.Read);
    protected static readonly Point SetPte = Points.Define("ProtectSetPte", "modify_prot_commit_ptes", Access.Write);
    protected static readonly Point SetMigration =
        Points.Define("ProtectSetMigrationPte", "change_pte_range", Access.Write);

    private readonly List<Vma>[] changed = new List<Vma>[Kernel.CpusMax];

    /// <summary>do_mprotect_pkey over [start, end): stops at a hole.</summary>
    /// <returns>Whether a VMA changed.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int start, int end, bool write)
    {
        List<Vma> vmas = changed[cpu.Index] ??= [];
        vmas.Clear();
        await mm.MmapLock.AcquireWrite(cpu, MmapLock);
        Gather gather = await R.Zap.Begin(cpu, mm, ZapDetails.All);
        while (start < end && mm.FindVma(start) is { } vma)
        {
            int to = Math.Min(end, vma.End);
            if (vma.Writable != write)
            {
                bool breaksCow = write && vma is { IsLocked: true, Shared: false };
                VmaFlag flags = write ? vma.Flags | VmaFlag.Write : vma.Flags & ~VmaFlag.Write;
                if (!await R.VmaModify.Modify(cpu, vma, start, to, flags))
                {
                    break;
                }

                mm.HasReadOnly |= !write;
                vmas.Add(vma);
                await ChangeRange(cpu, gather, vma, start, to);
                if (breaksCow)
                {
                    // So that no store to locked memory has to wait for a copy.
                    await R.MlockRange.PopulateLocked(cpu, vma, start, to);
                }
            }

            start = to;
        }

        await Finish(cpu, gather);
        foreach (Vma vma in vmas)
        {
            // Merged with one that came before it, and gone.
            if (vma.Lock.Writer == cpu)
            {
                await R.VmaModify.Settle(cpu, vma);
            }
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return vmas.Count > 0;
    }

    /// <summary>tlb_finish_mmu: before the mmap lock is dropped.</summary>
    protected virtual Flow Finish(Cpu cpu, Gather gather) => R.Zap.Finish(cpu, gather);

    protected virtual async Flow ChangeRange(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        while (start < end)
        {
            int next = Math.Min(end, vma.Mm.Table(start).End);
            if (!K.HasHugePmds || await HasTable(cpu, gather, vma, start, next))
            {
                await ChangeTable(cpu, gather, vma, start, next);
            }

            start = next;
        }
    }

    /// <summary>change_pmd_range: a mapping of the whole PMD is changed as such, or split if the range ends within it.
    /// False: there is no table.</summary>
    protected virtual async Flow<bool> HasTable(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        PageTable table = vma.Mm.Table(start);
        await cpu.At(ReadPmd, table.PmdWord);
        if (table.Pmd.IsLeaf)
        {
            if (end - start == 1 << K.PmdOrder)
            {
                if (await ChangeHuge(cpu, gather, vma, table))
                {
                    return false;
                }
            }
            else
            {
                await R.HugeSplit.Split(cpu, vma, start, freeze: false);
            }
        }

        return table.IsTable;
    }

    /// <summary>change_huge_pmd. False: it was split before its lock was ours, and its entries are still to
    /// do.</summary>
    protected virtual async Flow<bool> ChangeHuge(Cpu cpu, Gather gather, Vma vma, PageTable table)
    {
        MmStruct mm = vma.Mm;
        await mm.PmdLock.Acquire(cpu, PmdLock);
        Pmd old = table.Pmd;
        bool handled = old.IsLeaf;
        if (old.IsMigration && old.Writable)
        {
            await cpu.At(SetPmd, table.PmdWord);
            table.SetPmd(old.Without(PteFlag.Write).With(PteFlag.Exclusive));
        }
        else if (old.IsHuge)
        {
            await cpu.At(ClearPmd, table.PmdWord);
            old = table.Pmd;
            table.SetPmd(old with { Kind = PmdKind.Invalid });
            Pmd pmd = ModifyPmd(old);
            if (vma.Writable && await MayBeWritable(cpu, K.Folios[pmd.Target], K.Folios[pmd.Target]))
            {
                pmd = pmd.With(PteFlag.Write);
            }

            await cpu.At(SetPmd, table.PmdWord);
            table.SetPmd(pmd);
            if (old.Writable && !pmd.Writable)
            {
                gather.Note(table.Start);
                gather.Note(table.End - 1);
            }
        }

        mm.PmdLock.Release(cpu);
        return handled;
    }

    /// <summary>pmd_modify, to a vm_page_prot that forbids stores.</summary>
    protected virtual Pmd ModifyPmd(Pmd old) => old.Without(PteFlag.Write);

    /// <summary>change_pte_range over [start, end), which one page table covers.</summary>
    protected virtual async Flow ChangeTable(Cpu cpu, Gather gather, Vma vma, int start, int end)
    {
        MmStruct mm = vma.Mm;
        KernelSpinlock ptl = mm.Ptl(start);
        await ptl.Acquire(cpu, PteLock);
        await R.Tlb.FlushBatchedPending(cpu, mm);
        for (int page = start; page < end; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            Pte pte = mm[page];
            if (pte.IsPresent)
            {
                await ChangePresent(cpu, gather, vma, page);
            }
            else if (pte.IsMigration && pte.Writable)
            {
                await ChangeMigration(cpu, mm, page, pte);
            }
        }

        ptl.Release(cpu);
    }

    /// <summary>The entry is cleared and set again, so that no bit that the hardware sets is lost in between.</summary>
    protected virtual async Flow ChangePresent(Cpu cpu, Gather gather, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        await cpu.At(ClearPte, mm.PteWord(page));
        Pte old = mm[page];
        mm.SetPte(page, Pte.None);
        Pte pte = old.Without(PteFlag.Write);
        if (vma.Shared ? MayBeWritable(vma, pte)
            : vma.Writable && await MayBeWritable(cpu, K.FolioOf(pte), K.PageOf(pte)))
        {
            pte = pte.With(PteFlag.Write);
        }

        await cpu.At(SetPte, mm.PteWord(page));
        mm.SetPte(page, pte);
        if (old.Writable && !pte.Writable)
        {
            gather.Note(page);
        }
    }

    /// <summary>pte_modify to a vm_page_prot that allows stores; or can_change_shared_pte_writable: the file system
    /// knows of a store to what is dirty.</summary>
    private static bool MayBeWritable(Vma vma, Pte pte) => vma.MapsWritable || (vma.Writable && pte.Dirty);

    /// <summary>can_change_private_pte_writable: an exclusive page needs no fault to become writable.</summary>
    protected virtual async Flow<bool> MayBeWritable(Cpu cpu, Folio folio, Page page)
    {
        await cpu.At(TestExclusive, page.FlagsWord);
        return folio.Anon && page.Has(PageFlag.AnonExclusive);
    }

    /// <summary>An entry that was writable before its page began to move is readable and exclusive from now on, also
    /// when the VMA becomes writable.</summary>
    protected virtual async Flow ChangeMigration(Cpu cpu, MmStruct mm, int page, Pte pte)
    {
        Folio folio = K.FolioOf(pte);
        K.BugOn(
            !folio.Has(PageFlag.Locked), "BUG_ON(is_migration_entry && !folio_test_locked(folio))",
            "pfn_swap_entry_folio", folio);
        await cpu.At(SetMigration, mm.PteWord(page));
        mm.SetPte(page, pte.Without(PteFlag.Write).With(folio.Anon ? PteFlag.Exclusive : PteFlag.None));
    }
}
