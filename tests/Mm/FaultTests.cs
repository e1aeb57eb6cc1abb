using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class FaultTests
{
    [Fact]
    public void A_load_from_an_untouched_page_maps_the_zero_page_and_costs_nothing()
    {
        World world = World.After("shape pages 1\nsetup read mm0 p0");
        Assert.Equal(Pte.ZeroPage, world.Pte(0, 0));
        Assert.Equal(0, world.Mm(0).AnonPages);
        Assert.Equal(0, world.FoliosInUse);
        Assert.Null(world.Mm(0).Vmas[0].AnonVma);
    }

    [Fact]
    public void The_first_store_maps_a_fresh_exclusive_folio()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0");
        Folio folio = world.Folio(0, 0);
        Assert.True(world.Pte(0, 0).Writable);
        Assert.True(world.Pte(0, 0).Dirty);
        Assert.True(folio.Has(PageFlag.AnonExclusive | PageFlag.Swapbacked | PageFlag.Uptodate));
        Assert.Equal(1, folio.Mapcount);
        Assert.Equal(1, folio.TruthHolders(Holder.Mapping));
        Assert.Same(world.Mm(0).Vmas[0].AnonVma, folio.Mapping);
        Assert.Equal(1, world.Mm(0).AnonPages);
    }

    [Fact]
    public void A_store_after_a_load_replaces_the_zero_page()
    {
        World world = World.After("shape pages 1\nsetup read mm0 p0\n write mm0 p0");
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.Equal(1, world.Mm(0).AnonPages);
        Assert.Equal(1, world.FoliosInUse);
    }

    [Fact]
    public void A_second_store_stays_in_the_same_folio()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0\n write mm0 p0");
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(world.Mm(0).TruthData[0], world.Folio(0, 0).Data);
    }

    [Fact]
    public void Every_page_has_a_folio_of_its_own()
    {
        World world = World.After("shape pages 3\nsetup write mm0 p0\n write mm0 p2");
        Assert.NotSame(world.Folio(0, 0), world.Folio(0, 2));
        Assert.True(world.Pte(0, 1).IsNone);
        Assert.Equal(2, world.Mm(0).AnonPages);
    }

    [Fact]
    public void An_access_where_nothing_is_mapped_is_a_no_op()
    {
        World world = World.After("shape pages 1\nsetup munmap mm0 p0 1\n read mm0 p0\n write mm0 p0");
        Assert.Equal([true, false, false], world.Effective);
        Assert.True(world.Pte(0, 0).IsNone);
    }

    [Fact]
    public void An_access_of_a_process_that_does_not_exist_is_a_no_op() =>
        Assert.Equal([false, false], World.After("shape mms 2\nsetup read mm1 p0\n write mm1 p0").Effective);

    [Theory]
    [InlineData("write", "write")]
    [InlineData("read", "write")]
    [InlineData("read", "read")]
    public void Two_threads_that_first_touch_a_page_are_safe(string first, string second) =>
        Safe($"shape pages 1\ncpu0 {first} mm0 p0\ncpu1 {second} mm0 p0", preemptions: 3);

    [Fact]
    public void Two_threads_that_first_touch_two_pages_are_safe() =>
        Safe("shape pages 2\ncpu0 write mm0 p0\ncpu1 write mm0 p1", preemptions: 2);

    [Theory]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    public void A_first_store_is_safe_against(string other) =>
        Safe($"shape mms 2 pages 1\ncpu0 write mm0 p0\ncpu1 {other}", preemptions: 2);

    [Fact]
    public void A_store_to_the_zero_page_is_safe_against_a_zap() =>
        Safe("shape pages 1\nsetup read mm0 p0\ncpu0 write mm0 p0\ncpu1 dontneed mm0 p0 1", preemptions: 3);
}
