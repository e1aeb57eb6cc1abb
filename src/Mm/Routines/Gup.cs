using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>
/// Pinning pages for devices (mm/gup.c: FOLL_PIN | FOLL_LONGTERM, v6.18), and the devices' use of them.
/// </summary>
/// <remarks>
/// Left out: FOLL_GET, FOLL_FORCE, page tables that go away under fast GUP, migration out of movable zones (no zone
/// is movable), activation by folio_mark_accessed. A long-term pin never takes the zero page: it breaks COW first.
/// The slow path drops the mmap lock around each fault, as after VM_FAULT_RETRY, while the kernel may keep it.
/// </remarks>
public class Gup : Routine
{
    protected static readonly Point HasPinned = Points.Define("GupSetHasPinned", "mm_set_has_pinned_flag", Access.Rmw);
    protected static readonly Point SeqBegin = Points.Define("GupFastSeqBegin", "gup_fast", Access.Read);
    protected static readonly Point FastReadPte = Points.Define("GupFastReadPte", "gup_fast_pte_range", Access.Read);
    protected static readonly Point FastTryGet = Points.Define("GupFastTryGet", "try_grab_folio_fast", Access.Rmw);
    protected static readonly Point FastAddBias = Points.Define("GupFastAddBias", "try_grab_folio_fast", Access.Rmw);
    protected static readonly Point FastRecheck = Points.Define("GupFastRecheckPte", "gup_fast_pte_range", Access.Read);
    protected static readonly Point FastUnshare =
        Points.Define("GupFastTestExclusive", "gup_must_unshare", Access.Read);
    protected static readonly Point FastTouch = Points.Define("GupFastSetReferenced", "gup_fast_pte_range", Access.Rmw);
    protected static readonly Point SeqRetry = Points.Define("GupFastSeqRetry", "gup_fast", Access.Read);
    protected static readonly Point Sanity = Points.Define("GupSanityCheck", "sanity_check_pinned_pages", Access.Read);
    protected static readonly Point MmapLock = Points.Define("GupMmapLock", "__gup_longterm_locked", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("GupPtl", "follow_page_pte", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("GupReadPte", "follow_page_pte", Access.Read);
    protected static readonly Point MustUnshare = Points.Define("GupTestExclusive", "gup_must_unshare", Access.Read);
    protected static readonly Point Grab = Points.Define("GupGrab", "try_grab_folio", Access.Rmw);
    protected static readonly Point TouchDirty = Points.Define("GupSetDirty", "follow_page_pte", Access.Rmw);
    protected static readonly Point TouchAccessed =
        Points.Define("GupSetReferenced", "folio_mark_accessed", Access.Rmw);
    protected static readonly Point StorePin = Points.Define("PinStore", "device driver", Access.Write);
    protected static readonly Point UsePin = Points.Define("PinUse", "device driver", Access.Read);
    protected static readonly Point TakePin = Points.Define("PinTake", "device driver", Access.Rmw);
    protected static readonly Point DeviceWrite = Points.Define("DmaWrite", "device", Access.Write);
    protected static readonly Point DeviceRead = Points.Define("DmaRead", "device", Access.Read);
    protected static readonly Point UnpinDirty =
        Points.Define("UnpinSetDirty", "unpin_user_pages_dirty_lock", Access.Rmw);

    /// <summary>Ground truth: how often the page that a lane is pinning had been dropped when it was found
    /// there.</summary>
    private readonly int[] truthDiscards = new int[Machine.CpusMax];

    /// <summary>What a look at an entry under the ptl says (follow_page_pte).</summary>
    protected enum Follow
    {
        /// <summary>The page is pinned.</summary>
        Pinned,

        /// <summary>NULL: fault it in.</summary>
        Fault,

        /// <summary>-EMLINK: fault it in as one's own page first.</summary>
        Unshare,

        /// <summary>No such address, or the page cannot be pinned.</summary>
        Failed,
    }

    /// <summary>
    /// pin_user_pages_fast for one page; the device that wanted it gets an entry of <see cref="Kernel.Pins"/>.
    /// </summary>
    /// <returns>False when there is no such page, or no device has room for another pin.</returns>
    public virtual async Flow<bool> PinPage(Cpu cpu, MmStruct mm, int page, bool write)
    {
        if (FreePin() is null)
        {
            return false;
        }

        await cpu.At(HasPinned, mm.Word);
        mm.HasPinned = true;
        Folio? folio = await PinFast(cpu, mm, page, write);
        folio ??= await PinSlowly(cpu, mm, page, write);
        return folio is not null && await Store(cpu, mm, page, write, folio);
    }

    /// <summary>A device writes or reads through its first pin of that page.</summary>
    /// <returns>False when there is no such pin.</returns>
    public virtual async Flow<bool> Dma(Cpu cpu, MmStruct mm, int page)
    {
        if (FindPin(mm, page) is not { } pin)
        {
            return false;
        }

        await cpu.At(UsePin, pin.Word);
        if (!Is(pin, mm, page) || pin.Folio is not { } folio)
        {
            return false;
        }

        await cpu.At(pin.Write ? DeviceWrite : DeviceRead, folio.DataWord);
        if (!Is(pin, mm, page) || pin.Folio != folio)
        {
            // A driver does not unpin under a device that is at work: the device came too late.
            return false;
        }

        if (pin.Write)
        {
            int value = K.NextValue++;
            folio.SetData(value);
            if (pin.TruthAttached)
            {
                mm.TruthData[page] = value;
            }
        }
        else if (pin.TruthAttached && folio.Data != mm.TruthData[page])
        {
            K.TruthBroken.Add(
                $"pin: device reads {folio.Data} through the pin of {mm} p{page}, must read {mm.TruthData[page]}");
        }

        return true;
    }

    /// <summary>
    /// unpin_user_pages_dirty_lock for the first pin of that page; what a device wrote is marked dirty.
    /// </summary>
    /// <returns>False when there is no such pin.</returns>
    public virtual async Flow<bool> UnpinPage(Cpu cpu, MmStruct mm, int page)
    {
        if (FindPin(mm, page) is not { } pin)
        {
            return false;
        }

        await cpu.At(TakePin, pin.Word);
        if (!Is(pin, mm, page) || pin.Folio is not { } folio)
        {
            return false;
        }

        pin.Folio = null;
        await Unpin(cpu, folio, pin.Write);
        return true;
    }

    /// <summary>All devices give back what they hold.</summary>
    public virtual async Flow ReleaseAllPins(Cpu cpu)
    {
        foreach (Pin pin in K.Pins)
        {
            if (pin.Folio is { } held)
            {
                await cpu.At(TakePin, pin.Word);
                if (pin.Folio == held)
                {
                    pin.Folio = null;
                    await Unpin(cpu, held, pin.Write);
                }
            }
        }
    }

    /// <summary>gup_fast: no locks; fork in between shows in write_protect_seq. Null: take the slow path.</summary>
    protected virtual async Flow<Folio?> PinFast(Cpu cpu, MmStruct mm, int page, bool write)
    {
        await cpu.At(SeqBegin, mm.SeqWord);
        int seq = mm.WriteProtectSeq;
        if ((seq & 1) != 0)
        {
            return null;
        }

        Folio? folio = await PinFastPte(cpu, mm, page, write);
        if (folio is null)
        {
            return null;
        }

        await cpu.At(SeqRetry, mm.SeqWord);
        if (mm.WriteProtectSeq != seq)
        {
            await R.Free.Put(cpu, folio, Holder.Pin);
            return null;
        }

        await CheckExclusive(cpu, folio);
        return folio;
    }

    /// <summary>
    /// gup_fast_pte_range: the pin is taken in two atomic steps, then the entry is read again, then
    /// PageAnonExclusive.
    /// </summary>
    protected virtual async Flow<Folio?> PinFastPte(Cpu cpu, MmStruct mm, int page, bool write)
    {
        await cpu.At(FastReadPte, mm.PteWord(page));
        Pte pte = mm[page];
        if (!pte.IsPresent || (write && !pte.Writable))
        {
            return null;
        }

        Folio folio = K.FolioOf(pte);
        await cpu.At(FastTryGet, folio.RefcountWord);
        if (K.BugOn(folio.Refcount < 0, "WARN_ON_ONCE(folio_ref_count(folio) < 0)", "try_get_folio", folio)
            || !folio.TryGet(Holder.Lookup))
        {
            return null;
        }

        await cpu.At(FastAddBias, folio.RefcountWord);
        folio.ConvertToPin();
        await cpu.At(FastRecheck, mm.PteWord(page));
        truthDiscards[cpu.Index] = mm.TruthDiscards[page];
        if (mm[page] != pte || (!pte.Writable && await FastMustUnshare(cpu, folio, write)))
        {
            await R.Free.Put(cpu, folio, Holder.Pin);
            return null;
        }

        await cpu.At(FastTouch, folio.FlagsWord);
        folio.Set(PageFlag.Referenced);
        return folio;
    }

    /// <summary>
    /// gup_must_unshare without a VMA: whether a read-only page may be shared, so that it must become one's own
    /// first.
    /// </summary>
    protected virtual async Flow<bool> FastMustUnshare(Cpu cpu, Folio folio, bool write)
    {
        if (write)
        {
            return false;
        }

        await cpu.At(FastUnshare, folio.FlagsWord);
        return !folio.Anon || !folio.Has(PageFlag.AnonExclusive);
    }

    /// <summary>follow_page_pte with the ptl held; a page that is there is pinned at once.</summary>
    protected virtual async Flow<(Follow Follow, Folio? Folio)> FollowPte(Cpu cpu, MmStruct mm, int page, bool write)
    {
        await cpu.At(ReadPte, mm.PteWord(page));
        Pte pte = mm[page];
        if (pte.Kind == PteKind.Zero)
        {
            return (write ? Follow.Fault : Follow.Unshare, null);
        }

        if (!pte.IsPresent || (write && !pte.Writable))
        {
            return (Follow.Fault, null);
        }

        Folio folio = K.FolioOf(pte);
        await cpu.At(MustUnshare, folio.FlagsWord);
        bool exclusive = folio.Has(PageFlag.AnonExclusive);
        if (!pte.Writable && !exclusive)
        {
            return (Follow.Unshare, null);
        }

        K.BugOn(
            folio.Anon && !exclusive,
            "VM_WARN_ON_ONCE_PAGE((flags & FOLL_PIN) && PageAnon(page) && !PageAnonExclusive(page))",
            "follow_page_pte", folio);
        await cpu.At(Grab, folio.RefcountWord);
        if (K.BugOn(folio.Refcount <= 0, "WARN_ON_ONCE(folio_ref_count(folio) <= 0)", "try_grab_folio", folio))
        {
            return (Follow.Failed, null);
        }

        folio.Get(Holder.Pin);
        truthDiscards[cpu.Index] = mm.TruthDiscards[page];
        await Touch(cpu, folio, markDirty: write && !pte.Dirty);
        return (Follow.Pinned, folio);
    }

    /// <summary>__get_user_pages for one page: looks under the mmap lock, faults without it, looks again.</summary>
    protected virtual async Flow<Folio?> PinSlowly(Cpu cpu, MmStruct mm, int page, bool write)
    {
        while (true)
        {
            Follow follow = Follow.Failed;
            Folio? folio = null;
            await mm.MmapLock.AcquireRead(cpu, MmapLock);
            if (mm.FindVma(page) is not null)
            {
                await mm.Ptl(page).Acquire(cpu, PteLock);
                (follow, folio) = await FollowPte(cpu, mm, page, write);
                mm.Ptl(page).Release(cpu);
            }

            mm.MmapLock.ReleaseRead(cpu);
            switch (follow)
            {
                case Follow.Pinned:
                    return folio;
                case Follow.Failed:
                    return null;
                default:
                    if (!await R.Fault.FaultIn(cpu, mm, page, write, unshare: follow == Follow.Unshare))
                    {
                        return null;
                    }

                    break;
            }
        }
    }

    /// <summary>FOLL_TOUCH, with the ptl held.</summary>
    protected virtual async Flow Touch(Cpu cpu, Folio folio, bool markDirty)
    {
        if (markDirty && !folio.Has(PageFlag.Dirty))
        {
            await cpu.At(TouchDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        if (!folio.Has(PageFlag.Referenced))
        {
            await cpu.At(TouchAccessed, folio.FlagsWord);
            folio.Set(PageFlag.Referenced);
        }
    }

    /// <summary>The driver writes down what it has pinned; without room for it, it gives the page back.</summary>
    protected virtual async Flow<bool> Store(Cpu cpu, MmStruct mm, int page, bool write, Folio folio)
    {
        while (FreePin() is { } pin)
        {
            await cpu.At(StorePin, pin.Word);
            if (pin.Folio is not null)
            {
                continue;
            }

            pin.Folio = folio;
            pin.Mm = mm;
            pin.Page = page;
            pin.Write = write;
            K.Touched.Folios.Add(folio.Pfn);
            pin.TruthAttached = mm.TruthDiscards[page] == truthDiscards[cpu.Index];
            return true;
        }

        await R.Free.Put(cpu, folio, Holder.Pin);
        return false;
    }

    protected virtual async Flow Unpin(Cpu cpu, Folio folio, bool dirty)
    {
        await CheckExclusive(cpu, folio);
        if (dirty && !folio.Has(PageFlag.Dirty))
        {
            await R.Locking.Lock(cpu, folio);
            await cpu.At(UnpinDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
            await R.Locking.Unlock(cpu, folio);
        }

        await R.Free.Put(cpu, folio, Holder.Pin);
    }

    /// <summary>sanity_check_pinned_pages: a pinned page stays exclusive for as long as it is pinned.</summary>
    protected virtual async Flow CheckExclusive(Cpu cpu, Folio folio)
    {
        await cpu.At(Sanity, folio.FlagsWord);
        K.BugOn(
            folio.Anon && !folio.Has(PageFlag.AnonExclusive), "VM_WARN_ON_ONCE_PAGE(!PageAnonExclusive(&folio->page))",
            "sanity_check_pinned_pages", folio);
    }

    private Pin? FreePin()
    {
        foreach (Pin pin in K.Pins)
        {
            if (pin.Folio is null)
            {
                return pin;
            }
        }

        return null;
    }

    private Pin? FindPin(MmStruct mm, int page)
    {
        foreach (Pin pin in K.Pins)
        {
            if (Is(pin, mm, page))
            {
                return pin;
            }
        }

        return null;
    }

    private static bool Is(Pin pin, MmStruct mm, int page) => pin.Folio is not null && pin.Mm == mm && pin.Page == page;
}
