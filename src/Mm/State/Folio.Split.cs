using Interleave;

namespace Mm.State;

/// <summary>The part of a large folio that has to do with being mapped in part, and with being split.</summary>
public sealed partial class Folio
{
    /// <summary>_deferred_list, in the third page of a large folio; only a frame at which one can begin has
    /// it.</summary>
    public ListHead DeferredList { get; } = null!;

    /// <summary>PG_partially_mapped: some page of the large folio was unmapped while others stayed.</summary>
    public bool PartiallyMapped => PageAt(1).Has(PageFlag.PartiallyMapped);

    /// <summary>Ground truth: the lane whose deferred_split_scan has a reference on it.</summary>
    public Cpu? TruthScanner { get; private set; }

    /// <summary>Present entries of all page tables that map a page of it.</summary>
    public int TruthMappings() => IsLarge ? Large.TruthMappings() : TruthPtes;

    /// <summary>folio_try_get by deferred_split_scan, as a <see cref="Holder.Lookup"/>.</summary>
    public bool TryGetForScan(Cpu cpu)
    {
        bool got = TryGet(Holder.Lookup);
        TruthScanner = got ? cpu : TruthScanner;
        return got;
    }

    /// <summary>Ground truth: the scan of that lane is about to drop its reference.</summary>
    public void TruthUnpinned(Cpu cpu)
    {
        TruthScanner = TruthScanner == cpu ? null : TruthScanner;
        Touch();
    }

    /// <summary>A tail page becomes a folio of its own, its refcount frozen at 0 (__split_folio_to_order): flags,
    /// mapping and index of the first page, then compound_head.</summary>
    public void SplitOff(int number, Cpu cpu)
    {
        const PageFlag Copied = PageFlag.Referenced | PageFlag.Swapbacked | PageFlag.Swapcache | PageFlag.Uptodate
            | PageFlag.Active | PageFlag.Locked | PageFlag.Dirty | PageFlag.Unevictable | PageFlag.Mlocked;
        Folio tail = Kernel.Folios[Pfn + number];
        tail.Forget();
        tail.mapping = mapping;
        tail.TruthWasAnon = mapping is not null;
        tail.truthMappingLife = truthMappingLife;
        tail.SetIndex(Index + number);
        tail.SwapSlot = SwapSlot < 0 ? -1 : SwapSlot + number;
        tail.Head = tail;
        tail.Order = 0;
        tail.Frozen = true;
        tail.LockOwner = cpu;
        tail.Memcg = Memcg;
        tail.StoreFlags(Flags & Copied, ~PageFlag.None);
    }

    /// <summary>The frames are the allocator's again.</summary>
    internal void Retire()
    {
        if (Order >= LargeOrderMin)
        {
            DeferredList.Retire();
        }

        Order = 0;
    }

    /// <summary>The first page is all that is left of the folio (ClearPageCompound).</summary>
    public void BecomeSmall()
    {
        Order = 0;
        DeferredList.Retire();
        Touch();
    }
}
