using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>One page becomes, or is replaced by, a KSM page (mm/ksm.c: try_to_merge_one_page, write_protect_page,
/// replace_page, v6.18).</summary>
/// <remarks>Left out: large folios, the shared zero page.</remarks>
public class KsmMerge : Routine
{
    protected static readonly Point MmapLock =
        Points.Define("KsmMergeMmapLock", "try_to_merge_with_ksm_page", Access.Acquire);
    protected static readonly Point GetAnonVma =
        Points.Define("KsmGetAnonVma", "try_to_merge_with_ksm_page", Access.Rmw);
    protected static readonly Point SetKsm = Points.Define("KsmSetTag", "try_to_merge_one_page", Access.Write);
    protected static readonly Point SetAccessed = Points.Define("KsmSetReferenced", "folio_mark_accessed", Access.Rmw);
    protected static readonly Point SetDirty = Points.Define("KsmSetDirty", "try_to_merge_one_page", Access.Rmw);
    protected static readonly Point Identical = Points.Define("KsmIdentical", "pages_identical", Access.Read);
    protected static readonly Point TestExclusive =
        Points.Define("KsmTestExclusive", "write_protect_page", Access.Read);
    protected static readonly Point ProtectClear = Points.Define("KsmProtectClear", "write_protect_page", Access.Rmw);
    protected static readonly Point CountMaps = Points.Define("KsmCountMaps", "write_protect_page", Access.Read);
    protected static readonly Point CountRefs = Points.Define("KsmCountRefs", "write_protect_page", Access.Read);
    protected static readonly Point ProtectDirty = Points.Define("KsmProtectDirty", "write_protect_page", Access.Rmw);
    protected static readonly Point ProtectSet = Points.Define("KsmProtectSet", "write_protect_page", Access.Write);
    protected static readonly Point ReplacePtl = Points.Define("KsmReplacePtl", "replace_page", Access.Acquire);
    protected static readonly Point ReplaceGet = Points.Define("KsmReplaceGet", "replace_page", Access.Rmw);
    protected static readonly Point ReplaceClear = Points.Define("KsmReplaceClear", "replace_page", Access.Rmw);
    protected static readonly Point ReplaceSet = Points.Define("KsmReplaceSet", "replace_page", Access.Write);

    /// <summary>try_to_merge_two_pages: the first becomes a KSM page without a node, then takes the place of the
    /// second. False: neither.</summary>
    public virtual async Flow<bool> MergeTwo(Cpu cpu, RmapItem item, Folio folio, RmapItem other, Folio tree)
    {
        if (!await MergeWith(cpu, item, folio, null))
        {
            return false;
        }

        if (await MergeWith(cpu, other, tree, folio))
        {
            return true;
        }

        await R.Ksm.BreakCow(cpu, item);
        return false;
    }

    /// <summary>try_to_merge_with_ksm_page: the page of an item becomes a KSM page, or is replaced by
    /// <paramref name="stable"/>.</summary>
    public virtual async Flow<bool> MergeWith(Cpu cpu, RmapItem item, Folio folio, Folio? stable)
    {
        MmStruct mm = item.Mm;
        await mm.MmapLock.AcquireRead(cpu, MmapLock);
        bool merged = R.Ksm.FindMergeable(item) is { } vma && await MergeOne(cpu, vma, item, folio, stable);
        mm.MmapLock.ReleaseRead(cpu);
        return merged;
    }

    /// <summary>try_to_merge_one_page, and the item's reference on the anon_vma.</summary>
    protected virtual async Flow<bool> MergeOne(Cpu cpu, Vma vma, RmapItem item, Folio folio, Folio? stable)
    {
        // The same folio: it is a KSM page that fork has shared, and only the item is missing.
        bool merged = folio == stable;
        if (!merged && folio.Anon && await R.Locking.TryLock(cpu, folio))
        {
            merged = await MergeLocked(cpu, vma, folio, stable);
            await R.Locking.Unlock(cpu, folio);
        }

        if (merged)
        {
            await cpu.At(GetAnonVma, vma.AnonVma!.Word);
            item.AnonVma = vma.AnonVma;
            item.AnonVma.Refcount++;
            item.AnonVma.TruthItems++;
        }

        return merged;
    }

    /// <summary>The part of try_to_merge_one_page with the folio locked.</summary>
    protected virtual async Flow<bool> MergeLocked(Cpu cpu, Vma vma, Folio folio, Folio? stable)
    {
        if (await WriteProtect(cpu, vma, folio) is not { } original)
        {
            return false;
        }

        if (stable is null)
        {
            await BecomeKsm(cpu, folio);
            return true;
        }

        await cpu.At(Identical, folio.DataWord);
        return folio.Data == stable.Data && await Replace(cpu, vma, folio, stable, original);
    }

    /// <summary>The upgrade from anonymous to KSM, without a node as yet: until it has one, no reverse map leads to its
    /// mappings.</summary>
    protected virtual async Flow BecomeKsm(Cpu cpu, Folio folio)
    {
        await cpu.At(SetKsm, folio.MappingWord);
        K.BugOn(
            folio.Has(PageFlag.AnonExclusive), "VM_WARN_ON_FOLIO(folio_test_anon(folio) && PageAnonExclusive(page))",
            "folio_set_stable_node", folio);
        folio.SetStableNode(null);
        await cpu.At(SetAccessed, folio.FlagsWord);
        folio.Set(PageFlag.Referenced);
        if (!folio.Has(PageFlag.Dirty))
        {
            // Reclaim just frees a clean folio with clean entries.
            await cpu.At(SetDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }
    }

    /// <summary>write_protect_page: makes the mapping read-only and clean. Null: it is not there, or somebody else uses
    /// the page.</summary>
    /// <returns>The entry as it was left.</returns>
    protected virtual async Flow<Pte?> WriteProtect(Cpu cpu, Vma vma, Folio folio)
    {
        MmStruct mm = vma.Mm;
        int page = vma.AddressOf(folio.Index);
        if (folio.Mapping is not { } anonVma || anonVma.Root != vma.AnonVma!.Root || !vma.Covers(page)
            || !await R.Unmap.FindMapping(cpu, folio, mm, page))
        {
            return null;
        }

        await cpu.At(TestExclusive, folio.FlagsWord);
        bool exclusive = folio.Has(PageFlag.AnonExclusive);
        Pte? left = mm[page];
        if (mm[page].Writable || mm[page].Dirty || exclusive || mm.Tlb.FlushPending > 0)
        {
            left = await ProtectUnused(cpu, mm, page, folio, exclusive);
        }

        mm.Ptl(page).Release(cpu);
        return left;
    }

    /// <summary>The part of write_protect_page for an entry that may have been written through: clears it first, so
    /// that nobody can take another reference, then counts.</summary>
    protected virtual async Flow<Pte?> ProtectUnused(Cpu cpu, MmStruct mm, int page, Folio folio, bool exclusive)
    {
        int swapped = folio.Has(PageFlag.Swapcache) ? 1 : 0;
        await cpu.At(ProtectClear, mm.PteWord(page));
        Pte pte = mm[page];
        mm.SetPte(page, Pte.None);
        await R.Tlb.FlushPage(cpu, mm, page);
        if (await IsUsedElsewhere(cpu, folio, swapped) || (exclusive && !await R.Rmap.TryShare(cpu, folio)))
        {
            await cpu.At(ProtectSet, mm.PteWord(page));
            mm.SetPte(page, pte);
            return null;
        }

        if (pte.Dirty)
        {
            await cpu.At(ProtectDirty, folio.FlagsWord);
            folio.Set(PageFlag.Dirty);
        }

        await cpu.At(ProtectSet, mm.PteWord(page));
        pte = pte.Without(PteFlag.Dirty | PteFlag.Write);
        mm.SetPte(page, pte);
        return pte;
    }

    /// <summary>Whether there is a reference beside those of mappings, of the swap cache and of ksmd.</summary>
    protected virtual async Flow<bool> IsUsedElsewhere(Cpu cpu, Folio folio, int swapped)
    {
        await cpu.At(CountMaps, folio.MapcountWord);
        int expected = folio.Mapcount + 1 + swapped;
        await cpu.At(CountRefs, folio.RefcountWord);
        return folio.Refcount != expected;
    }

    /// <summary>replace_page: maps the KSM page instead, if the entry still is as write_protect_page left it.</summary>
    protected virtual async Flow<bool> Replace(Cpu cpu, Vma vma, Folio folio, Folio stable, Pte original)
    {
        MmStruct mm = vma.Mm;
        int page = vma.AddressOf(folio.Index);
        await mm.Ptl(page).Acquire(cpu, ReplacePtl);
        if (!IsUnchanged(mm[page], original))
        {
            mm.Ptl(page).Release(cpu);
            return false;
        }

        const string Function = "replace_page";
        K.BugOn(folio.Has(PageFlag.AnonExclusive), "VM_BUG_ON_PAGE(PageAnonExclusive(page))", Function, folio);
        K.BugOn(
            stable.Anon && stable.Has(PageFlag.AnonExclusive),
            "VM_BUG_ON_FOLIO(folio_test_anon(kfolio) && PageAnonExclusive(kpage))", Function, stable);
        await cpu.At(ReplaceGet, stable.RefcountWord);
        stable.Get(Holder.Mapping);
        await R.Rmap.Add(cpu, stable, vma, page, exclusive: false);
        await cpu.At(ReplaceClear, mm.PteWord(page));
        mm.SetPte(page, Pte.None);
        await R.Tlb.FlushPage(cpu, mm, page);
        await cpu.At(ReplaceSet, mm.PteWord(page));
        mm.SetPte(page, new Pte(PteKind.Present, stable.Pfn, PteFlag.Young));
        await R.Rmap.RemoveOne(cpu, folio, vma);
        if (!folio.Mapped)
        {
            await R.Slots.FreeSwap(cpu, folio);
        }

        await R.Free.Put(cpu, folio, Holder.Mapping);
        mm.Ptl(page).Release(cpu);
        return true;
    }

    /// <summary>pte_same: to the last bit, so that not even a load has come by.</summary>
    protected virtual bool IsUnchanged(Pte now, Pte original) => now == original;
}
