using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Swapin of what KSM had merged: a copy where the folio belongs to another address (mm/ksm.c:
/// ksm_might_need_to_copy; mm/memory.c: do_swap_page; v6.18).</summary>
/// <remarks>
/// When a KSM folio was freed with its slot in use, the folio that is read back is a plain one: its first mapper gives
/// it index and anon_vma, and whoever has another index or another root gets a copy. Left out: KSM_RUN_UNMERGE.
/// </remarks>
public class KsmCopy : Routine
{
    protected static readonly Point CopyData = Points.Define("KsmCopyData", "ksm_might_need_to_copy", Access.Read);
    protected static readonly Point PteLock = Points.Define("KsmCopyPtl", "do_swap_page", Access.Acquire);
    protected static readonly Point SetPte = Points.Define("KsmCopySetPte", "do_swap_page", Access.Write);

    /// <summary>ksm_might_need_to_copy: the folio itself, or a locked private copy with a
    /// <see cref="Holder.Allocation"/> reference; null when memory is out. The folio is locked.</summary>
    public virtual async Flow<Folio?> MightNeed(Cpu cpu, Folio folio, Vma vma, int page)
    {
        if (FitsHere(folio, vma, page))
        {
            return folio;
        }

        if (await R.Free.Allocate(cpu) is not { } copy)
        {
            return null;
        }

        await R.Memcg.Charge(cpu, copy, vma.Mm);
        await cpu.At(CopyData, folio.DataWord);
        copy.SetData(folio.Data);
        copy.TruthCopies(folio.TruthSlot, folio.TruthSlotGeneration);
        copy.Set(PageFlag.Dirty | PageFlag.Uptodate);
        FolioLocking.SetLockedPrivate(cpu, copy);
        return copy;
    }

    /// <summary>The end of do_swap_page with a copy: it is nobody else's, so it is mapped exclusive and writable. The
    /// caller gives back the folio that it is a copy of.</summary>
    public virtual async Flow<FaultResult> Map(Cpu cpu, FaultContext fault, Folio copy, int slot)
    {
        MmStruct mm = fault.Mm;
        await mm.Ptl(fault.Page).Acquire(cpu, PteLock);
        if (mm[fault.Page] != fault.Original)
        {
            mm.Ptl(fault.Page).Release(cpu);
            await R.Locking.Unlock(cpu, copy);
            await R.Free.Put(cpu, copy, Holder.Allocation);
            return FaultResult.Done;
        }

        if (fault.Original.Exclusive)
        {
            K.TruthBroken.Add($"copy: {mm} p{fault.Page} has the page for itself, and is given a copy: {copy}");
        }

        await R.Slots.Free(cpu, slot);
        mm.AddRss(1, -1);
        copy.HandOver(Holder.Allocation, Holder.Mapping);
        await R.RmapNew.Add(cpu, copy, fault.Vma, fault.Page, exclusive: true);
        await R.Lru.AddFor(cpu, copy, fault.Vma);
        await cpu.At(SetPte, mm.PteWord(fault.Page));
        PteFlag flags = PteFlag.Young;
        if (fault.Vma.Writable)
        {
            flags |= fault.Write ? PteFlag.Write | PteFlag.Dirty : PteFlag.Write;
        }

        mm.SetPte(fault.Page, new Pte(PteKind.Present, copy.Pfn, flags));
        await R.Locking.Unlock(cpu, copy);
        mm.Ptl(fault.Page).Release(cpu);
        return FaultResult.Done;
    }

    /// <summary>Whether the folio may be mapped there: a KSM folio anywhere, a fresh one by its first mapper, another
    /// where its reverse map will find it.</summary>
    protected virtual bool FitsHere(Folio folio, Vma vma, int page)
    {
        if (folio.IsLarge)
        {
            return true;
        }

        if (folio.Ksm)
        {
            return folio.StableNode is not null;
        }

        return folio.Mapping is not { } anonVma
            || (folio.Index == vma.LinearIndex(page) && anonVma.Root == vma.AnonVma?.Root);
    }
}
