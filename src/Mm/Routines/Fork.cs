using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>fork (kernel/fork.c: dup_mmap; mm/memory.c: copy_page_range, v6.18).</summary>
/// <remarks>Left out: wipe-on-fork VMAs, count continuations, failures of fork itself.</remarks>
public class Fork : Routine
{
    protected static readonly Point Claim = Points.Define("ForkClaim", "mm_init", Access.Rmw);
    protected static readonly Point ParentLock = Points.Define("ForkParentMmapLock", "dup_mmap", Access.Acquire);
    protected static readonly Point ChildLock = Points.Define("ForkChildMmapLock", "dup_mmap", Access.Acquire);
    protected static readonly Point VmaStart = Points.Define("ForkVmaStartWrite", "vma_start_write", Access.Acquire);
    protected static readonly Point SeqBegin = Points.Define("ForkSeqBegin", "copy_page_range", Access.Rmw);
    protected static readonly Point SeqEnd = Points.Define("ForkSeqEnd", "copy_page_range", Access.Rmw);
    protected static readonly Point ChildPtl = Points.Define("ForkChildPtl", "copy_pte_range", Access.Acquire);
    protected static readonly Point ParentPtl = Points.Define("ForkParentPtl", "copy_pte_range", Access.Acquire);
    protected static readonly Point ReadPmd = Points.Define("ForkReadPmd", "copy_pmd_range", Access.Read);
    protected static readonly Point TestPmd = Points.Define("ForkTestPmd", "copy_pmd_range", Access.Read);
    protected static readonly Point ReadPte = Points.Define("ForkReadPte", "copy_pte_range", Access.Read);
    protected static readonly Point GetFolio = Points.Define("ForkGetFolio", "copy_present_ptes", Access.Rmw);
    protected static readonly Point UngetFolio = Points.Define("ForkUngetFolio", "copy_present_ptes", Access.Rmw);
    protected static readonly Point CopyNow = Points.Define("ForkCopyPinned", "copy_present_page", Access.Read);
    protected static readonly Point Protect = Points.Define("ForkWriteProtect", "__copy_present_ptes", Access.Rmw);
    protected static readonly Point SetChild = Points.Define("ForkSetChildPte", "__copy_present_ptes", Access.Write);
    protected static readonly Point ShareSwap = Points.Define("ForkShareSwapPte", "copy_nonpresent_pte", Access.Write);
    protected static readonly Point MmlistAdd = Points.Define("ForkMmlistAdd", "copy_nonpresent_pte", Access.Write);
    protected static readonly Point ShareMigration =
        Points.Define("ForkShareMigrationPte", "copy_nonpresent_pte", Access.Write);
    protected static readonly Point Finish = Points.Define("ForkFinish", "copy_mm", Access.Write);

    private readonly Folio?[] spare = new Folio?[Kernel.CpusMax];

    /// <summary>fork: false when the child's number is in use.</summary>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct parent, MmStruct child)
    {
        await cpu.At(Claim, child.Word);
        if (child.Claimed)
        {
            return false;
        }

        child.Init();
        child.Exiting = true;
        await parent.MmapLock.AcquireWrite(cpu, ParentLock);
        await child.MmapLock.AcquireWrite(cpu, ChildLock);
        R.Ksm.Fork(parent, child);
        parent.Tlb.TruthChild = child;
        for (Vma? vma = parent.FirstVma(0, K.PageCount); vma is not null;
            vma = parent.FirstVma(vma.End, K.PageCount))
        {
            await vma.Lock.AcquireWrite(cpu, VmaStart);
            if (!vma.Has(VmaFlag.DontCopy))
            {
                await CopyVma(cpu, parent, child, vma);
            }
        }

        child.MmapLock.ReleaseWrite(cpu);
        await FlushParent(cpu, parent);
        parent.Tlb.TruthChild = null;
        foreach (Vma vma in parent.Vmas)
        {
            vma.Lock.ReleaseWrite(cpu);
        }

        parent.MmapLock.ReleaseWrite(cpu);
        await cpu.At(Finish, child.Word);
        child.Memcg = parent.Memcg;
        child.Exiting = false;
        return true;
    }

    /// <inheritdoc />
    protected internal override void Reset() => Array.Clear(spare);

    /// <summary>The only flush of fork, at its end: until then other threads of the parent may store through
    /// translations from before their pages were shared.</summary>
    protected virtual Flow FlushParent(Cpu cpu, MmStruct parent) => R.Tlb.FlushMm(cpu, parent);

