using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>swapoff and swapon of the device (mm/swapfile.c, v6.18).</summary>
/// <remarks>
/// Left out: signals, the space check, priorities, entries that could not be read, synchronize_rcu before the wait for
/// the device's users. SWP_WRITEOK is cleared under the cluster lock rather than before a pass over it: the allocator
/// looks at it only under that lock, so both are the same.
/// </remarks>
public class Swapoff : Routine
{
    protected static readonly Point Disable = Points.Define("SwapoffDisable", "wait_for_allocation", Access.Acquire);
    protected static readonly Point Reinsert = Points.Define("SwapoffReinsert", "reinsert_swap_info", Access.Acquire);
    protected static readonly Point TestUsage = Points.Define("SwapoffTestUsage", "try_to_unuse", Access.Read);
    protected static readonly Point LookMmlist = Points.Define("SwapoffNextMm", "try_to_unuse", Access.Read);
    protected static readonly Point GetMm = Points.Define("SwapoffGetMm", "mmget_not_zero", Access.Rmw);
    protected static readonly Point MmapLock = Points.Define("SwapoffMmapLock", "unuse_mm", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("SwapoffReadPte", "unuse_pte_range", Access.Read);
    protected static readonly Point TestGone = Points.Define("SwapoffTestSlotGone", "unuse_pte_range", Access.Read);
    protected static readonly Point TestEntry = Points.Define("SwapoffTestEntry", "unuse_pte", Access.Read);
    protected static readonly Point PteLock = Points.Define("SwapoffPtl", "unuse_pte", Access.Acquire);
    protected static readonly Point GetFolio = Points.Define("SwapoffGetFolio", "unuse_pte", Access.Rmw);
    protected static readonly Point TestAnon = Points.Define("SwapoffTestAnon", "unuse_pte", Access.Read);
    protected static readonly Point SetPte = Points.Define("SwapoffSetPte", "unuse_pte", Access.Write);
    protected static readonly Point SetPoison = Points.Define("SwapoffSetPoison", "unuse_pte", Access.Write);
    protected static readonly Point FindSlot = Points.Define("SwapoffFindSlot", "find_next_to_unuse", Access.Read);
    protected static readonly Point Retry = Points.Define("SwapoffRetry", "try_to_unuse", Access.Read);
    protected static readonly Point Kill = Points.Define("SwapoffKill", "percpu_ref_kill", Access.Write);
    protected static readonly Point WaitUsers =
        Points.Define("SwapoffWaitUsers", "wait_for_completion", Access.Acquire);
    protected static readonly Point Drain = Points.Define("SwapoffDrainMmlist", "drain_mmlist", Access.Write);
    protected static readonly Point Freed = Points.Define("SwapoffFreeMaps", "sys_swapoff", Access.Write);
    protected static readonly Point Revive = Points.Define("SwaponRevive", "percpu_ref_resurrect", Access.Rmw);
    protected static readonly Point Enable = Points.Define("SwaponEnable", "enable_swap_info", Access.Acquire);

    private PassWorthwhile? worthwhile;

    /// <summary>swapoff: empties the device, then takes it away.</summary>
    /// <returns>False when it is off or going already, or memory ran out; then it is as it was.</returns>
    public virtual async Flow<bool> Run(Cpu cpu)
    {
        await K.Swap.ClusterLock.Acquire(cpu, Disable);
        bool was = K.Swap.Writable && !K.Swap.GoingOff;
        if (was)
        {
            K.Swap.Writable = false;
            K.Swap.GoingOff = true;
        }

        K.Swap.ClusterLock.Release(cpu);
        if (!was)
        {
            return false;
        }

        if (!await TryToUnuse(cpu))
        {
            await K.Swap.ClusterLock.Acquire(cpu, Reinsert);
            K.Swap.Writable = true;
            K.Swap.GoingOff = false;
            K.Swap.ClusterLock.Release(cpu);
            return false;
        }

        await WaitForUsers(cpu);
        await cpu.At(Drain, K.Mmlist);
        if (K.Swap.InUse() == 0)
        {
            foreach (MmStruct mm in K.Mms)
            {
                mm.OnMmlist = false;
            }
        }

        await cpu.At(Freed, K.Swap.Word);
        K.Swap.TruthGone = true;
        K.Swap.GoingOff = false;
        return true;
    }

    /// <summary>
    /// swapon: the device is usable again. False when it is in use, or somebody still is at taking it away.
    /// </summary>
    public virtual async Flow<bool> SwapOn(Cpu cpu)
    {
        await cpu.At(Revive, K.Swap.Word);
        if (K.Swap.GoingOff || K.Swap.Live || K.Swap.Users != 0 || K.Swap.InUse() != 0)
        {
            return false;
        }

        K.Swap.Live = true;
        K.Swap.TruthGone = false;
        await K.Swap.ClusterLock.Acquire(cpu, Enable);
        K.Swap.Writable = true;
        K.Swap.ClusterLock.Release(cpu);
        return true;
    }

    /// <summary>try_to_unuse: false when memory ran out.</summary>
    protected virtual async Flow<bool> TryToUnuse(Cpu cpu)
    {
        worthwhile ??= new PassWorthwhile(K);
        while (await InUse(cpu))
        {
            if (!await R.Shmem.Unuse(cpu) || !await UnuseMms(cpu))
            {
                return false;
            }

            await UnuseLeftovers(cpu);

            // The kernel tries again for ever; here it does so when it can make a difference.
            await cpu.At(Retry, K.Swap.Word, worthwhile);
        }

        return true;
    }

    /// <summary>The walk over init_mm.mmlist; each process is kept until the next one has been found.</summary>
    protected virtual async Flow<bool> UnuseMms(Cpu cpu)
    {
        MmStruct? previous = null;
        bool done = true;
        for (int i = 0; i < K.Mms.Length && done && await InUse(cpu); i++)
        {
            MmStruct mm = K.Mms[i];
            if (!await GetListed(cpu, mm))
            {
                continue;
            }

            if (previous is not null)
            {
                await R.AddressSpace.Mmput(cpu, previous);
            }

            previous = mm;
            done = await UnuseMm(cpu, mm);
        }

        if (previous is not null)
        {
            await R.AddressSpace.Mmput(cpu, previous);
        }

        return done;
    }

    /// <summary>unuse_mm: false when memory ran out.</summary>
    protected virtual async Flow<bool> UnuseMm(Cpu cpu, MmStruct mm)
    {
        bool done = true;
        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        for (int i = 0; i < mm.Vmas.Count && done; i++)
        {
            Vma vma = mm.Vmas[i];
            for (int page = vma.Start; page < vma.End && done && vma.AnonVma is not null; page++)
            {
                done = !vma.Mm.Table(page).IsTable || await UnusePage(cpu, vma, page);
            }
        }

        mm.MmapLock.ReleaseRead(cpu);
        return done;
    }

    /// <summary>
    /// unuse_pte_range for one entry: reads the slot through the swap cache. False when memory ran out.
    /// </summary>
    protected virtual async Flow<bool> UnusePage(Cpu cpu, Vma vma, int page)
    {
        await cpu.At(ReadPte, vma.Mm.PteWord(page));
        Pte pte = vma.Mm[page];
        if (!pte.IsSwap)
        {
            return true;
        }

        int slot = pte.Target;
        Folio? folio = await R.SwapCache.Lookup(cpu, slot);
        folio ??= await R.SwapIn.ReadSwapCacheAsync(cpu, slot);
        if (folio is null)
        {
            await cpu.At(TestGone, K.Swap.SlotWord(slot));
            return K.Swap.IsFree(slot);
        }

        await R.Locking.Lock(cpu, folio);
        await R.Locking.WaitForWriteback(cpu, folio);
        bool done = await UnusePte(cpu, vma, page, folio, slot);
        await R.Slots.FreeSwap(cpu, folio);
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
        return done;
    }

    /// <summary>
    /// unuse_pte: always read-only and old, and the owner goes after the entry has changed, unlike in do_swap_page.
    /// </summary>
    /// <returns>False when memory ran out.</returns>
    protected virtual async Flow<bool> UnusePte(Cpu cpu, Vma vma, int page, Folio folio, int slot)
    {
        await cpu.At(TestEntry, folio.FlagsWord);
        if (!SwapCache.Matches(folio, slot))
        {
            return true;
        }

        if (folio.Has(PageFlag.HwPoison))
        {
            await PoisonPte(cpu, vma.Mm, page, folio, slot);
            return true;
        }

        if (await R.KsmCopy.MightNeed(cpu, folio, vma, page) is not { } mapped)
        {
            return false;
        }

        MmStruct mm = vma.Mm;
        await mm.Ptl(page).Acquire(cpu, PteLock);
        Pte pte = mm[page];
        if (pte.IsSwap && pte.Target == slot)
        {
            mm.AddRss(1, -1);
            await cpu.At(GetFolio, mapped.RefcountWord);
            mapped.Get(Holder.Mapping);
            Page frame = mapped.PageAt(slot & (mapped.PageCount - 1));
            await AddRmap(cpu, vma, page, frame, mapped == folio, pte);
            await cpu.At(SetPte, mm.PteWord(page));
            mm.SetPte(page, new Pte(PteKind.Present, frame.Pfn, PteFlag.None));
            await R.Slots.Free(cpu, slot);
        }

        mm.Ptl(page).Release(cpu);
        if (mapped != folio)
        {
            await R.Locking.Unlock(cpu, mapped);
            await R.Free.Put(cpu, mapped, Holder.Allocation);
        }

        return true;
    }

    /// <summary>The part of unuse_pte for a poisoned folio.</summary>
    protected virtual async Flow PoisonPte(Cpu cpu, MmStruct mm, int page, Folio folio, int slot)
    {
        await mm.Ptl(page).Acquire(cpu, PteLock);
        if (mm[page].IsSwap && mm[page].Target == slot)
        {
            mm.AddRss(0, -1);
            await cpu.At(SetPoison, mm.PteWord(page));
            mm.SetPte(page, new Pte(PteKind.HwPoison, folio.Pfn, PteFlag.None));
            await R.Slots.Free(cpu, slot);
        }

        mm.Ptl(page).Release(cpu);
    }

    /// <summary>The rmap part of unuse_pte: of the swap cache's folio, or of the copy that KSM asked for.</summary>
    protected virtual async Flow AddRmap(Cpu cpu, Vma vma, int page, Page frame, bool cached, Pte pte)
    {
        Folio folio = frame.Head;
        if (!cached)
        {
            await R.RmapNew.Add(cpu, folio, vma, page, exclusive: true);
            await R.Lru.AddFor(cpu, folio, vma);
            return;
        }

        K.BugOn(folio.Has(PageFlag.Writeback), "VM_BUG_ON_FOLIO(folio_test_writeback(folio))", "unuse_pte", folio);
        await cpu.At(TestAnon, folio.MappingWord);
        if (folio.Anon)
        {
            await R.Rmap.Add(cpu, frame, vma, page, pte.Exclusive);
        }
        else
        {
            K.BugOn(folio.IsLarge, "VM_WARN_ON_ONCE(folio_test_large(folio))", "unuse_pte", folio);
            await R.RmapNew.Add(cpu, folio, vma, page, pte.Exclusive);
        }
    }

    /// <summary>What is left in the swap cache and has no owner any more.</summary>
    protected virtual async Flow UnuseLeftovers(Cpu cpu)
    {
        for (int slot = 0; slot < K.Swap.Slots && K.Swap.InUse() != 0; slot++)
        {
            await cpu.At(FindSlot, K.Swap.SlotWord(slot));
            if (K.Swap.IsFree(slot) || await R.SwapCache.Lookup(cpu, slot) is not { } folio)
            {
                continue;
            }

            await R.Locking.Lock(cpu, folio);
            await R.Locking.WaitForWriteback(cpu, folio);
            await R.Slots.FreeSwap(cpu, folio);
            await R.Locking.Unlock(cpu, folio);
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }
    }

    /// <summary>No new device reference can be had; waits for the old ones.</summary>
    protected virtual async Flow WaitForUsers(Cpu cpu)
    {
        await cpu.At(Kill, K.Swap.Word);
        K.Swap.Live = false;
        await cpu.At(WaitUsers, K.Swap.Word, K.Swap.NoUsers);
    }

    protected virtual async Flow<bool> InUse(Cpu cpu)
    {
        await cpu.At(TestUsage, K.Swap.ClusterLock);
        return K.Swap.InUse() != 0;
    }

    /// <summary>mmget_not_zero for a process on the list; one that is exiting frees its slots itself.</summary>
    protected virtual async Flow<bool> GetListed(Cpu cpu, MmStruct mm)
    {
        await cpu.At(LookMmlist, K.Mmlist);
        if (!mm.OnMmlist)
        {
            return false;
        }

        await cpu.At(GetMm, mm.Word);
        if (mm.Users == 0)
        {
            return false;
        }

        mm.Users++;
        return true;
    }

    /// <summary>Ready when the device is empty, or another pass would find something that it can do.</summary>
    /// <remarks>
    /// What else can be: a slot that is being allocated or freed, an entry that is being set or zapped, a process that
    /// is exiting. Each of them ends as nothing, or as something that a pass finds.
    /// </remarks>
    private sealed class PassWorthwhile(Kernel kernel) : IWaitable
    {
        public bool IsReady(Cpu cpu) => kernel.Swap.InUse() == 0 || AnyLeftover() || AnyEntry()
            || AnyOfShmem();

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }

        private bool AnyLeftover()
        {
            for (int slot = 0; slot < kernel.Swap.Slots; slot++)
            {
                if (kernel.Swap.Cached(slot) is { } folio
                    && kernel.Swap.OnlyCache(slot & -folio.PageCount, folio.PageCount))
                {
                    return true;
                }
            }

            return false;
        }

        private bool AnyOfShmem()
        {
            for (int number = 0; number < kernel.Files.Count && kernel.Files.Used; number++)
            {
                for (int index = 0; index < kernel.Files.Pages; index++)
                {
                    if (kernel.Files[number].SlotAt(index) >= 0)
                    {
                        return true;
                    }
                }
            }

            return false;
        }

        private bool AnyEntry()
        {
            foreach (MmStruct mm in kernel.Mms)
            {
                for (int page = 0; page < kernel.PageCount && mm.OnMmlist && mm.Alive; page++)
                {
                    if (mm[page].IsSwap && kernel.Swap.Count(mm[page].Target) > 0 && mm.FindVma(page) is not null)
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
