using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>do_swap_page, with and without the swap cache (mm/memory.c, v6.18).</summary>
/// <remarks>
/// What a large folio adds to it is <see cref="LargeSwapIn"/>. Left out: device entries, read errors. I/O of a lane
/// completes in it, at points of its own.
/// </remarks>
public class SwapIn : SwapRead
{
    protected static readonly Point ReadCount = Points.Define("SwapinReadCount", "do_swap_page", Access.Read);
    protected static readonly Point WaitPinned = Points.Define("SwapinWaitPinned", "do_swap_page", Access.Read);
    protected static readonly Point BypassRead = Points.Define("SwapinReadDevice", "swap_read_folio", Access.Read);
    protected static readonly Point BypassUptodate =
        Points.Define("SwapinSetUptodate", "__end_swap_bio_read", Access.Rmw);
    protected static readonly Point TestEntry =
        Points.Define("SwapinTestEntry", "folio_matches_swap_entry", Access.Read);
    protected static readonly Point TestLru = Points.Define("SwapinTestLru", "do_swap_page", Access.Read);
    protected static readonly Point PteLock = Points.Define("SwapinPtl", "do_swap_page", Access.Acquire);
    protected static readonly Point NoDevice = Points.Define("SwapinNoDevice", "do_swap_page", Access.Read);
    protected static readonly Point NothingLock = Points.Define("SwapinNothingPtl", "do_swap_page", Access.Acquire);
    protected static readonly Point TestFree =
        Points.Define("SwapinTestFreeSwap", "should_try_to_free_swap", Access.Read);
    protected static readonly Point TestFreeRefs =
        Points.Define("SwapinTestFreeRefs", "should_try_to_free_swap", Access.Read);
    protected static readonly Point AddRefs = Points.Define("SwapinAddRefs", "do_swap_page", Access.Rmw);
    protected static readonly Point CountRefs = Points.Define("SwapinCountRefs", "do_swap_page", Access.Read);
    protected static readonly Point SetPte = Points.Define("SwapinSetPte", "do_swap_page", Access.Write);

    /// <summary>The test that decides between the first and a further mapping.</summary>
    protected static readonly Point TestAnon = Points.Define("SwapinTestAnon", "do_swap_page", Access.Read);

    /// <summary>do_swap_page: entered and left with the fault's lock held, unless the result is Retry.</summary>
    public virtual async Flow<FaultResult> DoSwapPage(Cpu cpu, FaultContext fault)
    {
        if (fault.Original.IsMigration)
        {
            await R.Migrate.WaitOnMigrationEntry(cpu, fault.Mm, fault.Page);
            return FaultResult.Done;
        }

        if (!await R.Slots.TryGetDevice(cpu))
        {
            // Swapoff has brought every page back: the kernel faults again until the entry has changed.
            await cpu.At(NoDevice, fault.Mm.PteWord(fault.Page), fault.Mm.EntryOrPinChanged(fault.Page));
            return FaultResult.Done;
        }

        FaultResult result = await SwapInEntry(cpu, fault, fault.Original.Target);
        await R.Slots.ReleaseDevice(cpu);
        return result;
    }

    /// <summary>Takes the folio lock, or drops the fault's lock and waits (folio_lock_or_retry).</summary>
    protected virtual async Flow<FaultResult> LockFolio(Cpu cpu, FaultContext fault, Folio folio)
    {
        if (await R.Locking.TryLock(cpu, folio))
        {
            return FaultResult.Done;
        }

        if (!fault.Tried)
        {
            Fault.Unlock(cpu, fault);
            await R.Locking.WaitClear(cpu, folio, PageFlag.Locked);
            return FaultResult.Retry;
        }

        await R.Locking.Lock(cpu, folio);
        return FaultResult.Done;
    }

    /// <summary>Gives the folio lock back.</summary>
    protected virtual Flow UnlockFolio(Cpu cpu, Folio folio) => R.Locking.Unlock(cpu, folio);