    /// <summary>copy_pte_range over one VMA: both table locks held, the parent's entries made read-only.</summary>
    protected virtual async Flow CopyRange(Cpu cpu, MmStruct parent, MmStruct child, Vma vma, Vma childVma)
    {
        int page = vma.Start;
        while (page < vma.End)
        {
            int end = Math.Min(vma.End, parent.Table(page).End);
            if (K.HasHugePmds && !await HasTable(cpu, vma, childVma, page, end))
            {
                page = end;
                continue;
            }

            KernelSpinlock childPtl = child.Ptl(page);
            KernelSpinlock parentPtl = parent.Ptl(page);
            await childPtl.Acquire(cpu, ChildPtl);
            await parentPtl.Acquire(cpu, ParentPtl);
            int copied = 1;
            while (page < end && copied > 0)
            {
                copied = await CopyEntries(cpu, parent, child, childVma, page, end);
                page += copied;
            }

            parentPtl.Release(cpu);
            childPtl.Release(cpu);
            if (page < end && !await Preallocate(cpu, parent))
            {
                return;
            }
        }

        if (spare[cpu.Index] is { } unused)
        {
            spare[cpu.Index] = null;
            await R.Free.Put(cpu, unused, Holder.Allocation);
        }
    }

    /// <summary>copy_pmd_range for one PMD entry: false when nothing is left to do below it.</summary>
    protected virtual async Flow<bool> HasTable(Cpu cpu, Vma vma, Vma childVma, int page, int end)
    {
        PageTable table = vma.Mm.Table(page);
        await cpu.At(ReadPmd, table.PmdWord);
        if (table.Pmd.IsLeaf)
        {
            K.BugOn(
                end - page != 1 << K.PmdOrder, "VM_BUG_ON_VMA(next-addr != HPAGE_PMD_SIZE)", "copy_pmd_range", vma);
            if (await R.Huge.Copy(cpu, vma, childVma, table, childVma.Mm.Table(page)))
            {
                return false;
            }
        }

        await cpu.At(TestPmd, table.PmdWord);
        if (table.Pmd.IsNone)
        {
            return false;
        }

        await R.HugeFault.AllocateTable(cpu, childVma.Mm, page);
        return true;
    }

    /// <summary>folio_prealloc: a page for a copy, charged to the parent. False when memory is out.</summary>
    protected virtual async Flow<bool> Preallocate(Cpu cpu, MmStruct parent)
    {
        if (await R.Free.Allocate(cpu) is not { } folio)
        {
            return false;
        }

        await R.Memcg.Charge(cpu, folio, parent);
        spare[cpu.Index] = folio;
        return true;
    }

    /// <summary>One entry of copy_pte_range, or several of one large folio. 0: a page is needed for a copy.</summary>
    protected virtual async Flow<int> CopyEntries(
        Cpu cpu, MmStruct parent, MmStruct child, Vma childVma, int page, int end)
    {
        // With a page for a copy in hand, each entry is looked at by itself.
        if (spare[cpu.Index] is null && page + 1 < end && parent[page].IsPresent && K.FolioOf(parent[page]).IsLarge)
        {
            await cpu.At(ReadPte, parent.PteWord(page));
            return await R.LargeFork.CopyBatch(cpu, parent, child, page, end);
        }

        return await CopyEntry(cpu, parent, child, childVma, page) ? 1 : 0;
    }

    /// <summary>One entry of copy_pte_range. False: a page is needed for a copy; get it without the locks and come
    /// again.</summary>
    protected virtual async Flow<bool> CopyEntry(Cpu cpu, MmStruct parent, MmStruct child, Vma childVma, int page)
    {
        await cpu.At(ReadPte, parent.PteWord(page));
        Pte pte = parent[page];
        switch (pte.Kind)
        {
            case PteKind.Zero:
                await cpu.At(SetChild, child.PteWord(page));
                child.InheritPte(parent, page, pte);
                return true;
            case PteKind.Present:
                return await CopyPresent(cpu, parent, child, childVma, page);
            case PteKind.Swap:
                await CopySwap(cpu, parent, child, page, pte);
                return true;
            case PteKind.HwPoison:
                await cpu.At(SetChild, child.PteWord(page));
                child.InheritPte(parent, page, pte);
                return true;
            case PteKind.Migration:
                await CopyMigration(cpu, parent, child, page, pte);
                return true;
            default:
                return true;
        }
    }

    /// <summary>copy_present_ptes: share the page, or copy it at once if a device may have it pinned.</summary>
    protected virtual async Flow<bool> CopyPresent(Cpu cpu, MmStruct parent, MmStruct child, Vma childVma, int page)
    {
        // The child's entry is made of this one, whatever the hardware adds to the parent's meanwhile.
        Pte pte = parent[page];
        Page frame = K.PageOf(pte);
        Folio folio = frame.Head;
        await cpu.At(GetFolio, folio.RefcountWord);
        folio.Get(Holder.Mapping);
        if (!folio.Anon)
        {
            await R.FileRmap.Dup(cpu, folio);
            child.AddRss(folio, 1);
            return await SharePresent(cpu, parent, child, page, pte);
        }

        if (!await R.Rmap.TryDup(cpu, frame, 1, child, parent))
        {
            await cpu.At(UngetFolio, folio.RefcountWord);
            folio.PutTestZero(Holder.Mapping);
            return await CopyPinned(cpu, parent, child, childVma, page, frame);
        }

        K.BugOn(
            frame.Has(PageFlag.AnonExclusive), "VM_WARN_ON_FOLIO(PageAnonExclusive(page))", "copy_present_ptes", frame);
        child.AddRss(1, 0);
        return await SharePresent(cpu, parent, child, page, pte);
    }

