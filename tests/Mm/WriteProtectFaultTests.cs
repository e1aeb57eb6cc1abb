using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class WriteProtectFaultTests
{
    private const string Shared = "shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n";

    [Fact]
    public void A_store_to_a_shared_page_copies_it()
    {
        World world = World.After(Shared + " write mm1 p0");
        Folio old = world.Folio(0, 0);
        Folio copy = world.Folio(1, 0);
        Assert.NotSame(old, copy);
        Assert.Equal(1, old.Mapcount);
        Assert.True(copy.Has(PageFlag.AnonExclusive));
        Assert.False(old.Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(0, 0).Writable);
        Assert.NotEqual(old.Data, copy.Data);
    }

    [Fact]
    public void The_last_one_to_share_a_page_reuses_it()
    {
        World world = World.After(Shared + " write mm1 p0\n write mm0 p0");
        Assert.Equal(0, world.Folio(0, 0).Pfn);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.Equal(2, world.FoliosInUse);
    }

    [Fact]
    public void A_parent_whose_child_is_gone_reuses_the_page()
    {
        World world = World.After(Shared + " exit mm1\n write mm0 p0");
        Assert.Equal(0, world.Folio(0, 0).Pfn);
        Assert.Equal(1, world.FoliosInUse);
    }

    [Fact]
    public void A_child_whose_parent_is_gone_reuses_the_page_and_moves_it_to_its_own_anon_vma()
    {
        World world = World.After(Shared + " exit mm0\n write mm1 p0");
        Assert.Equal(0, world.Folio(1, 0).Pfn);
        Assert.Same(world.Mm(1).Vmas[0].AnonVma, world.Folio(1, 0).Mapping);
    }

    [Fact]
    public void A_page_that_is_shared_through_its_slot_is_copied()
    {
        // mm0 has read the page back, mm1's entry still names the slot: the folio is mapped once, and yet not alone.
        World world = World.After(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n read mm0 p0\n"
            + " write mm0 p0");
        Assert.NotEqual(world.Swap.Cached(0), world.Folio(0, 0));
        Assert.Equal(1, world.Swap.Count(0));
        Assert.NotEqual(world.Swap.Data[0], world.Folio(0, 0).Data);
    }

    [Fact]
    public void Reuse_of_a_page_in_the_swap_cache_drops_its_slot()
    {
        // Both owners have read the page back, one is gone: what is left holds the page and a copy that nobody owns.
        World world = World.After(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n read mm0 p0\n"
            + " read mm1 p0\n exit mm1\n write mm0 p0");
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.False(world.Folio(0, 0).Has(PageFlag.Swapcache));
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(1, world.FoliosInUse);
    }

    [Theory]
    [InlineData("write mm1 p0")]
    [InlineData("read mm1 p0")]
    [InlineData("exit mm1")]
    [InlineData("dontneed mm1 p0 1")]
    [InlineData("munmap mm1 p0 1")]
    [InlineData("migrate mm1 p0")]
    [InlineData("pin mm1 p0")]
    [InlineData("pinwrite mm1 p0")]
    public void Copy_on_write_is_safe_against_the_other_process(string other) =>
        Safe($"{Shared} drain\ncpu0 write mm0 p0\ncpu1 {other}", preemptions: 2);

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("exit mm0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("migrate mm0 p0")]
    [InlineData("reclaim 1")]
    [InlineData("pin mm0 p0")]
    [InlineData("fork mm0 mm2")]
    public void Copy_on_write_is_safe_against_its_own_process(string other) =>
        Safe(
            "shape mms 3 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n drain\n reclaim 1\n"
            + $"cpu0 write mm0 p0\ncpu1 {other}",
            preemptions: 2);
}
