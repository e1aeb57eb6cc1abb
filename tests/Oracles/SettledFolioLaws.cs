using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>
/// Laws about one folio that wait for a lock: broken inside the critical section they are silent, after it they fire.
/// </summary>
public class SettledFolioLaws
{
    private readonly World world = new();

    [Fact]
    public void PG_lru_on_an_unlinked_folio_is_reported_once_the_lruvec_is_unlocked()
    {
        Folio folio = world.MapPage();
        world.Kernel.Lruvec.Lock.TryTake(world.Cpu0);
        FolioList.Remove(world.Kernel, folio);
        world.Step(world.First);
        world.IsSilent();
        world.Kernel.Lruvec.Lock.Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("lru", "PG_lru on an unlinked folio", "VM_BUG_ON_FOLIO(folio_test_lru(folio))");
    }

    [Fact]
    public void PG_lru_on_a_folio_of_a_private_list_is_reported()
    {
        Folio folio = world.MapPage();
        FolioList list = new(world.Kernel, "private", isLru: false);
        FolioList.Remove(world.Kernel, folio);
        list.AddHead(folio);
        world.Step();
        world.Broke("lru", "PG_lru on an unlinked folio", "VM_BUG_ON_FOLIO(folio_test_lru(folio))");
    }

    [Fact]
    public void A_linked_folio_without_PG_lru_and_owner_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Clear(PageFlag.Lru);
        world.Step();
        world.Broke("lru", "linked folio without PG_lru and owner", "list_del corruption");
    }

    [Fact]
    public void A_linked_folio_without_PG_lru_is_silent_while_a_page_table_is_locked()
    {
        Folio folio = world.MapPage();
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        folio.Clear(PageFlag.Lru);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void PG_swapcache_without_a_table_word_is_reported_once_the_folio_is_unlocked()
    {
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Lock(folio);
        world.Kernel.Swap.ExchangeCached(slot, null);
        world.Step();
        world.IsSilent();
        folio.Clear(PageFlag.Locked);
        world.Step();
        world.Broke("swap-cache", "PG_swapcache without the swap table's word", "WARN_ON_ONCE");
    }

    [Fact]
    public void A_swap_cache_reference_without_the_flag_is_reported_once_the_cluster_is_unlocked()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.SwapCache);
        world.Kernel.Swap.ClusterLock.TryTake(world.Cpu0);
        world.Step(world.First);
        world.IsSilent();
        world.Kernel.Swap.ClusterLock.Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("swap-cache", "swap cache reference without PG_swapcache");
    }

    [Fact]
    public void Two_swap_cache_references_are_reported()
    {
        Folio folio = world.MapPage();
        world.Cache(folio);
        folio.Get(Holder.SwapCache);
        world.Step();
        world.Broke("swap-cache", "swap cache holds not one reference for each page");
    }

    [Fact]
    public void A_swap_entry_of_an_exclusive_page_is_reported_once_no_page_table_is_locked()
    {
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Step();
        world.IsSilent();
        world.Fork();
        world.Mm1.Ptl(0).TryTake(world.Cpu0);
        world.Kernel.Swap.Duplicate(slot);
        world.Mm1.SetPte(0, new Pte(PteKind.Swap, (byte)slot, PteFlag.None));
        world.Mm1.AddRss(0, 1);
        folio.Set(PageFlag.AnonExclusive);
        world.Step(world.First);
        world.IsSilent();
        world.Mm1.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("exclusive-slot", "swap entry of an exclusive page", "BUG_ON(folio_test_anon(folio)");
    }

    [Fact]
    public void A_swap_entry_of_an_exclusive_page_is_reported_when_only_the_slot_is_touched()
    {
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Step();
        world.IsSilent();
        world.Kernel.Swap.Duplicate(slot);
        world.Step();
        world.Broke("exclusive-slot", "swap entry of an exclusive page", "BUG_ON(folio_test_anon(folio)");
    }

    [Fact]
    public void A_page_that_loses_its_mark_under_a_writable_entry_is_reported()
    {
        Folio folio = world.MapPage();
        world.Step();
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        folio.Clear(PageFlag.AnonExclusive);
        world.Step(world.First);
        world.IsSilent();
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke(
            "writable", "writable page is not exclusive", "VM_BUG_ON(pte_write(pte) && !PageAnonExclusive(page))");
    }

    [Fact]
    public void A_pinned_page_that_is_replaced_is_reported_unless_its_address_was_zapped()
    {
        Folio folio = Pinned(page: 0);
        Folio zapped = Pinned(page: 1);
        world.Step();
        world.IsSilent();
        world.Mm0.TruthDiscard(1);
        world.Zap(1);
        world.Step();
        world.IsSilent();
        world.Zap(0);
        world.Step();
        world.Broke("pinned-page", "pinned page was replaced");
        Assert.NotSame(folio, zapped);
    }

    [Fact]
    public void A_pinned_page_that_is_not_exclusive_is_reported_once_its_page_table_is_unlocked()
    {
        Folio folio = Pinned(page: 0);
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        folio.Clear(PageFlag.AnonExclusive);
        world.Mm0.SetPte(0, world.Mm0[0].Without(PteFlag.Write));
        world.Step(world.First);
        world.IsSilent();
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("pinned-page", "pinned page is not exclusive", "VM_WARN_ON_ONCE_PAGE(!PageAnonExclusive(page))");
    }

    private Folio Pinned(int page)
    {
        Folio folio = world.MapPage(page);
        folio.Get(Holder.Pin);
        Pin pin = world.Kernel.Pins[page];
        pin.Frame = folio;
        pin.Mm = world.Mm0;
        pin.Page = page;
        pin.TruthAttached = true;
        return folio;
    }
}
