using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>What may not be left in a TLB.</summary>
public class TlbLaws
{
    private readonly World world = new();

    [Fact]
    public void A_translation_to_a_free_frame_is_reported()
    {
        Folio folio = world.MapPage();
        Cache(0);
        Assert.True(world.Zap());
        world.Free(folio);
        world.Step();
        world.Broke("free-folio", "free folio is in a TLB");
    }

    [Fact]
    public void A_translation_of_an_entry_that_is_gone_is_reported_once_all_locks_are_free()
    {
        world.MapPage();
        Cache(0);
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Zap();
        world.Step();
        world.IsSilent();
        world.Mm0.Ptl(0).Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("tlb", "stale translation");
    }

    [Fact]
    public void A_gather_or_a_flush_that_was_put_off_excuses_it()
    {
        world.MapPage();
        Cache(0);
        world.Mm0.Tlb.FlushPending = 1;
        world.Kernel.Tlbs[1].BatchedMms = 1;
        world.Zap();
        world.Step();
        world.Mm0.Tlb.FlushPending = 0;
        world.Step();
        world.IsSilent();
        world.Kernel.Tlbs[1].BatchedMms = 0;
        world.Step();
        world.Broke("tlb", "stale translation");
    }

    [Fact]
    public void A_right_to_write_that_the_entry_does_not_give_is_reported()
    {
        world.MapPage();
        Cache(0);
        world.Mm0.SetPte(0, world.Mm0[0].Without(PteFlag.Write));
        world.Step();
        world.Broke("tlb", "stale right to write");
    }

    [Fact]
    public void A_translation_that_says_less_than_the_entry_is_no_fault()
    {
        world.MapPage();
        world.Kernel.Tlbs[0].Fill(world.Mm0, 0, world.Mm0[0].Without(PteFlag.Write | PteFlag.Dirty));
        world.Mm0.SetPte(0, world.Mm0[0]);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_page_that_is_written_while_a_store_to_it_would_not_be_seen_is_reported()
    {
        Folio folio = world.MapPage();
        Cache(0);
        folio.Set(PageFlag.Writeback);
        world.Step();
        world.IsSilent();
        world.Mm0.SetPte(0, world.Mm0[0].Without(PteFlag.Dirty));
        world.Step();
        world.Broke("unseen-store", "page is written while a store to it would not be seen");
    }

    [Fact]
    public void A_page_that_is_dirty_again_may_be_stored_to_while_it_is_written()
    {
        Folio folio = world.MapPage();
        Cache(0);
        folio.Set(PageFlag.Writeback | PageFlag.Dirty);
        world.Mm0.SetPte(0, world.Mm0[0].Without(PteFlag.Dirty));
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_dropped_page_in_a_tlb_is_reported_as_said()
    {
        world.Kernel.TruthBroken.Add("tlb: cpu1 still maps mm0 p0 to folio 0 rw after it was zapped");
        world.Step();
        world.Broke("stale-zap", "dropped page is in a TLB");
    }

    private void Cache(int page) => world.Kernel.Tlbs[1].Fill(world.Mm0, page, world.Mm0[page]);
}
