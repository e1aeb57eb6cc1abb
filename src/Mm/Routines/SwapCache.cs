using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The swap cache: one table word for each slot (mm/swap_state.c, mm/swap_table.h, v6.18).</summary>
/// <remarks>Left out: shadows (they only steer the LRU).</remarks>
public class SwapCache : Routine
{
    protected static readonly Point LookupRead = Points.Define("SwapCacheLookup", "swap_cache_get_folio", Access.Read);
    protected static readonly Point LookupGet = Points.Define("SwapCacheTryGet", "swap_cache_get_folio", Access.Rmw);
    protected static readonly Point LookupSpin =
        Points.Define("SwapCacheLookupSpin", "swap_cache_get_folio", Access.Read);
    protected static readonly Point AddLock = Points.Define("SwapCacheAddLock", "swap_cache_add_folio", Access.Acquire);
    protected static readonly Point AddTable = Points.Define("SwapCacheAddTable", "swap_cache_add_folio", Access.Write);
    protected static readonly Point DeleteTable =
        Points.Define("SwapCacheDeleteTable", "__swap_cache_del_folio", Access.Write);
    protected static readonly Point AddRef = Points.Define("SwapCacheAddRef", "swap_cache_add_folio", Access.Rmw);
    protected static readonly Point AddFlag = Points.Define("SwapCacheAddFlag", "swap_cache_add_folio", Access.Rmw);
    protected static readonly Point DeleteLock =
        Points.Define("SwapCacheDeleteLock", "swap_cache_del_folio", Access.Acquire);
    protected static readonly Point DeleteFlag =
        Points.Define("SwapCacheDeleteFlag", "__swap_cache_del_folio", Access.Rmw);
    protected static readonly Point ReplaceTable =
        Points.Define("SwapCacheReplaceTable", "__swap_cache_replace_folio", Access.Write);
    protected static readonly Point DeletePut = Points.Define("SwapCacheDeletePut", "swap_cache_del_folio", Access.Rmw);

    private readonly WordChanged[] waits = new WordChanged[Kernel.CpusMax];

    /// <summary>swap_cache_get_folio: the cached folio with a <see cref="Holder.Lookup"/> reference, or null.</summary>
    public virtual async Flow<Folio?> Lookup(Cpu cpu, int slot)
    {
        await cpu.At(LookupRead, K.Swap.SlotWord(slot));
        while (true)
        {
            Folio? folio = K.Swap.Cached(slot);
            if (folio is null)
            {
                return null;
            }

            await cpu.At(LookupGet, folio.RefcountWord);
            if (folio.TryGet(Holder.Lookup))
            {
                return folio;
            }

            // Frozen: the kernel spins until the word changes or the freeze ends.
            WordChanged wait = waits[cpu.Index] ??= new WordChanged(K.Swap);
            wait.Slot = slot;
            wait.Folio = folio;
            await cpu.At(LookupSpin, K.Swap.SlotWord(slot), wait);
        }
    }

    /// <summary>folio_matches_swap_entry, of a locked folio.</summary>
    public static bool Matches(Folio folio, int slot) =>
        folio.Has(PageFlag.Swapcache) && (slot & -folio.PageCount) == folio.SwapSlot;

