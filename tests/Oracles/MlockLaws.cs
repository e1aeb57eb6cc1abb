using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about folios that are locked in memory: each is broken by hand once.</summary>
public class MlockLaws
{
    private const PageFlag Locked = PageFlag.Lru | PageFlag.Unevictable | PageFlag.Mlocked;

    private readonly World world = new();

    [Fact]
    public void A_locked_folio_on_the_unevictable_list_is_in_order()
    {
        MapLocked();
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void An_evictable_folio_on_the_unevictable_list_is_stranded()
    {
        Folio folio = MapLocked();
        folio.Clear(PageFlag.Mlocked);
        world.Kernel.Lruvec.CountMlocked(folio, -1);
        world.Rest();
        world.BrokeAt("rest", "rest-mlock", "evictable folio on the unevictable list");
    }

    [Fact]
    public void A_folio_whose_munlock_waits_in_a_batch_is_not_stranded()
    {
        Folio folio = MapLocked();
        folio.Clear(PageFlag.Mlocked);
        world.Kernel.Lruvec.CountMlocked(folio, -1);
        folio.Get(Holder.LruBatch);
        world.Kernel.Lruvec.MlockBatches[1].Folios.Add(folio);
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_wrong_number_of_locked_pages_is_reported()
    {
        Folio folio = MapLocked();
        world.Kernel.Lruvec.CountMlocked(folio, 1);
        world.Rest();
        world.BrokeAt("rest", "rest-mlock", "NR_MLOCK is wrong");
    }

    [Fact]
    public void A_wrong_length_of_the_unevictable_list_is_reported()
    {
        MapLocked();
        world.Kernel.Lruvec.UnevictablePages++;
        world.Rest();
        world.BrokeAt("rest", "rest-mlock", "length of the unevictable list is wrong");
    }

    [Fact]
    public void A_page_of_a_locked_vma_in_swap_is_reported()
    {
        Folio folio = MapLocked();
        world.Unmap(world.Mm0, 0, world.Cache(folio));
        world.Vma0.Flags |= VmaFlag.Locked;
        world.Rest();
        world.BrokeAt(
            "rest", "rest-resident", "page of a locked VMA is in swap", "a major fault in memory that is locked");
    }

    [Fact]
    public void An_active_folio_that_is_unevictable_is_reported()
    {
        MapLocked().Set(PageFlag.Active);
        world.Step();
        world.Broke(
            "active-unevictable", "active folio is unevictable",
            "VM_BUG_ON_FOLIO(folio_test_active(folio) && folio_test_unevictable(folio))");
    }

    [Fact]
    public void Counting_a_folio_that_is_linked_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Set(PageFlag.Unevictable);
        folio.SetMlockCount(1);
        world.Step();
        world.Broke("mlock-count", "mlock_count is used where lru.prev is", "list_del corruption");
    }

    [Fact]
    public void Reading_the_count_of_a_folio_that_is_evictable_is_reported()
    {
        Folio folio = world.MapPage();
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru);
        folio.Get(Holder.Isolation);
        Assert.Equal(0, folio.MlockCount);
        world.Step();
        world.Broke("mlock-count", "mlock_count is used where lru.prev is", "list_del corruption");
    }

    private Folio MapLocked()
    {
        Folio folio = world.MapPage();
        FolioList.Remove(world.Kernel, folio);
        folio.Set(Locked);
        folio.SetMlockCount(1);
        world.Kernel.Lruvec.CountMlocked(folio, 1);
        world.Kernel.Lruvec.UnevictablePages++;
        return folio;
    }
}
