using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>try_to_unmap and folio_referenced for small anonymous folios (mm/rmap.c, v6.18).</summary>
/// <remarks>Left out: mlocked VMAs, lazyfree, hwpoison, batched TLB flushes.</remarks>
public class Unmap : Routine
{
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
    protected static readonly Point TestMapped = Points.Define("ReferencedMapped", "folio_referenced", Access.Read);

    /// <summary>try_to_unmap: replaces every mapping by a swap entry. The folio is locked and in the swap
    /// cache.</summary>
    public virtual async Flow TryToUnmap(Cpu cpu, Folio folio)
    {
        AnonVma? anonVma = (await R.RmapWalk.LockRead(cpu, folio, tryOnly: false)).AnonVma;
        if (anonVma is null)
        {
            return;
        }

        for (int i = 0; i < anonVma.Tree.Count; i++)
        {
            Vma vma = anonVma.Tree[i].Vma;
            if (!vma.Covers(folio.Index))
            {
                continue;
            }

            if (await FindMapping(cpu, folio, vma.Mm))
            {
                bool more = await UnmapOne(cpu, folio, vma.Mm, folio.Index);
                vma.Mm.Ptl.Release(cpu);
                if (!more || !folio.Mapped)
                {
                    break;
                }
            }
        }

        R.RmapWalk.Unlock(cpu, anonVma);
    }

    /// <summary>folio_referenced: clears the accessed bits of all mappings.</summary>
    /// <returns>How many were set; -1 when the anon_vma's lock was contended.</returns>
    public virtual async Flow<int> Referenced(Cpu cpu, Folio folio)
    {
        await cpu.At(TestMapped, folio.MapcountWord);
        if (!folio.Mapped)
        {
            return 0;
        }

        (AnonVma? anonVma, bool contended) = await R.RmapWalk.LockRead(cpu, folio, tryOnly: true);
        if (anonVma is null)
        {
            return contended ? -1 : 0;
        }

        int referenced = 0;
        for (int i = 0; i < anonVma.Tree.Count; i++)
        {
            Vma vma = anonVma.Tree[i].Vma;
            if (!vma.Covers(folio.Index) || !await FindMapping(cpu, folio, vma.Mm))
            {
                continue;
            }

            await cpu.At(TestYoung, vma.Mm.PteWord(folio.Index));
            Pte pte = vma.Mm[folio.Index];
            if (pte.Young)
            {
                vma.Mm.SetPte(folio.Index, pte.Without(PteFlag.Young));
                referenced++;
            }

            vma.Mm.Ptl.Release(cpu);
        }

        R.RmapWalk.Unlock(cpu, anonVma);
        return referenced;
    }

    /// <summary>page_vma_mapped_walk without PVMW_SYNC: peeks first, and takes the ptl only if the entry looks
    /// right.</summary>
    /// <returns>Whether the entry maps the folio; the ptl is held then.</returns>
    public virtual async Flow<bool> FindMapping(Cpu cpu, Folio folio, MmStruct mm)
    {
        int page = folio.Index;
        await cpu.At(Peek, mm.PteWord(page));
        if (!mm[page].IsPresent)
        {
            return false;
        }

        await mm.Ptl.Acquire(cpu, PteLock);
        if (mm[page].IsPresent && mm[page].Target == folio.Pfn)
        {
            return true;
        }

        mm.Ptl.Release(cpu);
        return false;
    }

    /// <summary>try_to_unmap_one with the ptl held. False stops the walk.</summary>
    protected virtual async Flow<bool> UnmapOne(Cpu cpu, Folio folio, MmStruct mm, int page)
    {
        Pte pte = mm[page];
        await cpu.At(TestExclusive, folio.FlagsWord);
        bool exclusive = folio.Has(PageFlag.AnonExclusive);
        await cpu.At(ClearPte, mm.PteWord(page));
        pte = mm[page];
        mm.SetPte(page, Pte.None);
        if (pte.Dirty)
        {
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        await cpu.At(TestBacked, folio.FlagsWord);
        if (K.BugOn(
            folio.Has(PageFlag.Swapbacked) != folio.Has(PageFlag.Swapcache),
            "WARN_ON_ONCE(folio_test_swapbacked(folio) != folio_test_swapcache(folio))", "try_to_unmap_one", folio))
        {
            return false;
        }

        int slot = folio.SwapSlot;
        await R.Slots.Duplicate(cpu, slot);
        if (exclusive && !await R.Rmap.TryShare(cpu, folio))
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
        mm.SetPte(page, new Pte(PteKind.Swap, (byte)slot, exclusive ? PteFlag.Exclusive : PteFlag.None));
        await R.Rmap.RemoveOne(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Mapping);
        return true;
    }
}
