using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>shrink_folio_list and what it needs: pageout, the end of writeback (mm/vmscan.c, mm/page_io.c,
/// v6.18).</summary>
/// <remarks>Left out: the zeromap. A folio of zeroes is written as any other, where the kernel just notes that it is
/// one and has it back at once, so that it does not stay in the swap cache of an asynchronous device.</remarks>
public class Shrink : SwapOut
{
    protected static readonly Point TestWriteback =
        Points.Define("ShrinkTestWriteback", "shrink_folio_list", Access.Read);
    protected static readonly Point SetReferenced =
        Points.Define("ShrinkSetReferenced", "folio_check_references", Access.Rmw);
    protected static readonly Point TestMapped = Points.Define("ShrinkTestMapped", "shrink_folio_list", Access.Read);
    protected static readonly Point TestDirty = Points.Define("ShrinkTestDirty", "shrink_folio_list", Access.Read);
    protected static readonly Point SetActive = Points.Define("ShrinkSetActive", "shrink_folio_list", Access.Rmw);
    protected static readonly Point CountRefs = Points.Define("PageoutCountRefs", "pageout", Access.Read);
    protected static readonly Point ClearDirty =
        Points.Define("PageoutClearDirty", "folio_clear_dirty_for_io", Access.Rmw);
    protected static readonly Point StartWrite = Points.Define("WriteoutSetWriteback", "swap_writeout", Access.Rmw);
    protected static readonly Point WriteDevice = Points.Define("WriteoutDevice", "swap_writeout", Access.Write);
    protected static readonly Point SetReclaim = Points.Define("ShrinkSetReclaim", "shrink_folio_list", Access.Rmw);
    protected static readonly Point Redirty = Points.Define("ShmemRedirty", "shmem_writeout", Access.Rmw);
    protected static readonly Point Written = Points.Define("ShrinkTestWritten", "shrink_folio_list", Access.Read);

    private readonly FolioList?[] kept = new FolioList?[Kernel.CpusMax];
    private readonly List<Folio>[] freed = ListForEachCpu();
    private readonly List<Folio>[] writing = ListForEachCpu();

    /// <summary>shrink_folio_list: what cannot be freed is left on <paramref name="list"/>.</summary>
    public virtual async Flow FolioListOf(Cpu cpu, FolioList list, bool ignoreReferences)
    {
        FolioList keep = kept[cpu.Index] ??= new FolioList(K, $"kept by cpu{cpu.Index}", isLru: false);
        keep.Reset();
        List<Folio> free = freed[cpu.Index];
        free.Clear();
        while (list.Last is { } folio)
        {
            FolioList.Remove(K, folio);
            Verdict verdict = await ShrinkOne(cpu, folio, list, ignoreReferences);
            if (verdict == Verdict.Dropped)
            {
                continue;
            }

            if (verdict == Verdict.ActivateLocked)
            {
                await Activate(cpu, folio);
            }

            if (verdict != Verdict.Keep)
            {
                await R.Locking.Unlock(cpu, folio);
            }

            if (verdict == Verdict.Free)
            {
                await R.DeferredSplit.Unqueue(cpu, folio);
                free.Add(folio);
                continue;
            }

            K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "shrink_folio_list", folio);
            keep.AddHead(folio);
        }

        await FlushBeforeFree(cpu);
        foreach (Folio folio in free)
        {
            R.Memcg.Uncharge(folio);
            await R.Free.FreeFrozen(cpu, folio);
        }

        while (keep.First is { } folio)
        {
            FolioList.Remove(K, folio);
            list.AddTail(folio);
        }
    }

    /// <summary>The interrupts of an asynchronous device for the writes that this lane submitted.</summary>
    public virtual async Flow CompleteWrites(Cpu cpu)
    {
        List<Folio> folios = writing[cpu.Index];
        for (int i = 0; i < folios.Count; i++)
        {
            await R.Locking.EndWriteback(cpu, folios[i]);
        }

        folios.Clear();
    }

    /// <inheritdoc />
    protected internal override void Reset()
    {
        foreach (List<Folio> folios in writing)
        {
            folios.Clear();
        }
    }

    /// <summary>One turn of shrink_folio_list; the pages of a folio that is split go to the list.</summary>
    protected virtual async Flow<Verdict> ShrinkOne(Cpu cpu, Folio folio, FolioList list, bool ignoreReferences)
    {
        if (!await R.Locking.TryLock(cpu, folio))
        {
            return Verdict.Keep;
        }

        await cpu.At(TestWriteback, folio.FlagsWord);
        if (folio.Has(PageFlag.HwPoison) && !folio.IsLarge)
        {
            return await DropPoisoned(cpu, folio);
        }

        K.BugOn(folio.Has(PageFlag.Active), "VM_BUG_ON_FOLIO(folio_test_active(folio))", "shrink_folio_list", folio);
        if (folio.Has(PageFlag.Writeback) || folio.Has(PageFlag.Mlocked))
        {
            return Verdict.ActivateLocked;
        }

        if (!ignoreReferences && await CheckReferences(cpu, folio) is { } spared)
        {
            return spared;
        }

        if (folio.Anon && folio.Has(PageFlag.Swapbacked) && !folio.Has(PageFlag.Swapcache)
            && await AddToSwap(cpu, folio, list) is { } unable)
        {
            return unable;
        }

        await cpu.At(TestMapped, folio.MappedWord);
        if (folio.Mapped)
        {
            await R.Unmap.TryToUnmap(cpu, folio);
            await cpu.At(TestMapped, folio.MappedWord);
            if (folio.Mapped)
            {
                return Verdict.ActivateLocked;
            }
        }

        await cpu.At(TestPinned, folio.PinnedWord);
        if (folio.MaybePinned)
        {
            return Verdict.ActivateLocked;
        }

        return await FreeUnmapped(cpu, folio);
    }

    /// <summary>The second half of shrink_folio_list: nobody maps the folio any more.</summary>
    protected virtual async Flow<Verdict> FreeUnmapped(Cpu cpu, Folio folio)
    {
        await cpu.At(TestDirty, folio.FlagsWord);
        if (folio.Has(PageFlag.Dirty) && await ShrinkDirty(cpu, folio) is { } written)
        {
            return written;
        }

        bool lazyfree = folio.Anon && !folio.Has(PageFlag.Swapbacked);
        bool removed = await (lazyfree ? RemoveLazyfree(cpu, folio) : RemoveMapping(cpu, folio));
        return removed ? Verdict.Free : Verdict.KeepLocked;
    }

    /// <summary>A poisoned folio is unmapped and left to memory_failure().</summary>
    protected virtual async Flow<Verdict> DropPoisoned(Cpu cpu, Folio folio)
    {
        await R.MemoryFailure.UnmapPoisoned(cpu, folio);
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Isolation);
        return Verdict.Dropped;
    }

    /// <summary>What becomes of a dirty folio: null when it is clean and locked, so that it can be freed.</summary>
    protected virtual async Flow<Verdict?> ShrinkDirty(Cpu cpu, Folio folio)
    {
        if (folio.Has(PageFlag.Swapbacked))
        {
            await FlushBeforeWrite(cpu);
            return await Pageout(cpu, folio);
        }

        // A page of a file list is for the flusher; a lazyfree folio that was dirtied late goes along.
        await cpu.At(SetReclaim, folio.FlagsWord);
        folio.Set(PageFlag.Reclaim);
        return Verdict.ActivateLocked;
    }

    /// <summary>folio_check_references: null to go on with reclaim.</summary>
    protected virtual async Flow<Verdict?> CheckReferences(Cpu cpu, Folio folio)
    {
        int young = await R.Unmap.Referenced(cpu, folio, isLocked: true);
        if (young == Unmap.InLockedVma)
        {
            return Verdict.ActivateLocked;
        }

        if (young < 0)
        {
            return Verdict.KeepLocked;
        }

        await cpu.At(SetReferenced, folio.FlagsWord);
        bool referenced = folio.TestAndClear(PageFlag.Referenced);
        if (young == 0)
        {
            return null;
        }

        folio.Set(PageFlag.Referenced);
        return referenced || young > 1 ? Verdict.ActivateLocked : Verdict.KeepLocked;
    }

    /// <summary>activate_locked.</summary>
    protected virtual async Flow Activate(Cpu cpu, Folio folio)
    {
        await cpu.At(SetActive, folio.FlagsWord);
        if (folio.Has(PageFlag.Swapcache) && (K.Swap.IsFull() || folio.Has(PageFlag.Mlocked)))
        {
            await R.Slots.FreeSwap(cpu, folio);
            await cpu.At(SetActive, folio.FlagsWord);
        }

        K.BugOn(folio.Has(PageFlag.Active), "VM_BUG_ON_FOLIO(folio_test_active(folio))", "shrink_folio_list", folio);
        if (!folio.Has(PageFlag.Mlocked))
        {
            folio.Set(PageFlag.Active);
        }
    }

    /// <summary>try_to_unmap_flush before what was reclaimed goes back to the allocator.</summary>
    protected virtual Flow FlushBeforeFree(Cpu cpu) => R.Tlb.FlushBatch(cpu);

    /// <summary>try_to_unmap_flush_dirty before pageout: nobody may store to the page while it is written.</summary>
    protected virtual Flow FlushBeforeWrite(Cpu cpu) => R.Tlb.FlushBatchDirty(cpu);

    /// <summary>pageout and what follows it: null when the folio is clean and locked, so that it can be
    /// freed.</summary>
    protected virtual async Flow<Verdict?> Pageout(Cpu cpu, Folio folio)
    {
        await cpu.At(CountRefs, folio.RefcountWord);
        if (folio.Refcount != 1 + folio.PageCount || (!folio.Has(PageFlag.Swapcache) && folio.File is null))
        {
            return Verdict.KeepLocked;
        }

        await cpu.At(ClearDirty, folio.FlagsWord);
        if (!folio.TestAndClear(PageFlag.Dirty))
        {
            return null;
        }

        if (!folio.Has(PageFlag.Swapcache) && !await R.Shmem.MoveToSwap(cpu, folio))
        {
            await cpu.At(Redirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
            return Verdict.ActivateLocked;
        }

        await Writeout(cpu, folio);
        await cpu.At(Written, folio.FlagsWord);
        if (folio.Has(PageFlag.Writeback) || folio.Has(PageFlag.Dirty) || !await R.Locking.TryLock(cpu, folio))
        {
            return Verdict.Keep;
        }

        await cpu.At(Written, folio.FlagsWord);
        return folio.Has(PageFlag.Dirty) || folio.Has(PageFlag.Writeback) ? Verdict.KeepLocked : null;
    }

    /// <summary>swap_writeout: leaves the folio unlocked; the write of a synchronous device is over then.</summary>
    protected virtual async Flow Writeout(Cpu cpu, Folio folio)
    {
        if (await R.Slots.FreeSwap(cpu, folio))
        {
            await R.Locking.Unlock(cpu, folio);
            return;
        }

        int slot = folio.SwapSlot;
        await cpu.At(StartWrite, folio.FlagsWord);
        K.BugOn(
            folio.Has(PageFlag.Writeback), "VM_BUG_ON_FOLIO(folio_test_writeback(folio))", "folio_start_writeback",
            folio);
        folio.Set(PageFlag.Writeback);
        R.LargeSwapIn.NoteZeroes(folio, slot);
        await R.Locking.Unlock(cpu, folio);
        for (int number = 0; number < folio.PageCount; number++)
        {
            await cpu.At(WriteDevice, K.Swap.DataWord(slot + number));
            K.Swap.Data[slot + number] = folio.PageAt(number).Data;
        }

        if (K.Swap.Synchronous)
        {
            await R.Locking.EndWriteback(cpu, folio);
        }
        else
        {
            writing[cpu.Index].Add(folio);
        }
    }
}
