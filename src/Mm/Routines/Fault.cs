using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Faults, and those on private anonymous memory (mm/memory.c, arch fault entry, v6.18).</summary>
/// <remarks>
/// Left out: userfaultfd, protection keys, NUMA hints, spurious faults of other architectures. Page tables are there
/// from the beginning unless large folios are enabled, see <see cref="HugePmdFault"/>.
/// </remarks>
public class Fault : Routine
{
    protected static readonly Point Load = Points.Define("UserLoad", "user load", Access.Read);
    protected static readonly Point Store = Points.Define("UserStore", "user store", Access.Write);
    protected static readonly Point WalkForLoad = Points.Define("WalkForLoad", "page table walk", Access.Rmw);
    protected static readonly Point WalkForStore = Points.Define("WalkForStore", "page table walk", Access.Rmw);
    protected static readonly Point FindVma = Points.Define("FaultFindVma", "lock_vma_under_rcu", Access.Read);
    protected static readonly Point VmaLock = Points.Define("FaultVmaLock", "lock_vma_under_rcu", Access.Acquire);
    protected static readonly Point MmapLock = Points.Define("FaultMmapLock", "lock_mm_and_find_vma", Access.Acquire);
    protected static readonly Point TestPmd = Points.Define("FaultTestPmd", "handle_pte_fault", Access.Read);
    protected static readonly Point ReadPte = Points.Define("FaultReadPte", "handle_pte_fault", Access.Read);
    protected static readonly Point PteLock = Points.Define("FaultPtl", "handle_pte_fault", Access.Acquire);
    protected static readonly Point SetYoung =
        Points.Define("FaultSetAccessFlags", "ptep_set_access_flags", Access.Write);
    protected static readonly Point PrepareMmap =
        Points.Define("AnonPrepareMmapLock", "vmf_anon_prepare", Access.Acquire);
    protected static readonly Point ZeroLock = Points.Define("AnonFaultZeroPtl", "do_anonymous_page", Access.Acquire);
    protected static readonly Point ZeroSet = Points.Define("AnonFaultSetZeroPte", "do_anonymous_page", Access.Write);
    protected static readonly Point AnonLock = Points.Define("AnonFaultPtl", "do_anonymous_page", Access.Acquire);
    protected static readonly Point AnonRefs = Points.Define("AnonFaultAddRefs", "do_anonymous_page", Access.Rmw);
    protected static readonly Point AnonSet = Points.Define("AnonFaultSetPte", "do_anonymous_page", Access.Write);

    private readonly FaultContext[] contexts = new FaultContext[Kernel.CpusMax];

    /// <summary>A load or a store by a user thread: through a cached translation, or after a walk of the table; faults
    /// as often as it takes.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="mm">The process.</param>
    /// <param name="page">The page.</param>
    /// <param name="write">Whether it is a store.</param>
    /// <param name="zero">Whether the store fills the page with zeroes, rather than with a value that no page ever
    /// had.</param>
    /// <returns>Whether the access succeeded; false means SIGSEGV, SIGBUS or no memory.</returns>
    public virtual async Flow<bool> UserAccess(Cpu cpu, MmStruct mm, int page, bool write, bool zero = false)
    {
        while (true)
        {
            if (!R.Mmu.Hits(cpu, mm, page, write))
            {
                await cpu.At(write ? WalkForStore : WalkForLoad, mm.EntryWord(page));
                if (!R.Mmu.Walk(cpu, mm, page, write))
                {
                    if (!await FaultIn(cpu, mm, page, write, unshare: false))
                    {
                        return false;
                    }

                    continue;
                }
            }

            // Whoever flushes the translation before the access has happened makes the cpu walk again.
            await cpu.At(write ? Store : Load, R.Mmu.Target(cpu, mm, page));
            if (R.Mmu.Access(cpu, mm, page, write, zero))
            {
                return true;
            }
        }
    }

