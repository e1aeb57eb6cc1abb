using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>
/// Pinning pages for devices (mm/gup.c: FOLL_PIN | FOLL_LONGTERM, v6.18), and the devices' use of them.
/// </summary>
/// <remarks>
/// Left out: pins of shared mappings, FOLL_GET, FOLL_FORCE, page tables that go away under fast GUP, movable zones,
/// folio_mark_accessed. A long-term pin never takes the zero page: it breaks COW first. The slow path drops the mmap
/// lock around each fault, which the kernel may keep.
/// </remarks>
public class Gup : GupFast
{
    protected static readonly Point HasPinned = Points.Define("GupSetHasPinned", "mm_set_has_pinned_flag", Access.Rmw);
    protected static readonly Point MmapLock = Points.Define("GupMmapLock", "__gup_longterm_locked", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("GupPtl", "follow_page_pte", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("GupReadPte", "follow_page_pte", Access.Read);
    protected static readonly Point MustUnshare = Points.Define("GupTestExclusive", "gup_must_unshare", Access.Read);
    protected static readonly Point ReadPmd = Points.Define("GupReadPmd", "follow_pmd_mask", Access.Read);
    protected static readonly Point PmdLock = Points.Define("GupPmdLock", "follow_pmd_mask", Access.Acquire);
    protected static readonly Point TouchPmd = Points.Define("GupSetDirtyPmd", "touch_pmd", Access.Rmw);
    protected static readonly Point GrabCount = Points.Define("GupGrabPincount", "try_grab_folio", Access.Rmw);
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
        Page? frame = await PinFast(cpu, mm, page, write);
        frame ??= await PinSlowly(cpu, mm, page, write);
        return frame is not null && await Store(cpu, mm, page, write, frame);
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
        if (!Is(pin, mm, page) || pin.Frame is not { } frame)
        {
            return false;
        }

        await cpu.At(pin.Write ? DeviceWrite : DeviceRead, frame.DataWord);
        if (!Is(pin, mm, page) || pin.Frame != frame)
        {
            // A driver does not unpin under a device that is at work: the device came too late.
            return false;
        }

        if (pin.Write)
        {
            int value = K.NewValue(cpu);
            frame.StoreData(value, pin.TruthWriter);
            if (pin.TruthAttached)
            {
                mm.TruthStore(page, value);
            }
        }
        else if (pin.TruthAttached && !mm.TruthLoad(page, frame.Data))
        {
            K.TruthBroken.Add(
                $"pin: device reads {frame.Data} through the pin of {mm} p{page}, must read {mm.TruthData[page]}");
        }

        return true;
    }

    /// <summary>unpin_user_pages_dirty_lock for the first pin of that page; what was written is marked
    /// dirty.</summary>
    /// <returns>False when there is no such pin.</returns>
    public virtual async Flow<bool> UnpinPage(Cpu cpu, MmStruct mm, int page)
    {
        if (FindPin(mm, page) is not { } pin)
        {
            return false;
        }

        await cpu.At(TakePin, pin.Word);
        if (!Is(pin, mm, page) || pin.Frame is not { } frame)
        {
            return false;
        }

        pin.Frame = null;
        await Unpin(cpu, frame, pin.Write);
        return true;
    }

    /// <summary>All devices give back what they hold.</summary>
    public virtual async Flow ReleaseAllPins(Cpu cpu)
    {
        foreach (Pin pin in K.Pins)
        {
            if (pin.Frame is { } held)
            {
                await cpu.At(TakePin, pin.Word);
                if (pin.Frame == held)
                {
                    pin.Frame = null;
                    await Unpin(cpu, held, pin.Write);
                }
            }
        }
    }

    /// <summary>follow_page_pte with the ptl held; a page that is there is pinned at once.</summary>
    protected virtual async Flow<(Follow Follow, Page? Page)> FollowPte(Cpu cpu, MmStruct mm, int page, bool write)
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

        Page frame = K.PageOf(pte);
        Follow follow = await GrabPage(cpu, mm, page, frame, frame, pte.Writable, "follow_page_pte");
        if (follow != Follow.Pinned)
        {
            return (follow, null);
        }

        await Touch(cpu, frame.Head, markDirty: write && !pte.Dirty);
        return (Follow.Pinned, frame);
    }

    /// <summary>follow_huge_pmd: the first page says whether the whole folio is exclusive.</summary>
    protected virtual async Flow<(Follow Follow, Page? Page)> FollowPmd(
        Cpu cpu, MmStruct mm, PageTable table, int page, bool write)
    {
        Pmd pmd = table.Pmd;
        if (pmd.Kind != PmdKind.Huge || (write && !pmd.Writable))
        {
            return (Follow.Fault, null);
        }

        Folio folio = K.Folios[pmd.Target];
        Page frame = folio.PageAt(page - table.Start);
        Follow follow = await GrabPage(cpu, mm, page, frame, folio, pmd.Writable, "follow_huge_pmd");
        if (follow != Follow.Pinned)
        {
            return (follow, null);
        }

        PteFlag touched = write ? PteFlag.Young | PteFlag.Dirty : PteFlag.Young;
        if (pmd.With(touched) != pmd && write)
        {
            await cpu.At(TouchPmd, table.PmdWord);
            table.SetPmd(table.Pmd.With(touched));
        }

        return (Follow.Pinned, frame);
    }