    /// <summary>__copy_present_ptes: the parent's entry is made read-only, the child gets the same.</summary>
    protected virtual async Flow<bool> SharePresent(Cpu cpu, MmStruct parent, MmStruct child, int page, Pte pte)
    {
        if (pte.Writable)
        {
            await cpu.At(Protect, parent.PteWord(page));
            parent.SetPte(page, parent[page].Without(PteFlag.Write));
        }

        await cpu.At(SetChild, child.PteWord(page));
        child.InheritPte(parent, page, ForChild(parent, page, pte));
        return true;
    }

    /// <summary>The child's entry, made of what was read of the parent's before that was made read-only.</summary>
    protected virtual Pte ForChild(MmStruct parent, int page, Pte read) =>
        read.Without(PteFlag.Write | PteFlag.Young);

    protected virtual async Flow CopyVma(Cpu cpu, MmStruct parent, MmStruct child, Vma vma)
    {
        Vma copy = K.AllocateVma();
        copy.Mm = child;
        copy.Start = vma.Start;
        copy.End = vma.End;
        copy.Offset = vma.Offset;
        copy.Flags = vma.Flags & ~VmaFlag.Locked;
        child.HasReadOnly |= parent.HasReadOnly;
        copy.File = vma.File;
        copy.Shared = vma.Shared;
        await R.AnonVmas.ForkInto(cpu, copy, vma);
        child.Vmas.Add(copy);
        if (vma.File is not null)
        {
            await R.FileRmap.LinkChild(cpu, copy, vma);
        }

        if (vma.AnonVma is null)
        {
            // Nothing but zero pages and pages of the file can be there: the child will fault its own.
            return;
        }

        await cpu.At(SeqBegin, parent.SeqWord);
        parent.WriteProtectSeq++;
        await CopyRange(cpu, parent, child, vma, copy);
        await cpu.At(SeqEnd, parent.SeqWord);
        parent.WriteProtectSeq++;
    }

    /// <summary>copy_present_page: false when there is no spare page yet.</summary>
    protected virtual async Flow<bool> CopyPinned(
        Cpu cpu, MmStruct parent, MmStruct child, Vma childVma, int page, Page frame)
    {
        if (spare[cpu.Index] is not { } copy)
        {
            return false;
        }

        spare[cpu.Index] = null;
        await cpu.At(CopyNow, frame.DataWord);
        copy.SetData(frame.Data);
        int value = parent.TruthData[page];
        bool mayBeFreed = parent.TruthMayBeFreed[page];
        copy.Set(PageFlag.Uptodate);
        await R.RmapNew.Add(cpu, copy, childVma, page, exclusive: true);
        await R.Lru.Add(cpu, copy);
        child.AddRss(1, 0);
        await cpu.At(SetChild, child.PteWord(page));
        copy.HandOver(Holder.Allocation, Holder.Mapping);
        PteFlag write = childVma.Writable ? PteFlag.Write : PteFlag.None;
        child.SetPte(page, new Pte(PteKind.Present, copy.Pfn, write | PteFlag.Dirty));
        child.TruthOwn(page, value);
        child.TruthMayBeFreed[page] = mayBeFreed;
        return true;
    }

    protected virtual async Flow CopySwap(Cpu cpu, MmStruct parent, MmStruct child, int page, Pte pte)
    {
        await R.Slots.Duplicate(cpu, pte.Target);
        if (!child.OnMmlist)
        {
            await cpu.At(MmlistAdd, K.Mmlist);
            child.OnMmlist = true;
        }

        Pte shared = pte.Without(PteFlag.Exclusive);
        if (pte.Exclusive)
        {
            await cpu.At(ShareSwap, parent.PteWord(page));
            parent.SetPte(page, shared);
        }

        child.AddRss(0, 1);
        await cpu.At(SetChild, child.PteWord(page));
        child.InheritPte(parent, page, shared);
    }

    protected virtual async Flow CopyMigration(Cpu cpu, MmStruct parent, MmStruct child, int page, Pte pte)
    {
        K.BugOn(
            !K.FolioOf(pte).Has(PageFlag.Locked), "BUG_ON(is_migration_entry && !folio_test_locked(folio))",
            "pfn_swap_entry_folio", K.FolioOf(pte));
        child.AddRss(K.FolioOf(pte), 1);
        Pte shared = pte.Without(PteFlag.Write | PteFlag.Exclusive);
        if (shared != pte)
        {
            await cpu.At(ShareMigration, parent.PteWord(page));
            parent.SetPte(page, shared);
        }

        await cpu.At(SetChild, child.PteWord(page));
        child.InheritPte(parent, page, shared);
    }
}