    /// <summary>swap_cache_add_folio: a locked folio enters the table; SWAP_HAS_CACHE is set already.</summary>
    public virtual async Flow Add(Cpu cpu, Folio folio, int slot)
    {
        const string Function = "swap_cache_add_folio";
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_WARN_ON_ONCE_FOLIO(!folio_test_locked(folio))", Function, folio);
        K.BugOn(folio.Has(PageFlag.Swapcache), "VM_WARN_ON_ONCE_FOLIO(folio_test_swapcache(folio))", Function, folio);
        K.BugOn(
            !folio.Has(PageFlag.Swapbacked), "VM_WARN_ON_ONCE_FOLIO(!folio_test_swapbacked(folio))", Function, folio);
        await K.Swap.ClusterLock.Acquire(cpu, AddLock);
        for (int number = 0; number < folio.PageCount; number++)
        {
            await cpu.At(AddTable, K.Swap.SlotWord(slot + number));
            Folio? old = K.Swap.ExchangeCached(slot + number, folio.PageAt(number));
            K.BugOn(old is not null, "WARN_ON_ONCE(swp_tb_is_folio(old_tb))", Function, folio);
        }

        await cpu.At(AddRef, folio.RefcountWord);
        folio.Get(Holder.SwapCache, folio.PageCount);
        await cpu.At(AddFlag, folio.FlagsWord);
        folio.Set(PageFlag.Swapcache);
        folio.SwapSlot = slot;
        K.Swap.ClusterLock.Release(cpu);
    }

    /// <summary>swap_cache_del_folio: out of the table, then the slot's HAS_CACHE, then the cache's
    /// reference.</summary>
    public virtual async Flow Delete(Cpu cpu, Folio folio)
    {
        int slot = folio.SwapSlot;
        await K.Swap.ClusterLock.Acquire(cpu, DeleteLock);
        await DeleteLocked(cpu, folio);
        K.Swap.ClusterLock.Release(cpu);
        await R.Slots.PutFolio(cpu, slot, folio.PageCount);
        await cpu.At(DeletePut, folio.RefcountWord);
        bool last = folio.PutTestZero(Holder.SwapCache, folio.PageCount);
        K.BugOn(last, "the caller of swap_cache_del_folio() has no reference", "swap_cache_del_folio", folio);
    }

    /// <summary>__swap_cache_del_folio: the part under the cluster lock.</summary>
    public virtual async Flow DeleteLocked(Cpu cpu, Folio folio)
    {
        const string Function = "__swap_cache_del_folio";
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_WARN_ON_ONCE_FOLIO(!folio_test_locked(folio))", Function, folio);
        K.BugOn(!folio.Has(PageFlag.Swapcache), "VM_WARN_ON_ONCE_FOLIO(!folio_test_swapcache(folio))", Function, folio);
        K.BugOn(folio.Has(PageFlag.Writeback), "VM_WARN_ON_ONCE_FOLIO(folio_test_writeback(folio))", Function, folio);
        for (int slot = folio.SwapSlot; slot < folio.SwapSlot + folio.PageCount; slot++)
        {
            await cpu.At(DeleteTable, K.Swap.SlotWord(slot));
            Folio? old = K.Swap.ExchangeCached(slot, null);
            K.BugOn(old != folio, "WARN_ON_ONCE(swp_tb_to_folio(old_tb) != folio)", Function, folio);
        }

        await cpu.At(DeleteFlag, folio.FlagsWord);
        folio.SwapSlot = -1;
        folio.Clear(PageFlag.Swapcache);
    }

    /// <summary>__swap_cache_replace_folio: the words of an old folio, or of a part of it, become those of a new one.
    /// The cluster is locked, and so are both folios.</summary>
    public virtual async Flow Replace(Cpu cpu, Folio old, Folio folio)
    {
        const string Function = "__swap_cache_replace_folio";
        for (int number = 0; number < folio.PageCount; number++)
        {
            await cpu.At(ReplaceTable, K.Swap.SlotWord(folio.SwapSlot + number));
            Folio? was = K.Swap.ExchangeCached(folio.SwapSlot + number, folio.PageAt(number));
            K.BugOn(was != old, "WARN_ON_ONCE(swp_tb_to_folio(old_tb) != old)", Function, old);
        }
    }

    private sealed class WordChanged(SwapDevice swap) : IWaitable
    {
        public int Slot { get; set; }

        public Folio? Folio { get; set; }

        public bool IsReady(Cpu cpu) => swap.Cached(Slot) != Folio || Folio!.Refcount != 0;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