    /// <summary>Whether a folio from the swap cache is, now that it is locked, still there and for this slot.</summary>
    protected virtual async Flow<bool> StillCached(Cpu cpu, Folio folio, int slot)
    {
        await cpu.At(TestEntry, folio.FlagsWord);
        return SwapCache.Matches(folio, slot);
    }

    /// <summary>Takes the slots against reuse before they are read without the swap cache.</summary>
    protected virtual Flow<bool> PinSlots(Cpu cpu, int first, int count) => R.Slots.PrepareCache(cpu, first, count);

    /// <summary>Gives the slots free again.</summary>
    protected virtual Flow UnpinSlots(Cpu cpu, int first, int count) => R.Slots.ClearCache(cpu, first, count);

    /// <summary>Whether the folio has been mapped before; the folio lock makes the answer last.</summary>
    protected virtual async Flow<bool> IsAnon(Cpu cpu, Folio folio)
    {
        await cpu.At(TestAnon, folio.MappingWord);
        return folio.Anon;
    }

    protected virtual async Flow<FaultResult> SwapInEntry(Cpu cpu, FaultContext fault, int slot)
    {
        Folio? folio = await R.SwapCache.Lookup(cpu, slot);
        Holder holder = Holder.Lookup;
        bool cached = true;
        if (folio is null)
        {
            (folio, cached) = await ReadSlot(cpu, fault, slot);
            if (folio is null)
            {
                return cached ? await NothingRead(cpu, fault) : FaultResult.Done;
            }

            holder = cached ? Holder.Lookup : Holder.Allocation;
        }

        // The folio may be gone when the slots of a private one are given free.
        int pages = folio.PageCount;
        FaultResult result = await LockFolio(cpu, fault, folio);
        bool mapped = false;
        if (result == FaultResult.Done)
        {
            if (!cached)
            {
                (result, mapped) = await MapFolio(cpu, fault, folio, slot, cached, holder);
            }
            else if (await StillCached(cpu, folio, slot))
            {
                (result, mapped) = await MapCached(cpu, fault, folio, slot);
            }

            if (!mapped)
            {
                await UnlockFolio(cpu, folio);
            }
        }

        if (!mapped)
        {
            await R.Free.Put(cpu, folio, holder);
        }

        if (!cached)
        {
            await UnpinSlots(cpu, slot & -pages, pages);
        }

        return result;
    }

    /// <summary>A locked folio of the swap cache, perhaps poisoned, or a copy where KSM asks for it.</summary>
    protected virtual async Flow<(FaultResult Result, bool Mapped)> MapCached(
        Cpu cpu, FaultContext fault, Folio folio, int slot)
    {
        if (folio.Has(PageFlag.HwPoison))
        {
            return (FaultResult.Failed, false);
        }

        Folio? copy = await R.KsmCopy.MightNeed(cpu, folio, fault.Vma, fault.Page);
        if (copy is null)
        {
            return (FaultResult.Failed, false);
        }

        return copy == folio
            ? await MapFolio(cpu, fault, folio, slot, cached: true, Holder.Lookup)
            : (await R.KsmCopy.Map(cpu, fault, copy, slot), false);
    }

    /// <summary>The part under the folio lock and the ptl; unlocks the folio if it maps it.</summary>
    protected virtual async Flow<(FaultResult Result, bool Mapped)> MapFolio(
        Cpu cpu, FaultContext fault, Folio folio, int slot, bool cached, Holder holder)
    {
        MmStruct mm = fault.Mm;
        await cpu.At(TestLru, folio.FlagsWord);
        if (fault.Write && cached && !folio.Ksm && !folio.Has(PageFlag.Lru))
        {
            await R.Lru.Drain(cpu);
        }

        await mm.Ptl(fault.Page).Acquire(cpu, PteLock);
        if (mm[fault.Page] != fault.Original)
        {
            mm.Ptl(fault.Page).Release(cpu);
            return (FaultResult.Done, false);
        }

        int count = await CountEntries(cpu, fault, folio, slot);
        if (count == 0)
        {
            mm.Ptl(fault.Page).Release(cpu);
            return (FaultResult.Done, false);
        }

        Page frame = count > 1 ? folio : folio.PageAt(slot & (folio.PageCount - 1));
        K.BugOn(
            folio.Anon && frame.Has(PageFlag.AnonExclusive),
            "BUG_ON(folio_test_anon(folio) && PageAnonExclusive(page))",
            "do_swap_page", frame);

        // zram wants stable writes: a page that is being written must not be written to, so it is mapped read-only.
        bool stable = cached && K.Swap.Synchronous && folio.Has(PageFlag.Writeback);
        bool exclusive = !cached || (fault.Original.Exclusive && !stable);
        bool reuse = await MapSlots(cpu, fault, frame, count, exclusive, holder);
        await UnlockFolio(cpu, folio);
        if (fault.Write && !reuse)
        {
            fault.Original = mm[fault.Page];
            return (await R.WriteProtect.DoWpPage(cpu, fault), true);
        }

        mm.Ptl(fault.Page).Release(cpu);
        return (FaultResult.Done, true);
    }