    /// <summary>What both have in common: whether the page is one's own, then the pin.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="mm">The process.</param>
    /// <param name="page">The address.</param>
    /// <param name="frame">The page that is pinned.</param>
    /// <param name="marked">The page that carries the mark of exclusivity.</param>
    /// <param name="writable">Whether the entry is writable.</param>
    /// <param name="function">The kernel function.</param>
    protected virtual async Flow<Follow> GrabPage(
        Cpu cpu, MmStruct mm, int page, Page frame, Page marked, bool writable, string function)
    {
        Folio folio = frame.Head;
        await cpu.At(MustUnshare, marked.FlagsWord);
        bool exclusive = marked.Has(PageFlag.AnonExclusive);
        if (!writable && !exclusive)
        {
            return Follow.Unshare;
        }

        K.BugOn(
            folio.Anon && !exclusive,
            "VM_WARN_ON_ONCE_PAGE((flags & FOLL_PIN) && PageAnon(page) && !PageAnonExclusive(page))",
            function, marked);
        await cpu.At(Grab, folio.RefcountWord);
        if (K.BugOn(folio.Refcount <= 0, "WARN_ON_ONCE(folio_ref_count(folio) <= 0)", "try_grab_folio", folio))
        {
            return Follow.Failed;
        }

        folio.Get(Holder.Pin);
        if (folio.IsLarge)
        {
            await cpu.At(GrabCount, folio.Large.PincountWord);
            folio.Large.AddPincount(1);
        }

        TruthPinned(cpu, mm, page);
        return Follow.Pinned;
    }

    /// <summary>__get_user_pages for one page: looks under the mmap lock, faults without it, looks again.</summary>
    protected virtual async Flow<Page?> PinSlowly(Cpu cpu, MmStruct mm, int page, bool write)
    {
        while (true)
        {
            Follow follow = Follow.Failed;
            Page? frame = null;
            await mm.MmapLock.AcquireRead(cpu, MmapLock);
            if (mm.FindVma(page) is { Shared: false } vma && (!write || vma.Writable))
            {
                (follow, frame) = await FollowPage(cpu, mm, page, write);
            }

            mm.MmapLock.ReleaseRead(cpu);
            switch (follow)
            {
                case Follow.Pinned:
                    return frame;
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

    /// <summary>follow_pmd_mask.</summary>
    protected virtual async Flow<(Follow Follow, Page? Page)> FollowPage(Cpu cpu, MmStruct mm, int page, bool write)
    {
        PageTable table = mm.Table(page);
        if (K.HasHugePmds)
        {
            await cpu.At(ReadPmd, table.PmdWord);
            if (table.Pmd.Kind is PmdKind.None or PmdKind.Migration)
            {
                return (Follow.Fault, null);
            }

            if (!table.IsTable)
            {
                await mm.PmdLock.Acquire(cpu, PmdLock);
                (Follow, Page?) found = table.Pmd.IsLeaf
                    ? await FollowPmd(cpu, mm, table, page, write)
                    : (Follow.Fault, null);
                bool isTable = table.IsTable;
                mm.PmdLock.Release(cpu);
                if (!isTable)
                {
                    return found;
                }
            }
        }

        await mm.Ptl(page).Acquire(cpu, PteLock);
        (Follow, Page?) followed = await FollowPte(cpu, mm, page, write);
        mm.Ptl(page).Release(cpu);
        return followed;
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
    protected virtual async Flow<bool> Store(Cpu cpu, MmStruct mm, int page, bool write, Page frame)
    {
        while (FreePin() is { } pin)
        {
            await cpu.At(StorePin, pin.Word);
            if (pin.Folio is not null)
            {
                continue;
            }

            pin.Frame = frame;
            pin.Mm = mm;
            pin.Page = K.TruthPinning[cpu.Index].Page;
            pin.Write = write;
            K.Touched.Folios.Add(frame.Pfn);
            K.Touched.Folios.Add(frame.Head.Pfn);
            pin.TruthWriter = mm.TruthId;
            pin.TruthAttached = K.TruthPinning[cpu.Index].Attached;
            return true;
        }

        await PutPin(cpu, frame.Head);
        return false;
    }

    protected virtual async Flow Unpin(Cpu cpu, Page frame, bool dirty)
    {
        Folio folio = frame.Head;
        await CheckExclusive(cpu, frame);
        if (dirty && !folio.Has(PageFlag.Dirty))
        {
            await R.Locking.Lock(cpu, folio);
            await cpu.At(UnpinDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
            await R.Locking.Unlock(cpu, folio);
        }

        await PutPin(cpu, folio);
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
