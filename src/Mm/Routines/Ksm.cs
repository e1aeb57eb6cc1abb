using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>ksmd at one address (mm/ksm.c: scan_get_next_rmap_item, cmp_and_merge_page, v6.18): looks for an equal page
/// in the stable tree, then in the unstable one.</summary>
/// <remarks>
/// A call names two addresses: the one that ksmd comes to, and one that waits in the unstable tree. What it is about is
/// made mergeable first (MADV_MERGEABLE). Left out: checksums and the skipping of young pages (they delay merging),
/// the shared zero page, NUMA, large folios. Items of addresses that hold no page any more stay until somebody comes to
/// them (<see cref="ForgetAddress"/>, which only scans of whole processes do).
/// </remarks>
public class Ksm : Routine
{
    protected static readonly Point Advise = Points.Define("KsmAdvise", "ksm_madvise", Access.Rmw);
    protected static readonly Point Mutex = Points.Define("KsmThreadMutex", "ksm_do_scan", Access.Acquire);
    protected static readonly Point PickMmap = Points.Define("KsmPickMmapLock", "get_mergeable_page", Access.Acquire);
    protected static readonly Point PickPtl = Points.Define("KsmPickPtl", "folio_walk_start", Access.Acquire);
    protected static readonly Point PickGet = Points.Define("KsmPickGet", "get_mergeable_page", Access.Rmw);
    protected static readonly Point TestNode = Points.Define("KsmTestNode", "cmp_and_merge_page", Access.Read);
    protected static readonly Point Compare = Points.Define("KsmCompareUnstable", "memcmp_pages", Access.Read);
    protected static readonly Point BreakMmap = Points.Define("KsmBreakMmapLock", "break_cow", Access.Acquire);
    protected static readonly Point BreakPtl = Points.Define("KsmBreakPtl", "folio_walk_start", Access.Acquire);
    protected static readonly Point UnmergeMmap = Points.Define("KsmUnmergeMmapLock", "madvise_lock", Access.Acquire);
    protected static readonly Point UnmergeVma = Points.Define("KsmUnmergeVmaLock", "break_ksm", Access.Acquire);
    protected static readonly Point ExitWrite = Points.Define("KsmExitMmapLock", "__ksm_exit", Access.Acquire);

    /// <summary>ksmd comes to a page of one process, while one of another (or the same) waits in the unstable
    /// tree.</summary>
    /// <returns>Whether the first was merged.</returns>
    public virtual async Flow<bool> Merge(Cpu cpu, MmStruct mm, int page, MmStruct otherMm, int otherPage)
    {
        if (!await MakeMergeable(cpu, mm) || !await MakeMergeable(cpu, otherMm))
        {
            return false;
        }

        await K.Ksm.Mutex.AcquireWrite(cpu, Mutex);
        await R.Lru.DrainAll(cpu);
        await RemoveExited(cpu);
        bool merged = false;
        if (await PickPage(cpu, mm, page) is { } folio)
        {
            RmapItem item = K.Ksm.Find(mm, page) ?? K.Ksm.AddItem(mm, page);
            merged = await CompareAndMerge(cpu, folio, item, otherMm, otherPage);
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }

        K.Ksm.Mutex.ReleaseWrite(cpu);
        return merged;
    }

    /// <summary>ksmd comes by once more and forgets what it knows of processes that are gone.</summary>
    public virtual async Flow ForgetExited(Cpu cpu)
    {
        await K.Ksm.Mutex.AcquireWrite(cpu, Mutex);
        await RemoveExited(cpu);
        K.Ksm.Mutex.ReleaseWrite(cpu);
    }

    /// <summary>ksmd comes to an address that holds no page any more, and forgets it (get_next_rmap_item,
    /// remove_trailing_rmap_items).</summary>
    public virtual async Flow ForgetAddress(Cpu cpu, MmStruct mm, int page)
    {
        await K.Ksm.Mutex.AcquireWrite(cpu, Mutex);
        if (K.Ksm.Find(mm, page) is { } item)
        {
            await R.KsmTree.RemoveItem(cpu, item);
            K.Ksm.RemoveItem(item);
        }

        K.Ksm.Mutex.ReleaseWrite(cpu);
    }