    /// <summary>How many entries a folio is mapped by; 0 for none of them, where it no longer fits.</summary>
    protected virtual Flow<int> CountEntries(Cpu cpu, FaultContext fault, Folio folio, int slot) =>
        Flow.Of(R.LargeSwapIn.CountEntries(fault, folio, slot));

    /// <summary>What is asserted of a folio that nobody has mapped yet.</summary>
    protected virtual void CheckFresh(Folio folio, int count) => K.BugOn(
        folio.IsLarge && folio.Has(PageFlag.Swapcache),
        "VM_WARN_ON_ONCE(folio_test_large(folio) && folio_test_swapcache(folio))", "do_swap_page", folio);

    /// <summary>The end of the slots' hold by the entries, perhaps that of the swap cache's, and then the mapping, in
    /// place of a <paramref name="holder"/>'s reference.</summary>
    /// <returns>Whether the process has the folio for itself.</returns>
    protected virtual async Flow<bool> MapSlots(
        Cpu cpu, FaultContext fault, Page first, int count, bool exclusive, Holder holder)
    {
        Folio folio = first.Head;
        await FreeSlots(cpu, fault, count);
        if (await ShouldFreeSwap(cpu, fault, folio, mapped: 1, fault.Write))
        {
            await R.Slots.FreeSwap(cpu, folio);
        }

        return await MapExclusive(cpu, fault, first, count, exclusive, holder);
    }

    /// <summary>swap_free_nr of the slots that the entries are of.</summary>
    protected Flow FreeSlots(Cpu cpu, FaultContext fault, int count) =>
        R.Slots.Free(cpu, fault.Original.Target & -count, count);

    /// <summary>The counters of the process, who it shares the folio with, and the mapping.</summary>
    protected async Flow<bool> MapExclusive(
        Cpu cpu, FaultContext fault, Page first, int count, bool exclusive, Holder holder)
    {
        Folio folio = first.Head;
        fault.Mm.AddRss(count, -count);
        await cpu.At(CountRefs, folio.RefcountWord);
        bool reuse = !folio.Ksm && (exclusive || folio.Refcount == 1);
        folio.HandOver(holder, Holder.Mapping);
        await SetMapping(cpu, fault, first, count, reuse);
        return reuse;
    }

    /// <summary>The references of all entries but one, the rmap, a first or a further one, and then the
    /// entries.</summary>
    protected virtual async Flow SetMapping(Cpu cpu, FaultContext fault, Page first, int count, bool reuse)
    {
        PteFlag flags = PteFlag.Young;
        if (reuse)
        {
            flags |= fault.Vma.Writable ? PteFlag.Write : PteFlag.None;
            flags |= fault.Write ? PteFlag.Dirty : PteFlag.None;
        }

        Folio folio = first.Head;
        if (count > 1)
        {
            await cpu.At(AddRefs, folio.RefcountWord);
            folio.Get(Holder.Mapping, count - 1);
        }

        int start = fault.Page - (fault.Original.Target & (count - 1));
        if (await IsAnon(cpu, folio))
        {
            await R.Rmap.AddPtes(cpu, first, count, fault.Vma, start, reuse);
        }
        else
        {
            CheckFresh(folio, count);
            await R.RmapNew.Add(cpu, folio, fault.Vma, start, reuse);
        }

        for (int number = 0; number < count; number++)
        {
            await cpu.At(SetPte, fault.Mm.PteWord(start + number));
            K.BugOn(
                number == 0 && (!folio.Anon || (reuse && !first.Has(PageFlag.AnonExclusive))),
                "VM_BUG_ON(!folio_test_anon(folio) || (pte_write(pte) && !PageAnonExclusive(page)))",
                "do_swap_page", folio);
            fault.Mm.SetPte(start + number, new Pte(PteKind.Present, (ushort)(first.Pfn + number), flags));
        }
    }

