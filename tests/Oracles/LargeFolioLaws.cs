using Interleave;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about large folios and their pages: each is broken by hand once.</summary>
public class LargeFolioLaws
{
    private readonly World world = new(mms: 2, pages: 4, slots: 4, thp: ThpPolicy.Pmd);

    private PageTable Table0 => world.Mm0.Table(0);

    [Fact]
    public void A_folio_that_a_pmd_maps_is_silent()
    {
        world.MapHuge();
        Silent();
    }

    [Fact]
    public void A_folio_with_a_slot_and_a_reference_for_each_page_is_silent()
    {
        world.Cache(world.MapHuge());
        Silent();
    }

    [Fact]
    public void A_slot_of_a_folio_that_names_nothing_is_reported()
    {
        world.Kernel.Swap.ExchangeCached(world.Cache(world.MapHuge()) + 2, null);
        world.Step();
        world.Broke("swap-cache", "PG_swapcache without the swap table's word", "WARN_ON_ONCE");
    }

    [Fact]
    public void A_folio_in_the_swap_cache_with_one_reference_for_all_is_reported()
    {
        Folio folio = world.MapHuge();
        world.Cache(folio);
        folio.PutTestZero(Holder.SwapCache, 3);
        world.Step();
        world.Broke("swap-cache", "swap cache holds not one reference for each page");
    }

    [Fact]
    public void A_slot_that_names_a_folio_of_other_slots_is_reported()
    {
        Folio folio = world.MapHuge();
        int slot = world.Cache(folio);
        world.Lock(folio);
        world.Step();
        folio.SwapSlot = slot + 4;
        folio.Clear(PageFlag.Locked);
        world.Kernel.Swap.Touch(slot + 1);
        world.Step();
        world.Broke("swap-table", "swap table names a folio that is not there");
    }

    [Fact]
    public void A_folio_whose_pmd_was_split_is_silent()
    {
        world.MapPages(world.MapHuge());
        Silent();
    }