    /// <summary>MADV_UNMERGEABLE over [start, end): every KSM page of it becomes a page of its own. The range stays
    /// mergeable for later calls.</summary>
    public virtual async Flow<bool> Unmerge(Cpu cpu, MmStruct mm, int start, int end)
    {
        bool any = false;
        await mm.MmapLock.AcquireWrite(cpu, UnmergeMmap);
        for (int i = 0; i < mm.Vmas.Count; i++)
        {
            Vma vma = mm.Vmas[i];
            int from = Math.Max(start, vma.Start);
            int to = Math.Min(end, vma.End);
            if (from < to && vma.AnonVma is not null)
            {
                await vma.Lock.AcquireWrite(cpu, UnmergeVma);
                for (int page = from; page < to; page++)
                {
                    any |= await Break(cpu, vma, page);
                }

                vma.Lock.ReleaseWrite(cpu);
            }
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return any;
    }

    /// <summary>The same for a part of one VMA, which is locked for writing.</summary>
    public virtual async Flow<bool> BreakRange(Cpu cpu, Vma vma, int start, int end)
    {
        bool any = false;
        for (int page = start; page < end && vma.Mm.Mergeable; page++)
        {
            any |= await Break(cpu, vma, page);
        }

        return any;
    }

    /// <summary>ksm_fork: a child of a mergeable process is mergeable.</summary>
    public virtual void Fork(MmStruct parent, MmStruct child) => child.Mergeable = parent.Mergeable;

    /// <summary>ksm_exit: waits until ksmd has left the address space; its items are left to ksmd.</summary>
    public virtual async Flow Exit(Cpu cpu, MmStruct mm)
    {
        if (mm.Mergeable)
        {
            await mm.MmapLock.AcquireWrite(cpu, ExitWrite);
            mm.MmapLock.ReleaseWrite(cpu);
        }
    }

    /// <summary>break_cow: undoes the merging of one address, whose item is in no list.</summary>
    public virtual async Flow BreakCow(Cpu cpu, RmapItem item)
    {
        await R.KsmTree.PutAnonVma(cpu, item);
        await item.Mm.MmapLock.AcquireRead(cpu, BreakMmap);
        if (FindMergeable(item) is { } vma)
        {
            await Break(cpu, vma, item.Page);
        }

        item.Mm.MmapLock.ReleaseRead(cpu);
    }

    /// <summary>find_mergeable_vma: the VMA of an item, unless the process is on its way out. The mmap lock is
    /// held.</summary>
    public Vma? FindMergeable(RmapItem item) =>
        !item.IsDead && item.Mm.FindVma(item.Page) is { AnonVma: not null } vma ? vma : null;

    /// <summary>MADV_MERGEABLE: __ksm_enter. False: the process is gone.</summary>
    protected virtual async Flow<bool> MakeMergeable(Cpu cpu, MmStruct mm)
    {
        await cpu.At(Advise, mm.Word);
        if (mm.Users == 0 || mm.Exiting)
        {
            return false;
        }

        mm.Mergeable = true;
        return true;
    }

    /// <summary>remove_trailing_rmap_items for all processes that are gone.</summary>
    protected virtual async Flow RemoveExited(Cpu cpu)
    {
        for (int i = K.Ksm.Items.Count - 1; i >= 0; i--)
        {
            RmapItem item = K.Ksm.Items[i];
            if (item.IsDead)
            {
                await R.KsmTree.RemoveItem(cpu, item);
                K.Ksm.RemoveItem(item);
            }
        }
    }

    /// <summary>get_mergeable_page: the anonymous page at an address, with a <see cref="Holder.Lookup"/>
    /// reference.</summary>
    protected virtual async Flow<Folio?> PickPage(Cpu cpu, MmStruct mm, int page)
    {
        Folio? folio = null;
        await mm.MmapLock.AcquireRead(cpu, PickMmap);
        if (mm.Users != 0 && mm.FindVma(page) is { AnonVma: not null })
        {
            await mm.Ptl(page).Acquire(cpu, PickPtl);
            if (mm[page].IsPresent && K.FolioOf(mm[page]) is { Anon: true, IsLarge: false } found)
            {
                await cpu.At(PickGet, found.RefcountWord);
                found.Get(Holder.Lookup);
                folio = found;
            }

            mm.Ptl(page).Release(cpu);
        }

        mm.MmapLock.ReleaseRead(cpu);
        return folio;
    }

    /// <summary>cmp_and_merge_page.</summary>
    protected virtual async Flow<bool> CompareAndMerge(
        Cpu cpu, Folio folio, RmapItem item, MmStruct otherMm, int otherPage)
    {
        await cpu.At(TestNode, folio.MappingWord);
        StableNode? node = folio.StableNode;
        if (node is null)
        {
            await R.KsmTree.RemoveItem(cpu, item);
        }
        else if (item.Head == node)
        {
            return false;
        }

        (Folio? stable, bool busy) = await R.KsmTree.Search(cpu, folio);
        await R.KsmTree.RemoveItem(cpu, item);
        if (stable is not null)
        {
            bool done = await R.KsmMerge.MergeWith(cpu, item, folio, stable);
            if (done)
            {
                await Append(cpu, stable, item);
            }

            await R.Free.Put(cpu, stable, Holder.Lookup);
            return done;
        }

        return !busy && await MergeUnstable(cpu, folio, item, otherMm, otherPage);
    }

    /// <summary>The page that waits in the unstable tree, if it is still there and equal, and the end of
    /// cmp_and_merge_page.</summary>
    protected virtual async Flow<bool> MergeUnstable(
        Cpu cpu, Folio folio, RmapItem item, MmStruct otherMm, int otherPage)
    {
        RmapItem other = K.Ksm.Find(otherMm, otherPage) ?? K.Ksm.AddItem(otherMm, otherPage);
        if (other.Head is not null || await PickPage(cpu, otherMm, otherPage) is not { } tree)
        {
            return false;
        }

        bool merged = false;
        if (tree != folio)
        {
            await cpu.At(Compare, tree.DataWord);
            merged = folio.Data == tree.Data && await R.KsmMerge.MergeTwo(cpu, item, folio, other, tree);
        }

        await R.Free.Put(cpu, tree, Holder.Lookup);
        if (!merged)
        {
            return false;
        }

        await R.Locking.Lock(cpu, folio);
        StableNode? node = await R.KsmTree.Insert(cpu, folio);
        if (node is not null)
        {
            await R.KsmTree.AppendItem(cpu, other, node);
            await R.KsmTree.AppendItem(cpu, item, node);
        }

        await R.Locking.Unlock(cpu, folio);
        if (node is null)
        {
            await BreakCow(cpu, other);
            await BreakCow(cpu, item);
        }

        return node is not null;
    }

    /// <summary>break_ksm: faults until the page is no KSM page any more. The mmap lock is held.</summary>
    /// <returns>Whether there was one.</returns>
    protected virtual async Flow<bool> Break(Cpu cpu, Vma vma, int page)
    {
        for (bool any = false; ; any = true)
        {
            await vma.Mm.Ptl(page).Acquire(cpu, BreakPtl);
            Pte pte = vma.Mm[page];
            bool ksm = (pte.IsPresent || pte.IsMigration) && K.FolioOf(pte).Ksm;
            vma.Mm.Ptl(page).Release(cpu);
            if (!ksm || await R.Fault.HandleLocked(cpu, vma, page, write: false) == FaultResult.Failed)
            {
                return any;
            }
        }
    }

    private async Flow Append(Cpu cpu, Folio stable, RmapItem item)
    {
        await R.Locking.Lock(cpu, stable);
        if (!K.BugOn(
            stable.StableNode is null, "BUG: kernel NULL pointer dereference, address: 0000000000000038",
            "stable_tree_append", stable))
        {
            await R.KsmTree.AppendItem(cpu, item, stable.StableNode!);
        }

        await R.Locking.Unlock(cpu, stable);
    }
}
