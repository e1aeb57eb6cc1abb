using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>A page whose memory is broken (mm/memory-failure.c: memory_failure; mm/madvise.c: MADV_HWPOISON;
/// v6.18).</summary>
/// <remarks>
/// The reference that the caller took is never given back: the page must not be used again. Left out: large folios
/// (refused), pages that are free, the search for processes to be killed (it reads only; who meets the page later fails
/// its access instead), pages of files. The content is not really broken, so copies succeed as with the kernel's
/// injection.
/// </remarks>
public class MemoryFailure : Routine
{
    protected static readonly Point GrabMmap =
        Points.Define("InjectMmapLock", "__get_user_pages_locked", Access.Acquire);
    protected static readonly Point GrabPtl = Points.Define("InjectPtl", "follow_page_pte", Access.Acquire);
    protected static readonly Point GrabGet = Points.Define("InjectGet", "follow_page_pte", Access.Rmw);
    protected static readonly Point Mutex = Points.Define("PoisonMutex", "memory_failure", Access.Acquire);
    protected static readonly Point SetFlag = Points.Define("PoisonSetFlag", "memory_failure", Access.Rmw);
    protected static readonly Point TestLru = Points.Define("PoisonTestLru", "memory_failure", Access.Read);
    protected static readonly Point TestUser = Points.Define("PoisonTestUser", "hwpoison_user_mappings", Access.Read);
    protected static readonly Point TestMapped = Points.Define("PoisonTestMapped", "unmap_poisoned_folio", Access.Read);
    protected static readonly Point Identify =
        Points.Define("PoisonIdentify", "identify_page_state", Access.Read);
    protected static readonly Point ClearDirty = Points.Define("PoisonClearDirty", "me_swapcache_dirty", Access.Rmw);
    protected static readonly Point ClearUptodate =
        Points.Define("PoisonClearUptodate", "me_swapcache_dirty", Access.Rmw);
    protected static readonly Point ClearActive =
        Points.Define("PoisonClearActive", "delete_from_lru_cache", Access.Rmw);
    protected static readonly Point WalkPtl = Points.Define("PoisonWalkPtl", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point ClearPte = Points.Define("PoisonClearPte", "try_to_unmap_one", Access.Rmw);
    protected static readonly Point SetDirty = Points.Define("PoisonSetDirty", "try_to_unmap_one", Access.Rmw);
    protected static readonly Point SetEntry = Points.Define("PoisonSetEntry", "try_to_unmap_one", Access.Write);

    private readonly PoisonWalk?[] walks = new PoisonWalk?[Kernel.CpusMax];

    /// <summary>MADV_HWPOISON of one page.</summary>
    /// <returns>Whether there was a page that was not poisoned yet.</returns>
    public virtual async Flow<bool> Inject(Cpu cpu, MmStruct mm, int page)
    {
        if (await GrabPage(cpu, mm, page) is not { } folio)
        {
            return false;
        }

        await K.PoisonMutex.AcquireWrite(cpu, Mutex);
        bool done = await Handle(cpu, folio);
        K.PoisonMutex.ReleaseWrite(cpu);
        return done;
    }

    /// <summary>get_user_pages_fast for reading, by its slow way: the small anonymous folio at an address with a
    /// <see cref="Holder.Lookup"/> reference, faulted in if need be; null for none and for the zero page.</summary>
    public virtual async Flow<Folio?> GrabPage(Cpu cpu, MmStruct mm, int page)
    {
        while (true)
        {
            Folio? found = null;
            bool fault = false;
            await mm.MmapLock.AcquireRead(cpu, GrabMmap);
            if (mm.FindVma(page) is not null)
            {
                await mm.Ptl(page).Acquire(cpu, GrabPtl);
                Pte pte = mm[page];
                fault = !mm.Table(page).Pmd.IsLeaf && (pte.IsNone || pte.IsSwap || pte.IsMigration);
                if (pte.IsPresent && !K.FolioOf(pte).IsLarge && K.FolioOf(pte).Anon)
                {
                    found = K.FolioOf(pte);
                    await cpu.At(GrabGet, found.RefcountWord);
                    found.Get(Holder.Lookup);
                }

                mm.Ptl(page).Release(cpu);
            }

            mm.MmapLock.ReleaseRead(cpu);
            if (!fault || !await R.Fault.FaultIn(cpu, mm, page, write: false, unshare: false))
            {
                return found;
            }
        }
    }

    /// <summary>unmap_poisoned_folio: entries become poison entries; of a folio in the swap cache, swap entries, so
    /// that whoever swaps it in meets the poison there. The folio is locked.</summary>
    /// <returns>Whether nobody maps it any more.</returns>
    public virtual async Flow<bool> UnmapPoisoned(Cpu cpu, Folio folio)
    {
        PoisonWalk walk = walks[cpu.Index] ??= new PoisonWalk(this);
        walk.ToSwap = folio.Has(PageFlag.Swapcache);
        await R.RmapWalk.Walk(cpu, folio, walk);
        await cpu.At(TestMapped, folio.MappedWord);
        return !folio.Mapped;
    }

    /// <summary>memory_failure, from the flag on. The caller's reference becomes that of the poison.</summary>
    protected virtual async Flow<bool> Handle(Cpu cpu, Folio folio)
    {
        await cpu.At(SetFlag, folio.FlagsWord);
        if (folio.TestAndSet(PageFlag.HwPoison))
        {
            await R.Free.Put(cpu, folio, Holder.Lookup);
            return false;
        }

        folio.HandOver(Holder.Lookup, Holder.Poison);

        // hwpoison_filter() looks under the lock, and lets everything pass.
        await R.Locking.Lock(cpu, folio);
        await R.Locking.Unlock(cpu, folio);
        await R.Lru.DrainAll(cpu);
        await LockFolio(cpu, folio);
        await cpu.At(TestLru, folio.FlagsWord);
        PageFlag saved = folio.Flags;
        if ((saved & (PageFlag.Lru | PageFlag.Writeback)) != PageFlag.None)
        {
            await R.Locking.WaitForWriteback(cpu, folio);
            if (!await UnmapUsers(cpu, folio))
            {
                await UnlockFolio(cpu, folio);
                return true;
            }
        }

        await Contain(cpu, folio, saved);
        return true;
    }

    /// <summary>hwpoison_user_mappings.</summary>
    protected virtual async Flow<bool> UnmapUsers(Cpu cpu, Folio folio)
    {
        await cpu.At(TestUser, folio.FlagsWord);
        if (!folio.Has(PageFlag.Lru) || !folio.Mapped)
        {
            return true;
        }

        bool mlocked = folio.Has(PageFlag.Mlocked);
        bool unmapped = await UnmapPoisoned(cpu, folio);
        if (mlocked)
        {
            // What was munlocked waits in a batch.
            await R.Lru.DrainAll(cpu);
        }

        return unmapped;
    }

    /// <summary>identify_page_state and what error_states say of anonymous pages; unlocks the folio.</summary>
    protected virtual async Flow Contain(Cpu cpu, Folio folio, PageFlag saved)
    {
        const PageFlag Cache = PageFlag.Swapcache | PageFlag.Swapbacked;
        const PageFlag Listed = PageFlag.Lru | PageFlag.Mlocked | PageFlag.Unevictable;
        await cpu.At(Identify, folio.FlagsWord);
        PageFlag flags = folio.Flags;
        if ((flags & Cache) != Cache && (flags & Listed) == PageFlag.None)
        {
            // Nothing fits what it is now: go by what it was.
            flags = saved | (flags & PageFlag.Dirty);
        }

        if ((flags & Cache) == Cache)
        {
            await ContainCached(cpu, folio, dirty: (flags & PageFlag.Dirty) != PageFlag.None);
        }
        else if ((flags & Listed) != PageFlag.None)
        {
            await DeleteFromLru(cpu, folio);
        }

        await UnlockFolio(cpu, folio);
    }

    /// <summary>Whether a folio that looks like one on the LRU is taken off it. That it was not unmapped, as it was off
    /// the LRU when its users were looked for, nobody asks.</summary>
    protected virtual bool MayUncharge(Folio folio) => true;

    /// <summary>me_swapcache_dirty: it stays in the swap cache, to be met there; me_swapcache_clean: the device has
    /// what it held.</summary>
    protected virtual async Flow ContainCached(Cpu cpu, Folio folio, bool dirty)
    {
        if (dirty)
        {
            await cpu.At(ClearDirty, folio.FlagsWord);
            folio.Clear(PageFlag.Dirty);
            await cpu.At(ClearUptodate, folio.FlagsWord);
            folio.Clear(PageFlag.Uptodate);
        }
        else
        {
            await R.SwapCache.Delete(cpu, folio);
        }

        await DeleteFromLru(cpu, folio);
    }

    /// <summary>delete_from_lru_cache: off the LRU for good, and off the books of its memcg.</summary>
    protected virtual async Flow DeleteFromLru(Cpu cpu, Folio folio)
    {
        if (MayUncharge(folio) && await R.Lru.Isolate(cpu, folio))
        {
            await cpu.At(ClearActive, folio.FlagsWord);
            folio.Clear(PageFlag.Active | PageFlag.Unevictable);
            R.Memcg.Uncharge(folio);
            await R.Free.Put(cpu, folio, Holder.Isolation);
        }
    }

    /// <summary>The folio lock under which the page is dealt with.</summary>
    protected virtual Flow LockFolio(Cpu cpu, Folio folio) => R.Locking.Lock(cpu, folio);

    /// <summary>Gives it back.</summary>
    protected virtual Flow UnlockFolio(Cpu cpu, Folio folio) => R.Locking.Unlock(cpu, folio);

    /// <summary>One entry of try_to_unmap_one with TTU_HWPOISON, before it asks anything else of the folio: neither
    /// pins nor exclusivity matter. The ptl is held.</summary>
    protected virtual async Flow PoisonMapping(Cpu cpu, Folio folio, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        await cpu.At(ClearPte, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        await R.Tlb.FlushPage(cpu, mm, page);
        if (pte.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        mm.AddRss(-1, 0);
        await cpu.At(SetEntry, mm.PteWord(page));
        mm.SetPte(page, new Pte(PteKind.HwPoison, folio.Pfn, PteFlag.None));
        mm.TruthDiscard(page);
        await R.Unmap.RemoveRmap(cpu, folio, vma);
        await R.Free.Put(cpu, folio, Holder.Mapping);
    }

    private async Flow<bool> UnmapIn(Cpu cpu, Folio folio, Vma vma, int page, bool toSwap)
    {
        MmStruct mm = vma.Mm;
        // PVMW_SYNC: the ptl is taken whatever the entry looks like.
        await mm.Ptl(page).Acquire(cpu, WalkPtl);
        bool more = true;
        if (mm[page].IsPresent && mm[page].Target == folio.Pfn)
        {
            if (toSwap)
            {
                more = await R.Unmap.UnmapOne(cpu, folio, vma, page);
                mm.TruthMissed[page] |= mm[page].IsSwap;
                await R.Tlb.FlushBatch(cpu);
            }
            else
            {
                await PoisonMapping(cpu, folio, vma, page);
            }
        }

        mm.Ptl(page).Release(cpu);
        return more;
    }

    private sealed class PoisonWalk(MemoryFailure failure) : RmapWalkControl
    {
        public bool ToSwap { get; set; }

        public override Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page) =>
            failure.UnmapIn(cpu, folio, vma, page, ToSwap);

        public override bool Done(Folio folio) => !folio.Mapped;
    }
}