    /// <summary>No folio: under the ptl, either the entry has changed meanwhile, or memory is out.</summary>
    protected virtual async Flow<FaultResult> NothingRead(Cpu cpu, FaultContext fault)
    {
        await fault.Mm.Ptl(fault.Page).Acquire(cpu, NothingLock);
        bool same = fault.Mm[fault.Page] == fault.Original;
        fault.Mm.Ptl(fault.Page).Release(cpu);
        return same ? FaultResult.Failed : FaultResult.Done;
    }

    /// <summary>should_try_to_free_swap.</summary>
    /// <param name="cpu">The cpu.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="folio">The folio, locked.</param>
    /// <param name="mapped">References that are known beside those of the swap cache.</param>
    /// <param name="store">Whether there is a store to come that an exclusive mapping would allow.</param>
    protected virtual async Flow<bool> ShouldFreeSwap(
        Cpu cpu, FaultContext fault, Folio folio, int mapped, bool store)
    {
        await cpu.At(TestFree, folio.FlagsWord);
        if (!folio.Has(PageFlag.Swapcache))
        {
            return false;
        }

        if (K.Swap.IsFull() || fault.Vma.IsLocked || folio.Has(PageFlag.Mlocked))
        {
            return true;
        }

        await cpu.At(TestFreeRefs, folio.RefcountWord);
        return store && !folio.Ksm && folio.Refcount == mapped + folio.PageCount;
    }

    /// <summary>Reads a slot that is not in the swap cache, through it or past it.</summary>
    protected virtual async Flow<(Folio? Folio, bool Cached)> ReadSlot(Cpu cpu, FaultContext fault, int slot)
    {
        await cpu.At(ReadCount, K.Swap.SlotWord(slot));
        bool cached = !(K.Swap.Synchronous && K.Swap.Count(slot) == 1);
        return (cached ? await ReadAhead(cpu, slot) : await ReadPrivately(cpu, fault, slot), cached);
    }

    /// <summary>The bypass for synchronous devices: a private folio, the slot pinned until the entry is
    /// replaced.</summary>
    protected virtual async Flow<Folio?> ReadPrivately(Cpu cpu, FaultContext fault, int slot)
    {
        Folio? folio = await R.LargeSwapIn.Allocate(cpu, fault);
        if (folio is null)
        {
            return null;
        }

        int first = slot & -folio.PageCount;
        FolioLocking.SetLockedPrivate(cpu, folio);
        folio.Set(PageFlag.Swapbacked);
        if (!await PinSlots(cpu, first, folio.PageCount))
        {
            // The kernel sleeps a tick and faults again, until whoever holds the slot is done or the entry has changed.
            await cpu.At(WaitPinned, K.Swap.SlotWord(slot), fault.Mm.EntryOrPinChanged(fault.Page));
            await R.Locking.Unlock(cpu, folio);
            await R.Free.Put(cpu, folio, Holder.Allocation);
            return null;
        }

        await R.Lru.Add(cpu, folio);
        for (int number = 0; number < folio.PageCount; number++)
        {
            await cpu.At(BypassRead, K.Swap.DataWord(first + number));
            K.Swap.ReadInto(folio.PageAt(number), first + number);
        }

        await cpu.At(BypassUptodate, folio.FlagsWord);
        folio.Set(PageFlag.Uptodate);
        await R.Locking.Unlock(cpu, folio);
        return folio;
    }
}
