using Fuzz.Execution;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>
/// Laws about the whole state when no call is in flight. The sane neighbours are in <see cref="SaneStates"/>.
/// </summary>
public class RestLaws
{
    private readonly World world = new();

    [Fact]
    public void A_spinlock_left_locked_is_reported()
    {
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Rest();
        Broke("rest-locks", "spinlock left locked", "soft lockup");
    }

    [Fact]
    public void A_process_that_is_said_to_have_a_flush_before_it_is_reported()
    {
        world.Mm0.Tlb.FlushPending++;
        world.Rest();
        Broke("rest-locks", "tlb_flush_pending is not 0");
    }

    [Fact]
    public void A_semaphore_left_locked_is_reported()
    {
        world.Vma0.Lock.TryTakeRead(world.Cpu0);
        world.Rest();
        Broke("rest-locks", "semaphore left locked", "blocked for more than 120 seconds");
    }

    [Fact]
    public void An_rcu_read_section_left_open_is_reported()
    {
        world.Kernel.Rcu.ReadLock(world.Cpu0);
        world.Rest();
        Broke("rest-locks", "RCU read section left open", "stalls");
    }

    [Fact]
    public void A_folio_left_locked_is_reported()
    {
        world.Lock(world.MapPage());
        world.Rest();
        Broke("rest-locks", "folio left locked", "blocked for more than 120 seconds");
    }

    [Fact]
    public void A_folio_left_under_writeback_is_reported()
    {
        world.MapPage().Set(PageFlag.Writeback);
        world.Rest();
        Broke("rest-locks", "folio left under writeback", "blocked for more than 120 seconds");
    }

    [Fact]
    public void A_refcount_left_frozen_is_reported()
    {
        Folio folio = world.OnLru();
        folio.Freeze(1);
        world.Rest();
        Broke("rest-locks", "refcount left frozen", "blocked for more than 120 seconds");
    }

    [Fact]
    public void A_sleeper_left_on_a_folio_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Set(PageFlag.Waiters);
        _ = folio.WaitQueue.Sleep(world.Cpu0, PageFlag.Locked, exclusive: true);
        world.Rest();
        Broke("rest-locks", "sleeper left on a folio", "blocked for more than 120 seconds");
    }

    [Fact]
    public void A_lookup_that_was_never_dropped_is_reported()
    {
        world.MapPage().Get(Holder.Lookup);
        world.Rest();
        Broke("rest-references", "passing reference was never dropped");
    }

    [Fact]
    public void A_mapcount_without_an_entry_is_reported()
    {
        Folio folio = world.MapPage();
        world.Mm0.SetPte(0, Pte.None);
        world.Mm0.AddRss(-1, 0);
        world.Rest();
        Broke("rest-references", "mapping references, mapcount and entries differ", "nonzero mapcount");
        Assert.Equal(1, folio.Mapcount);
    }

    [Fact]
    public void A_migration_entry_that_was_left_is_reported()
    {
        Folio folio = world.MapPage();
        world.Lock(folio);
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.None));
        world.Rest();
        Broke("rest-references", "migration entry was left", "blocked for more than 120 seconds");
    }

    [Fact]
    public void A_batch_reference_without_a_batch_is_reported_and_with_one_it_is_silent()
    {
        Folio folio = world.MapPage();
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru);
        folio.Get(Holder.LruBatch);
        world.Kernel.Lruvec.Batches[0].Folios.Add(folio);
        world.Rest();
        world.IsSilent();
        world.Kernel.Lruvec.Batches[0].Folios.Clear();
        world.Rest();
        Broke("rest-references", "batch references and batches differ");
    }

    [Fact]
    public void A_batch_without_a_reference_is_reported()
    {
        world.Kernel.Lruvec.Batches[1].Folios.Add(world.MapPage());
        world.Rest();
        Broke("rest-references", "batch references and batches differ");
    }

    [Fact]
    public void A_pin_without_a_reference_is_reported()
    {
        Pin pin = world.Kernel.Pins[2];
        pin.Frame = world.MapPage();
        pin.Mm = world.Mm0;
        world.Rest();
        Broke("rest-references", "pin references and pins differ");
    }

    [Fact]
    public void A_reference_of_a_pipe_that_no_pipe_has_is_reported()
    {
        world.MapPage().Get(Holder.Get);
        world.Rest();
        Broke("rest-references", "references of pipes and pipes differ");
    }

    [Fact]
    public void A_pin_reference_without_a_pin_is_reported()
    {
        world.MapPage().Get(Holder.Pin);
        world.Rest();
        Broke("rest-references", "pin references and pins differ");
    }

    [Fact]
    public void A_folio_left_on_a_private_list_is_reported()
    {
        Folio folio = world.MapPage();
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru);
        new FolioList(world.Kernel, "private", isLru: false).AddHead(folio);
        world.Rest();
        Broke("rest-lru", "folio left on a private list");
    }

    [Fact]
    public void A_linked_folio_without_PG_lru_is_reported_at_rest_whoever_holds_it()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Lookup);
        folio.Clear(PageFlag.Lru);
        world.Rest();
        Broke("rest-lru", "PG_lru and the LRU lists differ", "list_del corruption");
    }

    [Fact]
    public void A_folio_on_no_list_and_in_no_batch_is_reported()
    {
        Folio folio = world.MapPage();
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru);
        world.Rest();
        Broke("rest-lru", "folio is on no list and in no batch");
    }

    [Fact]
    public void HAS_CACHE_without_a_folio_is_reported_at_rest_but_not_after_a_step()
    {
        world.Kernel.Swap.Allocate();
        world.Step();
        world.IsSilent();
        world.Rest();
        Broke("rest-slots", "SWAP_HAS_CACHE without a folio", "blocked for more than 120 seconds");
    }

    [Fact]
    public void A_cached_folio_without_HAS_CACHE_is_reported()
    {
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Kernel.Swap.SetHasCache(slot, false);
        world.Rest();
        Broke("rest-slots", "folio without SWAP_HAS_CACHE", "VM_BUG_ON(!has_cache)");
    }

    [Fact]
    public void A_device_reference_that_was_never_dropped_is_reported()
    {
        world.Kernel.Swap.Users = 1;
        world.Rest();
        Broke("rest-slots", "device reference was never dropped");
    }

    [Fact]
    public void An_address_that_lost_its_content_is_reported_although_nobody_reads_it()
    {
        Folio folio = world.MapPage();
        folio.SetData(7);
        world.Mm0.TruthData[0] = 7;
        world.Rest();
        world.IsSilent();
        world.Mm0.TruthData[0] = 8;
        world.Rest();
        Assert.Equal(LawKind.Symptom, Broke("rest-content", "silent data corruption, page is in memory").Kind);
    }

    [Fact]
    public void The_content_of_a_swapped_page_is_the_cached_copy_or_else_the_slot()
    {
        Folio folio = world.MapPage();
        folio.SetData(7);
        world.Mm0.TruthData[0] = 7;
        int slot = world.Cache(folio);
        world.Unmap(world.Mm0, 0, slot);
        world.Kernel.Swap.Data[slot] = 0;
        world.Rest();
        world.IsSilent();
        folio.Clear(PageFlag.Uptodate);
        world.Rest();
        Broke("rest-content", "silent data corruption, page is in swap");
    }

    private Violation Broke(string oracle, string law, string? message = null) =>
        world.BrokeAt("rest", oracle, law, message);
}