    [Fact]
    public void A_pmd_mapping_that_is_being_split_counts_twice_and_is_silent()
    {
        Folio folio = world.MapHuge();
        world.Mm0.PmdLock.TryTake(world.Cpu0);
        Table0.SetPmd(Table0.Pmd with { Kind = PmdKind.Invalid });
        folio.Get(Holder.Mapping, 3);
        world.CountPages(folio);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_page_with_more_entries_than_it_counts()
    {
        Folio folio = world.MapHuge();
        world.MapPages(folio);
        folio.PageAt(2).DecMapcount();
        world.Step();
        world.Broke("mapcount", "fewer mappings of a page counted than there are", "nonzero mapcount");
    }

    [Fact]
    public void A_pmd_entry_that_is_not_counted()
    {
        Folio folio = world.MapHuge();
        folio.Large.AddEntire(-1);
        world.Step();
        world.Broke("mapcount", "fewer mappings of a page counted than there are", "nonzero mapcount");
    }

    [Fact]
    public void A_large_mapcount_below_the_number_of_entries()
    {
        Folio folio = world.MapHuge();
        folio.Large.SetMapcount(-1);
        world.Step();
        world.Broke("mapcount", "fewer mappings counted than there are", "BUG: Bad page map");
    }

    [Fact]
    public void A_large_mapcount_above_its_parts()
    {
        Folio folio = world.MapHuge();
        folio.Get(Holder.Lookup);
        folio.Large.SetMapcount(1);
        world.Step();
        world.Broke("mapcount", "more mappings of a large folio counted than of its parts", "nonzero large_mapcount");
    }

    [Fact]
    public void Fewer_references_than_mappings_of_a_large_folio()
    {
        Folio folio = world.MapHuge();
        world.MapPages(folio);
        folio.PutTestZero(Holder.Mapping);
        world.Step();
        world.Broke("mapcount", "fewer references than mappings", "nonzero mapcount");
    }

    [Theory]
    [InlineData("entire")]
    [InlineData("mapped")]
    [InlineData("pins")]
    [InlineData("page")]
    public void A_negative_count_of_a_large_folio(string which)
    {
        Folio folio = world.MapHuge();
        switch (which)
        {
            case "entire":
                folio.Large.SetEntire(-2);
                break;
            case "mapped":
                folio.Large.SetPagesMapped(-1);
                break;
            case "pins":
                folio.Large.AddPincount(-1);
                break;
            default:
                folio.StoreMapcount(-2);
                break;
        }

        world.Step();
        world.Broke("counter-sign", "negative count of a large folio", "nonzero entire_mapcount");
    }

    [Fact]
    public void A_forgotten_aggregate_counter()
    {
        Folio folio = world.MapHuge();
        world.MapPages(folio);
        folio.Large.AddPagesMapped(1);
        world.Step();
        world.Broke("large-counts", "nr_pages_mapped is not the number of mapped pages", "nonzero nr_pages_mapped");
    }

    [Fact]
    public void A_large_mapcount_that_is_not_the_sum()
    {
        Folio folio = world.MapHuge();
        folio.PageAt(1).IncMapcount();
        folio.Large.AddPagesMapped(1);
        world.Step();
        world.Broke("large-counts", "large mapcount is not the sum of all mapcounts", "nonzero large_mapcount");
    }

    [Fact]
    public void Aggregate_counters_lag_behind_while_a_page_table_is_locked()
    {
        Folio folio = world.MapHuge();
        world.MapPages(folio);
        world.Mm0.PmdLock.TryTake(world.Cpu0);
        folio.Large.AddPagesMapped(-1);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_folio_of_two_processes_that_says_it_is_not_shared()
    {
        Folio folio = world.MapHuge();
        world.Fork();
        world.ShareHuge(folio);
        folio.Large.SetShared(false);
        world.Step();
        world.Broke("mm-ids", "large folio of several processes is not shared");
    }

    [Fact]
    public void The_first_page_speaks_for_all_while_a_pmd_maps_them()
    {
        Folio folio = world.MapHuge();
        world.Fork();
        world.ShareHuge(folio);
        folio.Set(PageFlag.AnonExclusive);
        world.Step();
        world.Broke("exclusive-mapcount", "exclusive page is mapped twice", "PageAnonExclusive");
    }

    [Fact]
    public void A_tail_page_that_is_exclusive_and_mapped_twice()
    {
        Folio folio = world.MapHuge();
        world.MapPages(folio);
        folio.PageAt(3).IncMapcount();
        world.Step();
        world.Broke("exclusive-mapcount", "exclusive page is mapped twice", "PageAnonExclusive");
    }

    [Fact]
    public void A_writable_pmd_of_a_shared_folio()
    {
        Folio folio = world.MapHuge();
        folio.Clear(PageFlag.AnonExclusive);
        world.Step();
        world.Broke("writable", "writable page is not exclusive", "VM_BUG_ON");
    }

    [Fact]
    public void A_pmd_migration_entry_of_an_unlocked_folio()
    {
        Folio folio = world.MapHuge();
        Table0.SetPmd(new Pmd(PmdKind.Migration, folio.Pfn, PteFlag.None));
        world.Step();
        world.Broke("migration-entry", "migration entry of an unlocked folio", "BUG_ON");
    }

    [Fact]
    public void A_pmd_counts_as_many_pages_as_it_maps()
    {
        world.MapHuge();
        world.Mm0.AddRss(-3, 0);
        world.Step();
        world.Broke("rss", "MM_ANONPAGES is not the number of pages", "Bad rss-counter state");
    }

    [Fact]
    public void At_rest_a_page_counts_its_entries()
    {
        Folio folio = world.MapHuge();
        folio.PageAt(1).IncMapcount();
        folio.Large.AddPagesMapped(1);
        folio.Large.SetMapcount(1);
        folio.Get(Holder.Mapping);
        world.Rest();
        world.BrokeAt("rest", "rest-references", "mapcount of a page and its entries differ", "nonzero mapcount");
    }

    [Fact]
    public void At_rest_the_entire_mapcount_counts_pmd_entries()
    {
        Folio folio = world.MapHuge();
        folio.Large.AddEntire(1);
        world.Rest();
        world.BrokeAt("rest", "rest-references", "entire mapcount and PMD entries differ", "nonzero entire_mapcount");
    }

    [Fact]
    public void At_rest_the_pincount_counts_pins()
    {
        Folio folio = world.MapHuge();
        folio.Large.AddPincount(1);
        world.Rest();
        world.BrokeAt("rest", "rest-references", "pincount and pins differ", "nonzero pincount");
    }

    [Fact]
    public void At_rest_nobody_holds_the_bit_spinlock_of_the_counts()
    {
        Folio folio = world.MapHuge();
        folio.Large.MmIdLock.TryTake(world.Cpu0);
        world.Rest();
        world.BrokeAt("rest", "rest-locks", "spinlock left locked", "soft lockup");
    }

    [Fact]
    public void A_free_folio_that_a_pmd_maps()
    {
        Folio folio = world.MapHuge();
        world.Free(folio);
        world.Step();
        world.Broke("free-folio", "free folio is mapped", "BUG: Bad page map");
    }

    private void Silent()
    {
        world.Step();
        world.Rest();
        world.IsSilent();
    }
}