    /// <summary>One fault: takes the VMA's lock, or the mmap lock, handles the fault, drops the lock.</summary>
    /// <returns>Whether the access is worth another try.</returns>
    public virtual async Flow<bool> FaultIn(Cpu cpu, MmStruct mm, int page, bool write, bool unshare)
    {
        FaultContext fault = contexts[cpu.Index] ??= new FaultContext();
        fault.Mm = mm;
        fault.Page = page;
        fault.Write = write;
        fault.Unshare = unshare;
        for (int attempt = 0; ; attempt++)
        {
            // First under the VMA's lock, then under the mmap lock, then under the mmap lock without leave to drop it.
            fault.Tried = attempt >= 2;
            if (!await LockVma(cpu, fault, attempt))
            {
                return false;
            }

            if (write && !fault.Vma.Writable)
            {
                // access_error: SIGSEGV.
                Unlock(cpu, fault);
                return false;
            }

            FaultResult result = await Handle(cpu, fault);
            if (result != FaultResult.Retry)
            {
                Unlock(cpu, fault);
                return result == FaultResult.Done;
            }
        }
    }

    /// <summary>handle_mm_fault by somebody who holds the mmap lock and keeps it.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="vma">Covers the page.</param>
    /// <param name="page">The page.</param>
    /// <param name="write">FAULT_FLAG_WRITE; otherwise FAULT_FLAG_UNSHARE: whatever is there becomes the process' own,
    /// read-only as it was.</param>
    public virtual Flow<FaultResult> HandleLocked(Cpu cpu, Vma vma, int page, bool write)
    {
        FaultContext fault = contexts[cpu.Index] ??= new FaultContext();
        fault.Mm = vma.Mm;
        fault.Vma = vma;
        fault.Page = page;
        fault.Write = write;
        fault.Unshare = !write;
        fault.Tried = true;
        fault.MmapLocked = true;
        return Handle(cpu, fault);
    }

    /// <summary>__handle_mm_fault.</summary>
    private Flow<FaultResult> Handle(Cpu cpu, FaultContext fault) =>
        K.HasHugePmds ? R.HugeFault.Handle(cpu, fault) : HandlePteFault(cpu, fault);

    /// <summary>release_fault_lock.</summary>
    public static void Unlock(Cpu cpu, FaultContext fault)
    {
        if (fault.MmapLocked)
        {
            fault.Mm.MmapLock.ReleaseRead(cpu);
        }
        else
        {
            fault.Vma.Lock.ReleaseRead(cpu);
        }
    }

    /// <summary>vmf_anon_prepare: sees to it that the VMA has an anon_vma. False: the lock was dropped,
    /// retry.</summary>
    public virtual async Flow<bool> PrepareAnon(Cpu cpu, FaultContext fault)
    {
        if (fault.Vma.AnonVma is not null)
        {
            return true;
        }

        if (fault.MmapLocked)
        {
            await R.AnonVmas.Prepare(cpu, fault.Vma);
            return true;
        }

        await cpu.At(PrepareMmap, fault.Mm.MmapLock);
        if (!fault.Mm.MmapLock.TryTakeRead(cpu))
        {
            Unlock(cpu, fault);
            return false;
        }

        await R.AnonVmas.Prepare(cpu, fault.Vma);
        fault.Mm.MmapLock.ReleaseRead(cpu);
        return true;
    }

    /// <summary>do_pte_missing.</summary>
    protected virtual Flow<FaultResult> Missing(Cpu cpu, FaultContext fault) =>
        fault.Vma.File is null ? Anonymous(cpu, fault) : R.FileFault.DoFault(cpu, fault);

    /// <summary>do_anonymous_page.</summary>
    protected virtual async Flow<FaultResult> Anonymous(Cpu cpu, FaultContext fault)
    {
        MmStruct mm = fault.Mm;
        if (K.HasHugePmds)
        {
            await R.HugeFault.AllocateTable(cpu, mm, fault.Page);
        }

        if (!fault.Write)
        {
            await MapZeroPage(cpu, mm, fault.Page);
            return FaultResult.Done;
        }

        if (!await PrepareAnon(cpu, fault))
        {
            return FaultResult.Retry;
        }

        Folio? folio = await R.AnonFolios.Allocate(cpu, fault);
        if (folio is null)
        {
            return FaultResult.Failed;
        }

        int start = fault.Page & -folio.PageCount;
        folio.Set(PageFlag.Uptodate);
        await mm.Ptl(fault.Page).Acquire(cpu, AnonLock);
        if (!IsNone(mm, start, folio.PageCount))
        {
            mm.Ptl(fault.Page).Release(cpu);
            await R.Free.Put(cpu, folio, Holder.Allocation);
            return FaultResult.Done;
        }

        if (folio.IsLarge)
        {
            await cpu.At(AnonRefs, folio.RefcountWord);
            folio.Get(Holder.Mapping, folio.PageCount - 1);
        }

        mm.AddRss(folio.PageCount, 0);
        await R.RmapNew.Add(cpu, folio, fault.Vma, start, exclusive: true);
        await R.Lru.AddFor(cpu, folio, fault.Vma);
        for (int number = 0; number < folio.PageCount; number++)
        {
            await cpu.At(AnonSet, mm.PteWord(start + number));
            if (number == 0)
            {
                folio.HandOver(Holder.Allocation, Holder.Mapping);
            }

            mm.SetPte(
                start + number,
                new Pte(PteKind.Present, (ushort)(folio.Pfn + number), PteFlag.Write | PteFlag.Dirty | PteFlag.Young));
        }

        mm.Ptl(fault.Page).Release(cpu);
        return FaultResult.Done;
    }

