using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>try_to_unmap and folio_referenced (mm/rmap.c, v6.18).</summary>
/// <remarks>Where a VMA is locked, both stop, and mlock what was missed. Left out: hwpoison.</remarks>
public class Unmap : Routine
{
    protected static readonly Point PeekPmd = Points.Define("UnmapPeekPmd", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point Peek = Points.Define("UnmapPeekPte", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point PteLock = Points.Define("UnmapPtl", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point TestExclusive =
        Points.Define("UnmapTestExclusive", "try_to_unmap_one", Access.Read);
    protected static readonly Point ClearPte = Points.Define("UnmapClearPte", "try_to_unmap_one", Access.Rmw);
    protected static readonly Point SetDirty = Points.Define("UnmapSetDirty", "try_to_unmap_one", Access.Rmw);
    protected static readonly Point TestBacked = Points.Define("UnmapTestSwapcache", "try_to_unmap_one", Access.Read);
    protected static readonly Point RestorePte = Points.Define("UnmapRestorePte", "try_to_unmap_one", Access.Write);
    protected static readonly Point MmlistAdd = Points.Define("UnmapMmlistAdd", "try_to_unmap_one", Access.Write);
    protected static readonly Point SetPte = Points.Define("UnmapSetSwapPte", "try_to_unmap_one", Access.Write);
    protected static readonly Point TestYoung =
        Points.Define("ReferencedTestYoung", "folio_referenced_one", Access.Rmw);
    protected static readonly Point TestKsm = Points.Define("ReferencedTestKsm", "folio_referenced", Access.Read);
    protected static readonly Point TestKsmAgain = Points.Define("ReferencedTestKsmAgain", "rmap_walk", Access.Read);
    protected static readonly Point TestMapped = Points.Define("ReferencedMapped", "folio_referenced", Access.Read);

    /// <summary>What <see cref="Referenced"/> says when it has met a VMA that is locked.</summary>
    public const int InLockedVma = int.MaxValue;

    private readonly UnmapWalk?[] unmapWalks = new UnmapWalk?[Kernel.CpusMax];
    private readonly ReferencedWalk?[] referencedWalks = new ReferencedWalk?[Kernel.CpusMax];

    /// <summary>try_to_unmap: replaces every mapping by a swap entry, or by nothing if the folio is a file's or
    /// lazyfree. The folio is locked, and in the swap cache unless it is one of these.</summary>
    public virtual async Flow TryToUnmap(Cpu cpu, Folio folio)
    {
        UnmapWalk walk = unmapWalks[cpu.Index] ??= new UnmapWalk(this);
        await R.RmapWalk.Walk(cpu, folio, walk);
    }

    /// <summary>folio_referenced: clears the accessed bits of all mappings. KSM folios and those of files have to be
    /// locked for it.</summary>
    /// <returns>How many were set; -1 when the lock of the anon_vma or the file was contended;
    /// <see cref="InLockedVma"/> when a VMA that maps it is locked.</returns>
    public virtual async Flow<int> Referenced(Cpu cpu, Folio folio, bool isLocked)
    {
        await cpu.At(TestMapped, folio.MappedWord);
        if (!folio.Mapped)
        {
            return 0;
        }

        bool locked = false;
        if (!isLocked)
        {
            await cpu.At(TestKsm, folio.MappingWord);
            if (NeedsLock(folio))
            {
                locked = await R.Locking.TryLock(cpu, folio);
                if (!locked)
                {
                    return 1;
                }
            }
        }

        int young = await WalkReferenced(cpu, folio, isLocked || locked);
        if (locked)
        {
            await R.Locking.Unlock(cpu, folio);
        }

        return young;
    }

    /// <summary>Whether the walk takes the folio's lock: that of an anonymous folio that is not KSM's does
    /// not.</summary>
    protected virtual bool NeedsLock(Folio folio) => folio.Ksm || folio.File is not null;

    /// <summary>The walk of folio_referenced. Which sort of walk it is is asked once more, and without the lock the
    /// answer may have changed.</summary>
    protected virtual async Flow<int> WalkReferenced(Cpu cpu, Folio folio, bool isLocked)
    {
        if (!isLocked)
        {
            await cpu.At(TestKsmAgain, folio.MappingWord);
        }

        ReferencedWalk walk = referencedWalks[cpu.Index] ??= new ReferencedWalk(this);
        walk.Count = 0;
        await R.RmapWalk.Walk(cpu, folio, walk);
        return walk.Contended ? -1 : walk.Count;
    }

    /// <summary>page_vma_mapped_walk of a small folio, without PVMW_SYNC: peeks first, and takes the ptl only if the
    /// entry looks right. A table that khugepaged has taken out is not there.</summary>
    /// <returns>Whether the entry maps the folio; the ptl is held then.</returns>
    public virtual async Flow<bool> FindMapping(Cpu cpu, Folio folio, MmStruct mm, int page)
    {
        if (K.HasHugePmds)
        {
            await cpu.At(PeekPmd, mm.Table(page).PmdWord);
            if (!mm.Table(page).IsTable)
            {
                return false;
            }
        }

        await cpu.At(Peek, mm.PteWord(page));
        if (!mm[page].IsPresent)
        {
            return false;
        }

        await mm.Ptl(page).Acquire(cpu, PteLock);
        if (mm[page].IsPresent && mm[page].Target == folio.Pfn)
        {
            return true;
        }

        mm.Ptl(page).Release(cpu);
        return false;
    }

    /// <summary>try_to_unmap_one: the mapping in one VMA. False stops the walk.</summary>
    protected virtual async Flow<bool> UnmapIn(Cpu cpu, Folio folio, Vma vma, int page)
    {
        if (folio.IsLarge)
        {
            return await R.LargeUnmap.Unmap(cpu, folio, vma);
        }

        if (!await FindMapping(cpu, folio, vma.Mm, page))
        {
            return true;
        }

        bool more = !await IsSpared(cpu, folio, vma) && await UnmapOne(cpu, folio, vma, page);
        vma.Mm.Ptl(page).Release(cpu);
        return more;
    }

    /// <summary>Asks once whether the VMA is locked; if it is, mlock_vma_folio counts what was missed then.</summary>
    private async Flow<bool> IsSpared(Cpu cpu, Folio folio, Vma vma)
    {
        if (!Spares(vma))
        {
            return false;
        }

        if (vma.CountsMlock)
        {
            await R.Mlock.MlockFolio(cpu, folio);
        }

        return true;
    }

    /// <summary>Whether reclaim may not unmap what the VMA maps. The lock of the page table is held: mlock takes it
    /// after the flag is set, and brings back what is gone by then.</summary>
    public virtual bool Spares(Vma vma) => vma.IsLocked;

    /// <summary>folio_referenced_one: the accessed bit in one VMA.</summary>
    /// <returns>How many were set, or <see cref="InLockedVma"/>.</returns>
    protected virtual async Flow<int> ReferencedIn(Cpu cpu, Folio folio, Vma vma, int page)
    {
        if (folio.IsLarge)
        {
            return Spares(vma) ? await R.LargeMlock.Restore(cpu, folio, vma) == Remlocked.All ? InLockedVma : 0
                : await R.LargeUnmap.ClearYoung(cpu, folio, vma) ? 1 : 0;
        }

        if (!await FindMapping(cpu, folio, vma.Mm, page))
        {
            return 0;
        }

        if (await IsSpared(cpu, folio, vma))
        {
            vma.Mm.Ptl(page).Release(cpu);
            return InLockedVma;
        }

        await cpu.At(TestYoung, vma.Mm.PteWord(page));
        Pte pte = vma.Mm[page];
        if (pte.Young)
        {
            vma.Mm.SetPte(page, pte.Without(PteFlag.Young));
        }

        vma.Mm.Ptl(page).Release(cpu);
        return pte.Young ? 1 : 0;
    }

    /// <summary>One entry of try_to_unmap_one with the ptl held. False stops the walk.</summary>
    public virtual async Flow<bool> UnmapOne(Cpu cpu, Page frame, Vma vma, int page)
    {
        MmStruct mm = vma.Mm;
        Folio folio = frame.Head;
        await cpu.At(TestExclusive, frame.FlagsWord);
        bool exclusive = frame.Has(PageFlag.AnonExclusive);
        await cpu.At(ClearPte, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        await FlushUnmapped(cpu, mm, page, pte);
        if (pte.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        if (!folio.Anon)
        {
            mm.AddRss(folio, -1);
            await RemoveRmap(cpu, folio, vma);
            await R.Free.Put(cpu, folio, Holder.Mapping);
            return true;
        }

        await cpu.At(TestBacked, folio.FlagsWord);
        if (K.BugOn(
            folio.Has(PageFlag.Swapbacked) != folio.Has(PageFlag.Swapcache),
            "WARN_ON_ONCE(folio_test_swapbacked(folio) != folio_test_swapcache(folio))", "try_to_unmap_one", folio))
        {
            return false;
        }

        if (!folio.Has(PageFlag.Swapbacked))
        {
            return await R.MadviseFree.Discard(cpu, folio, vma, page, pte);
        }

        int slot = folio.SwapSlot + frame.IndexInFolio;
        await R.Slots.Duplicate(cpu, slot);
        if (exclusive && !await R.Rmap.TryShare(cpu, frame))
        {
            await R.Slots.Free(cpu, slot);
            await cpu.At(RestorePte, mm.PteWord(page));
            mm.SetPte(page, pte);
            return false;
        }

        if (!mm.OnMmlist)
        {
            await cpu.At(MmlistAdd, K.Mmlist);
            mm.OnMmlist = true;
        }

        mm.AddRss(-1, 1);
        await cpu.At(SetPte, mm.PteWord(page));
        mm.SetPte(page, new Pte(PteKind.Swap, (ushort)slot, exclusive ? PteFlag.Exclusive : PteFlag.None));
        await RemoveRmap(cpu, frame, vma);
        await R.Free.Put(cpu, folio, Holder.Mapping);
        return true;
    }

    /// <summary>folio_remove_rmap_pte, and what it munlocks is munlocked at once: with the ptl held, and the
    /// walk's lock.</summary>
    public virtual async Flow RemoveRmap(Cpu cpu, Page frame, Vma vma)
    {
        await R.Rmap.RemoveOne(cpu, frame, vma);
        if (vma.IsLocked)
        {
            await R.Mlock.DrainLocal(cpu);
        }
    }

    /// <summary>The flush of try_to_unmap_one: put off if the process may be running elsewhere
    /// (TTU_BATCH_FLUSH).</summary>
    protected virtual Flow FlushUnmapped(Cpu cpu, MmStruct mm, int page, Pte cleared) => R.Tlb.ShouldDefer(cpu, mm)
        ? R.Tlb.Defer(cpu, mm, cleared)
        : R.Tlb.FlushPage(cpu, mm, page);

    private sealed class UnmapWalk(Unmap unmap) : RmapWalkControl
    {
        public override Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page) =>
            unmap.UnmapIn(cpu, folio, vma, page);

        public override bool Done(Folio folio) => !folio.Mapped;
    }

    private sealed class ReferencedWalk(Unmap unmap) : RmapWalkControl
    {
        public override bool TryLock => true;

        public int Count { get; set; }

        public override async Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page)
        {
            int young = await unmap.ReferencedIn(cpu, folio, vma, page);
            Count = young == InLockedVma ? young : Count + young;
            return young != InLockedVma;
        }
    }
}
