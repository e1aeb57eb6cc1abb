using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Faults where nothing is mapped yet in a file mapping, and stores to shared ones (mm/memory.c: do_fault and
/// what it calls, do_wp_page, v6.18).</summary>
/// <remarks>Left out: fault-around, page table allocation, hwpoison, hugetlb, the waits of
/// balance_dirty_pages.</remarks>
public class FileFault : Routine
{
    protected static readonly Point CopyData = Points.Define("CowFaultCopyData", "do_cow_fault", Access.Read);
    protected static readonly Point PteLock = Points.Define("FinishFaultPtl", "finish_fault", Access.Acquire);
    protected static readonly Point SetPte = Points.Define("FinishFaultSetPte", "set_pte_range", Access.Write);
    protected static readonly Point SharedGet = Points.Define("WpSharedGet", "do_wp_page", Access.Rmw);
    protected static readonly Point SharedReuse = Points.Define("WpSharedReuse", "wp_page_reuse", Access.Write);
    protected static readonly Point MkwriteLock =
        Points.Define("MkwritePtl", "finish_mkwrite_fault", Access.Acquire);

    /// <summary>do_fault: entered and left with the fault's lock held, unless the result is Retry.</summary>
    public virtual async Flow<FaultResult> DoFault(Cpu cpu, FaultContext fault)
    {
        fault.Folio = null;
        if (K.HasHugePmds)
        {
            await R.HugeFault.AllocateTable(cpu, fault.Mm, fault.Page);
        }

        if (!fault.Write)
        {
            return await Read(cpu, fault);
        }

        return await (fault.Vma.Shared ? Shared(cpu, fault) : Cow(cpu, fault));
    }

    /// <summary>do_wp_page of a shared mapping: entered with the ptl held and the entry equal to
    /// <see cref="FaultContext.Original"/>; leaves without the ptl.</summary>
    public virtual async Flow<FaultResult> DoWpShared(Cpu cpu, FaultContext fault)
    {
        MmStruct mm = fault.Mm;
        Folio folio = K.FolioOf(fault.Original);
        await cpu.At(SharedGet, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        if (!fault.Vma.WantsWriteNotify)
        {
            await Reuse(cpu, fault);
            mm.Ptl(fault.Page).Release(cpu);
            await R.Locking.Lock(cpu, folio);
            await FinishDirty(cpu, folio);
            return FaultResult.Done;
        }

        mm.Ptl(fault.Page).Release(cpu);
        if (!await R.Filemap.PageMkwrite(cpu, fault.Vma.File!, folio))
        {
            await R.Free.Put(cpu, folio, Holder.Lookup);
            return FaultResult.Done;
        }

        await mm.Ptl(fault.Page).Acquire(cpu, MkwriteLock);
        bool same = mm[fault.Page] == fault.Original;
        if (same)
        {
            await Reuse(cpu, fault);
        }

        mm.Ptl(fault.Page).Release(cpu);
        if (same)
        {
            await FinishDirty(cpu, folio);
        }
        else
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
        }

        return FaultResult.Done;
    }

    /// <summary>do_read_fault.</summary>
    protected virtual async Flow<FaultResult> Read(Cpu cpu, FaultContext fault)
    {
        FaultResult result = await Fetch(cpu, fault);
        if (fault.Folio is not { } folio)
        {
            return result;
        }

        bool mapped = await Finish(cpu, fault, folio, write: false);
        await UnlockMapped(cpu, folio);
        if (!mapped)
        {
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }

        return FaultResult.Done;
    }

    /// <summary>do_cow_fault: a private copy of the file's page, made under the lock of its folio.</summary>
    protected virtual async Flow<FaultResult> Cow(Cpu cpu, FaultContext fault)
    {
        if (!await R.Fault.PrepareAnon(cpu, fault))
        {
            return FaultResult.Retry;
        }

        if (await R.Free.Allocate(cpu) is not { } copy)
        {
            return FaultResult.Failed;
        }

        await R.Memcg.Charge(cpu, copy, fault.Mm);
        FaultResult result = await Fetch(cpu, fault);
        bool mapped = false;
        if (fault.Folio is { } folio)
        {
            await cpu.At(CopyData, folio.DataWord);
            copy.SetData(folio.Data);
            copy.Set(PageFlag.Uptodate);
            mapped = await FinishCopy(cpu, fault, copy);
            await R.PageCache.UnlockAndPut(cpu, folio);
        }

        if (!mapped)
        {
            await R.Free.Put(cpu, copy, Holder.Allocation);
        }

        return result;
    }

    /// <summary>do_shared_fault.</summary>
    protected virtual async Flow<FaultResult> Shared(Cpu cpu, FaultContext fault)
    {
        FaultResult result = await Fetch(cpu, fault);
        if (fault.Folio is not { } folio)
        {
            return result;
        }

        if (fault.Vma.WantsWriteNotify)
        {
            await R.Locking.Unlock(cpu, folio);
            if (!await R.Filemap.PageMkwrite(cpu, fault.Vma.File!, folio))
            {
                await R.Free.Put(cpu, folio, Holder.Lookup);
                return FaultResult.Done;
            }
        }

        // The mapping takes the fault's reference; what follows relies on the lock.
        if (!await Finish(cpu, fault, folio, write: true))
        {
            await R.PageCache.UnlockAndPut(cpu, folio);
            return FaultResult.Done;
        }

        await R.Writeback.MarkDirty(cpu, folio);
        await UnlockMapped(cpu, folio);
        return FaultResult.Done;
    }

    /// <summary>folio_unlock of a folio whose only reference of ours the mapping has taken: nobody keeps it from being
    /// freed before its waiters are woken.</summary>
    protected virtual Flow UnlockMapped(Cpu cpu, Folio folio) => R.Locking.Unlock(cpu, folio);

    /// <summary>__do_fault: asks the file for its folio; it is locked then.</summary>
    protected virtual Flow<FaultResult> Fetch(Cpu cpu, FaultContext fault) =>
        fault.Vma.File!.IsShmem ? R.Shmem.Fault(cpu, fault) : R.Filemap.Fault(cpu, fault);

    /// <summary>finish_fault and set_pte_range for the file's own folio. False: somebody was quicker.</summary>
    protected virtual async Flow<bool> Finish(Cpu cpu, FaultContext fault, Folio folio, bool write)
    {
        MmStruct mm = fault.Mm;
        await mm.Ptl(fault.Page).Acquire(cpu, PteLock);
        bool same = Fault.IsNone(mm, fault.Page, 1);
        if (same)
        {
            PteFlag flags = PteFlag.Young;
            if (write)
            {
                flags |= PteFlag.Write | PteFlag.Dirty;
            }
            else if (fault.Vma.MapsWritable)
            {
                flags |= folio.Has(PageFlag.Dirty) ? PteFlag.Write | PteFlag.Dirty : PteFlag.Write;
            }

            await R.FileRmap.Add(cpu, folio, fault.Vma);
            await cpu.At(SetPte, mm.PteWord(fault.Page));
            folio.HandOver(Holder.Lookup, Holder.Mapping);
            mm.SetPte(fault.Page, new Pte(PteKind.Present, folio.Pfn, flags));
            mm.AddRss(folio, 1);
        }

        mm.Ptl(fault.Page).Release(cpu);
        return same;
    }

    /// <summary>finish_fault and set_pte_range for a private copy. False: somebody was quicker.</summary>
    protected virtual async Flow<bool> FinishCopy(Cpu cpu, FaultContext fault, Folio copy)
    {
        MmStruct mm = fault.Mm;
        await mm.Ptl(fault.Page).Acquire(cpu, PteLock);
        bool same = Fault.IsNone(mm, fault.Page, 1);
        if (same)
        {
            await R.RmapNew.Add(cpu, copy, fault.Vma, fault.Page, exclusive: true);
            await R.Lru.AddFor(cpu, copy, fault.Vma);
            await cpu.At(SetPte, mm.PteWord(fault.Page));
            copy.HandOver(Holder.Allocation, Holder.Mapping);
            mm.SetPte(
                fault.Page, new Pte(PteKind.Present, copy.Pfn, PteFlag.Write | PteFlag.Dirty | PteFlag.Young));
            mm.TruthOwn(fault.Page, copy.Data);
            mm.AddRss(1, 0);
        }

        mm.Ptl(fault.Page).Release(cpu);
        return same;
    }

    /// <summary>fault_dirty_shared_page of a locked folio, and the fault's own reference.</summary>
    protected virtual async Flow FinishDirty(Cpu cpu, Folio folio)
    {
        await R.Writeback.MarkDirty(cpu, folio);
        await R.PageCache.UnlockAndPut(cpu, folio);
    }

    /// <summary>wp_page_reuse, with the ptl held.</summary>
    protected virtual async Flow Reuse(Cpu cpu, FaultContext fault)
    {
        await cpu.At(SharedReuse, fault.Mm.PteWord(fault.Page));
        fault.Mm.SetPte(fault.Page, fault.Original.With(PteFlag.Young | PteFlag.Dirty | PteFlag.Write));
    }
}