    /// <summary>The part of do_anonymous_page for a load.</summary>
    protected virtual async Flow MapZeroPage(Cpu cpu, MmStruct mm, int page)
    {
        await mm.Ptl(page).Acquire(cpu, ZeroLock);
        if (IsNone(mm, page, 1))
        {
            await cpu.At(ZeroSet, mm.PteWord(page));
            mm.SetPte(page, Pte.ZeroPage);
        }

        mm.Ptl(page).Release(cpu);
    }

    /// <summary>pte_range_none, with the page table locked, if it still is one (pte_offset_map_lock).</summary>
    internal static bool IsNone(MmStruct mm, int start, int count)
    {
        for (int page = start; page < start + count; page++)
        {
            if (!mm[page].IsNone)
            {
                return false;
            }
        }

        return mm.Table(start).IsTable;
    }

    protected virtual async Flow<bool> LockVma(Cpu cpu, FaultContext fault, int attempt)
    {
        MmStruct mm = fault.Mm;
        if (attempt == 0)
        {
            await cpu.At(FindVma, mm.Word);
            if (mm.FindVma(fault.Page) is { } found)
            {
                await cpu.At(VmaLock, found.Lock);
                if (mm.FindVma(fault.Page) == found && found.Lock.TryTakeRead(cpu))
                {
                    fault.Vma = found;
                    fault.MmapLocked = false;
                    return true;
                }
            }
        }

        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        if (mm.FindVma(fault.Page) is not { } vma)
        {
            mm.MmapLock.ReleaseRead(cpu);
            return false;
        }

        fault.Vma = vma;
        fault.MmapLocked = true;
        return true;
    }

    /// <summary>handle_pte_fault.</summary>
    public virtual async Flow<FaultResult> HandlePteFault(Cpu cpu, FaultContext fault)
    {
        MmStruct mm = fault.Mm;
        if (K.HasHugePmds)
        {
            await cpu.At(TestPmd, mm.Table(fault.Page).PmdWord);
            if (mm.Table(fault.Page).Pmd.IsNone)
            {
                fault.Original = Pte.None;
                return await Missing(cpu, fault);
            }

            if (!mm.Table(fault.Page).IsTable)
            {
                return FaultResult.Done;
            }
        }

        await cpu.At(ReadPte, mm.PteWord(fault.Page));
        fault.Original = mm[fault.Page];
        if (fault.Original.IsNone)
        {
            return await Missing(cpu, fault);
        }

        if (fault.Original.Kind == PteKind.HwPoison)
        {
            // VM_FAULT_HWPOISON.
            return FaultResult.Failed;
        }

        if (fault.Original.Kind is PteKind.Swap or PteKind.Migration)
        {
            return await R.SwapIn.DoSwapPage(cpu, fault);
        }

        await mm.Ptl(fault.Page).Acquire(cpu, PteLock);
        if (mm[fault.Page] != fault.Original)
        {
            mm.Ptl(fault.Page).Release(cpu);
            return FaultResult.Done;
        }

        if ((fault.Write || fault.Unshare) && !fault.Original.Writable)
        {
            return await R.WriteProtect.DoWpPage(cpu, fault);
        }

        if (fault.Write)
        {
            // ptep_set_access_flags stores only when the dirty bit is wanted: a plain store for a load would wipe out a
            // dirty bit that the hardware has set meanwhile.
            await cpu.At(SetYoung, mm.PteWord(fault.Page));
            mm.SetPte(fault.Page, fault.Original.With(PteFlag.Young | PteFlag.Dirty));
        }

        mm.Ptl(fault.Page).Release(cpu);
        return FaultResult.Done;
    }
}
