using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>The laws of poisoned frames: each fires where it is broken, and is silent where it is not.</summary>
public class PoisonLaws
{
    private readonly World world = new();

    [Fact]
    public void A_poisoned_frame_that_is_out_of_use_is_silent_at_rest_and_at_the_end()
    {
        Folio folio = Poison();
        world.Mm0.SetPte(0, new Pte(PteKind.HwPoison, folio.Pfn, PteFlag.None));
        world.Step();
        world.Rest();
        world.Mm0.SetPte(0, Pte.None);
        world.ExitVmas();
        world.End();
        world.IsSilent();
    }

    [Fact]
    public void A_poisoned_frame_that_is_free_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Set(PageFlag.HwPoison);
        world.Zap();
        world.Free(folio);
        world.Rest();
        world.BrokeAt("rest", "rest-poison", "poisoned frame is free");
    }

    [Fact]
    public void A_poison_entry_of_a_good_frame_is_reported()
    {
        Folio folio = world.MapPage();
        world.Mm0.SetPte(1, new Pte(PteKind.HwPoison, folio.Pfn, PteFlag.None));
        world.Rest();
        world.BrokeAt("rest", "rest-poison", "poison entry of a frame that is not poisoned");
    }

    [Fact]
    public void A_poisoned_frame_that_somebody_still_holds_is_a_leak()
    {
        Folio folio = Poison();
        folio.Get(Holder.Lookup);
        world.ExitVmas();
        world.End();
        world.BrokeAt("end", "exit-folios", "page frame leaked");
    }

    [Fact]
    public void A_mutex_of_memory_failure_that_stays_locked_is_reported()
    {
        world.Kernel.PoisonMutex.TryTakeRead(world.Cpu0);
        world.Rest();
        world.BrokeAt("rest", "rest-locks", "semaphore left locked", "blocked for more than 120 seconds");
    }

    /// <summary>A page as memory_failure() leaves it: unmapped, off the LRU, with one reference for ever.</summary>
    private Folio Poison()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Poison);
        folio.Set(PageFlag.HwPoison);
        world.Zap();
        FolioList.Remove(world.Kernel, folio);
        folio.Clear(PageFlag.Lru);
        world.Kernel.R.Memcg.Uncharge(folio);
        return folio;
    }
}
