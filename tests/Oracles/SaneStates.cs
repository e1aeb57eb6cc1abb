using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>States that v6.18 passes through all the time: no oracle may say a word.</summary>
public class SaneStates
{
    [Fact]
    public void A_fresh_world_is_silent_at_rest_and_at_the_end()
    {
        World world = new();
        world.Rest();
        world.ExitVmas();
        world.End();
        world.IsSilent();
    }

    [Fact]
    public void An_exclusive_page_is_silent()
    {
        World world = new();
        world.MapPage();
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_page_shared_by_fork_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        world.Fork();
        world.Share(folio);
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_swapped_out_page_in_the_swap_cache_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Unmap(world.Mm0, 0, slot, PteFlag.Exclusive);
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_swapped_out_page_that_two_processes_share_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        world.Fork();
        world.Share(folio);
        int slot = world.Cache(folio);
        world.Unmap(world.Mm0, 0, slot);
        world.Unmap(world.Mm1, 0, slot);
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_page_under_migration_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        world.Lock(folio);
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru | PageFlag.AnonExclusive);
        folio.Get(Holder.Isolation);
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.Write));
        folio.DecMapcount();
        folio.PutTestZero(Holder.Mapping);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_folio_frozen_by_reclaim_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        int slot = world.Cache(folio);
        world.Lock(folio);
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru);
        folio.Get(Holder.Isolation);
        world.Unmap(world.Mm0, 0, slot, PteFlag.Exclusive);
        Assert.True(folio.Freeze(2));
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_folio_that_is_being_isolated_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        folio.Get(Holder.Lookup);
        folio.Clear(PageFlag.Lru);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_folio_whose_last_reference_is_gone_is_silent_before_it_is_unlinked()
    {
        World world = new();
        world.MapPage();
        Assert.True(world.Zap());
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_life_from_map_to_exit_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        world.Step();
        world.Zap();
        world.Step();
        world.Free(folio);
        world.Step();
        world.Rest();
        world.ExitVmas();
        world.End();
        world.IsSilent();
    }

    [Fact]
    public void A_pinned_exclusive_page_is_silent()
    {
        World world = new();
        Folio folio = world.MapPage();
        folio.Get(Holder.Pin);
        Pin pin = world.Kernel.Pins[0];
        pin.Frame = folio;
        pin.Mm = world.Mm0;
        pin.Page = 0;
        pin.TruthAttached = true;
        world.Step();
        world.Rest();
        world.IsSilent();
    }
}
