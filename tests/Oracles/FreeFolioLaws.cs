using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>What may not refer to a free page frame.</summary>
public class FreeFolioLaws
{
    private readonly World world = new();

    [Fact]
    public void A_free_folio_that_is_mapped_is_reported()
    {
        Folio folio = world.MapPage();
        world.Free(folio);
        world.Step();
        world.Broke("free-folio", "free folio is mapped", "BUG: Bad page map");
    }

    [Fact]
    public void A_free_folio_with_a_migration_entry_is_reported()
    {
        Folio folio = world.OnLru();
        folio.PutTestZero(Holder.Allocation);
        world.Free(folio);
        world.Step();
        world.IsSilent();
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.None));
        world.Step();
        world.Broke("free-folio", "free folio has migration entries");
    }

    [Fact]
    public void A_free_folio_on_a_list_is_reported()
    {
        Folio folio = world.OnLru();
        folio.PutTestZero(Holder.Allocation);
        world.Kernel.GiveFrames(folio);
        world.Step();
        world.Broke("free-folio", "free folio is on a list", "list_del corruption");
    }

    [Fact]
    public void A_free_folio_in_the_swap_table_is_reported()
    {
        Folio folio = world.OnLru();
        world.Kernel.Swap.ExchangeCached(world.Kernel.Swap.Allocate(), folio);
        folio.PutTestZero(Holder.Allocation);
        world.Free(folio);
        world.Step();
        world.Broke("free-folio", "free folio is in the swap cache");
    }

    [Fact]
    public void A_free_page_that_still_has_the_mark_of_a_partially_mapped_folio_is_reported()
    {
        Folio folio = world.OnLru();
        folio.PutTestZero(Holder.Allocation);
        folio.Set(PageFlag.PartiallyMapped);
        world.Free(folio);
        world.Step();
        world.Broke(
            "free-folio", "free page is marked as part of a partially mapped folio", "BUG: Bad page state");
    }

    [Fact]
    public void A_free_folio_with_counts_is_reported()
    {
        Folio folio = world.OnLru();
        world.Free(folio);
        world.Step();
        world.Broke("free-folio", "free folio is counted", "BUG: Bad page state");
    }
}
