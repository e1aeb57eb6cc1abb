using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about one process' page table and counters.</summary>
public class ProcessLaws
{
    private readonly World world = new();

    [Fact]
    public void A_page_counter_that_is_wrong_is_reported_once_the_page_table_is_unlocked()
    {
        world.MapPage();
        world.Step();
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Mm0.AddRss(1, 0);
        world.Step(world.First);
        world.IsSilent();
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("rss", "MM_ANONPAGES is not the number of pages", "BUG: Bad rss-counter state");
    }

    [Fact]
    public void A_swap_counter_that_is_wrong_is_reported()
    {
        world.MapPage();
        world.Mm0.AddRss(0, 1);
        world.Step();
        world.Broke("rss", "MM_SWAPENTS is not the number of swap entries", "type:MM_SWAPENTS");
    }

    [Fact]
    public void The_zero_page_is_not_counted()
    {
        world.Mm0.SetPte(0, Pte.ZeroPage);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_writable_entry_of_a_page_that_is_not_exclusive_is_reported()
    {
        Folio folio = world.MapPage();
        world.Fork();
        world.Share(folio);
        world.Step();
        world.IsSilent();
        world.Mm1.SetPte(0, world.Mm1[0].With(PteFlag.Write));
        world.Step();
        world.Broke(
            "writable", "writable page is not exclusive", "VM_BUG_ON(pte_write(pte) && !PageAnonExclusive(page))");
    }

    [Fact]
    public void A_cached_folio_whose_index_is_not_that_of_its_only_entry_is_reported()
    {
        Folio folio = world.MapPage();
        world.Unmap(world.Mm0, 0, world.Cache(folio), PteFlag.Exclusive);
        world.Step();
        world.IsSilent();
        folio.SetIndex(1);
        world.Mm0.SetPte(0, world.Mm0[0]);
        world.Step();
        world.Broke("swap-place", "cached folio belongs elsewhere", "VM_BUG_ON_PAGE(page_pgoff(folio, page)");
    }

    [Fact]
    public void An_exclusive_swap_entry_of_a_shared_slot_is_reported()
    {
        Folio folio = world.MapPage();
        world.Fork();
        world.Share(folio);
        int slot = world.Cache(folio);
        world.Unmap(world.Mm0, 0, slot);
        world.Unmap(world.Mm1, 0, slot);
        world.Step();
        world.IsSilent();
        world.Mm1.SetPte(0, world.Mm1[0].With(PteFlag.Exclusive));
        world.Step();
        world.Broke("exclusive-entry", "exclusive swap entry of a shared slot");
    }

    [Fact]
    public void An_exclusive_swap_entry_is_a_lie_when_another_process_shares_its_slot()
    {
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Unmap(world.Mm0, 0, slot, PteFlag.Exclusive);
        world.Fork();
        world.Step();
        world.IsSilent();
        world.Kernel.Swap.Duplicate(slot);
        world.Mm1.SetPte(0, world.Mm0[0].Without(PteFlag.Exclusive));
        world.Mm1.AddRss(0, 1);
        world.Step();
        world.Broke("exclusive-entry", "exclusive swap entry of a shared slot");
    }

    [Fact]
    public void An_exclusive_migration_entry_is_a_lie_when_another_process_copies_it()
    {
        Folio folio = world.MapPage();
        world.Lock(folio);
        folio.Clear(PageFlag.AnonExclusive);
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.Write));
        world.Fork();
        world.Step();
        world.IsSilent();
        world.Mm1.SetPte(0, world.Mm0[0].Without(PteFlag.Write));
        world.Mm1.AddRss(1, 0);
        world.Step();
        world.Broke("migration-exclusive", "exclusive migration entry of a shared page");
    }

    [Fact]
    public void The_step_that_broke_a_law_is_blamed_not_the_last_one_under_the_lock()
    {
        world.MapPage();
        world.Step();
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Mm0.AddRss(1, 0);
        world.Step(world.First);
        world.Mm0.SetPte(0, world.Mm0[0].With(PteFlag.Young));
        world.Step(world.Second);
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("rss", "MM_ANONPAGES is not the number of pages", "BUG: Bad rss-counter state");
    }

    [Fact]
    public void A_law_that_holds_again_when_the_lock_is_given_back_is_silent()
    {
        world.MapPage();
        world.Step();
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Mm0.AddRss(1, 0);
        world.Step();
        world.Mm0.AddRss(-1, 0);
        world.Step();
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_suspect_of_the_concurrent_part_is_blamed_at_rest()
    {
        world.MapPage();
        world.Step();
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Mm0.AddRss(1, 0);
        world.Step(world.First);
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Rest();
        world.Broke("rss", "MM_ANONPAGES is not the number of pages", "BUG: Bad rss-counter state");
    }

    [Theory]
    [InlineData(PteFlag.Write)]
    [InlineData(PteFlag.Exclusive)]
    public void An_exclusive_migration_entry_of_a_shared_page_is_reported(PteFlag flag)
    {
        Folio folio = world.MapPage();
        world.Fork();
        world.Share(folio);
        world.Lock(folio);
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.None));
        world.Step();
        world.IsSilent();
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, flag));
        world.Step();
        world.Broke("migration-exclusive", "exclusive migration entry of a shared page");
    }
}
