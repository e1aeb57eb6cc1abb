using Mm.State;
using Xunit;

namespace Tests.Mm;

public class PoisonTests
{
    [Fact]
    public void A_poisoned_page_is_replaced_by_a_poison_entry_and_kept_for_ever()
    {
        World world = World.After("shape\nsetup write mm0 p0\n poison mm0 p0\n");
        Pte pte = world.Pte(0, 0);
        Assert.Equal(PteKind.HwPoison, pte.Kind);
        Folio folio = world.Kernel.Folios[pte.Target];
        Assert.True(folio.Has(PageFlag.HwPoison));
        Assert.False(folio.Has(PageFlag.Lru) || folio.Mapped);
        Assert.Equal(1, folio.Refcount);
        Assert.Equal(0, world.Mm(0).AnonPages);
    }

    [Fact]
    public void Whoever_loads_from_it_fails()
    {
        World world = World.After(
            "shape\nsetup write mm0 p0\n poison mm0 p0\n read mm0 p0\n write mm0 p0\n pin mm0 p0\n");
        Assert.Equal([true, true, false, false, false], world.Effective);
    }

    [Theory]
    [InlineData("dontneed")]
    [InlineData("free")]
    public void Advice_that_drops_a_page_drops_its_poison_entry(string advice)
    {
        World world = World.After($"shape\nsetup write mm0 p0\n poison mm0 p0\n {advice} mm0 p0 1\n read mm0 p0\n");
        Assert.Equal(PteKind.Zero, world.Pte(0, 0).Kind);
    }

    [Fact]
    public void A_page_is_poisoned_once()
    {
        World world = World.After("shape mms 2\nsetup write mm0 p0\n fork mm0 mm1\n poison mm0 p0\n poison mm1 p0\n");
        Assert.False(world.Effective[^1]);
        Assert.Equal(PteKind.HwPoison, world.Pte(1, 0).Kind);
    }

    [Fact]
    public void Fork_copies_the_poison_and_discarding_ends_it()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n write mm0 p1\n poison mm0 p0\n fork mm0 mm1\n"
            + " dontneed mm0 p0 1\n write mm0 p0\n");
        Assert.Equal(PteKind.HwPoison, world.Pte(1, 0).Kind);
        Assert.True(world.Effective[^1]);
        Assert.NotEqual(world.Pte(1, 0).Target, world.Pte(0, 0).Target);
    }

    [Fact]
    public void What_the_device_has_too_is_read_from_there_again()
    {
        World world = World.After(
            "shape mms 2 device async\nsetup write mm0 p0\n fork mm0 mm1\n drain\n reclaim 1\n age 1\n reclaim 1\n"
            + " read mm0 p0\n poison mm0 p0\n read mm1 p0\n");
        Assert.True(world.Effective[^2] && world.Effective[^1]);
        Assert.Equal(PteKind.Swap, world.Pte(0, 0).Kind);
        Assert.False(world.Folio(1, 0).Has(PageFlag.HwPoison));
    }

    [Fact]
    public void Swapoff_turns_swap_entries_of_a_poisoned_page_into_poison_entries()
    {
        World world = World.After(
            "shape mms 2 slots 4\nsetup write mm0 p0\n fork mm0 mm1\n drain\n reclaim 1\n age 1\n reclaim 1\n"
            + " write mm0 p0\n read mm1 p0\n swapoff\n");
        Assert.True(world.Effective[^1]);
    }

    [Fact]
    public void The_zero_page_is_left_alone()
    {
        World world = World.After("shape\nsetup read mm0 p0\n poison mm0 p0\n");
        Assert.False(world.Effective[^1]);
        Assert.Equal(PteKind.Zero, world.Pte(0, 0).Kind);
    }

    [Fact]
    public void Soft_offline_moves_the_content_and_never_frees_the_frame()
    {
        World world = World.After("shape\nsetup write mm0 p0\n softoffline mm0 p0\n read mm0 p0\n");
        Assert.Equal([true, true, true], world.Effective);
        Folio old = world.Kernel.Folios[0];
        Assert.True(old.Has(PageFlag.HwPoison));
        Assert.False(old.Free);
        Assert.Equal(1, old.Refcount);
        Assert.NotSame(old, world.Folio(0, 0));
    }

    [Fact]
    public void Soft_offline_gives_up_on_a_pinned_page()
    {
        World world = World.After("shape\nsetup write mm0 p0\n pin mm0 p0\n softoffline mm0 p0\n");
        Assert.False(world.Effective[^1]);
        Assert.False(world.Folio(0, 0).Has(PageFlag.HwPoison));
    }

    [Theory]
    [InlineData("poison mm0 p0", "pageout mm0 p0")]
    [InlineData("poison mm0 p0", "migrate mm0 p0")]
    [InlineData("poison mm0 p0", "write mm0 p0")]
    [InlineData("poison mm0 p0", "dontneed mm0 p0 1")]
    [InlineData("poison mm0 p0", "softoffline mm0 p0")]
    [InlineData("softoffline mm0 p0", "pageout mm0 p0")]
    [InlineData("softoffline mm0 p0", "dontneed mm0 p0 1")]
    public void Taking_a_frame_out_of_use_is_safe_whatever_else_happens(string first, string second) => Races.Safe(
        $"shape slots 2\nsetup write mm0 p0\n drain\ncpu0 {first}\ncpu1 {second}", 1);
}
