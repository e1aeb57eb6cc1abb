using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class GupTests
{
    [Fact]
    public void A_pin_counts_1024_references_and_marks_the_process()
    {
        World before = World.After("shape pages 1\nsetup write mm0 p0");
        World world = World.After("shape pages 1\nsetup write mm0 p0\n pinwrite mm0 p0");
        Assert.Equal(before.Folio(0, 0).Refcount + Folio.PinBias, world.Folio(0, 0).Refcount);
        Assert.Equal(1, world.Folio(0, 0).TruthHolders(Holder.Pin));
        Assert.True(world.Mm(0).HasPinned);
    }

    [Fact]
    public void A_pin_for_reading_never_takes_the_zero_page()
    {
        World world = World.After("shape pages 1\nsetup read mm0 p0\n pin mm0 p0");
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void A_pin_for_reading_unshares_a_shared_page_first()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n pin mm1 p0");
        Assert.NotSame(world.Folio(0, 0), world.Folio(1, 0));
        Assert.Equal(world.Folio(0, 0).Data, world.Folio(1, 0).Data);
        Assert.True(world.Folio(1, 0).Has(PageFlag.AnonExclusive));
        Assert.False(world.Pte(1, 0).Writable);
    }

    [Fact]
    public void A_pin_swaps_the_page_in()
    {
        World world = World.After("shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n pinwrite mm0 p0");
        Assert.Equal(1, world.Folio(0, 0).TruthHolders(Holder.Pin));
    }

    [Fact]
    public void What_a_device_writes_is_what_the_process_reads()
    {
        World world = World.After("shape pages 1\nsetup pinwrite mm0 p0\n dma mm0 p0\n read mm0 p0\n unpin mm0 p0");
        Assert.NotEqual(0, world.Folio(0, 0).Data);
        Assert.Equal(world.Mm(0).TruthData[0], world.Folio(0, 0).Data);
        Assert.True(world.Folio(0, 0).Has(PageFlag.Dirty));
        Assert.Equal(0, world.Folio(0, 0).TruthHolders(Holder.Pin));
    }

    [Fact]
    public void A_pin_keeps_a_page_that_the_process_has_dropped()
    {
        const string Dropped = "shape pages 1\nsetup write mm0 p0\n drain\n pin mm0 p0\n dontneed mm0 p0 1";
        World world = World.After(Dropped);
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(0, World.After($"{Dropped}\n unpin mm0 p0").FoliosInUse);
    }

    [Fact]
    public void A_page_can_be_pinned_twice()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0\n pin mm0 p0\n pinwrite mm0 p0\n unpin mm0 p0");
        Assert.Equal(1, world.Folio(0, 0).TruthHolders(Holder.Pin));
    }

    [Fact]
    public void Without_a_pin_there_is_nothing_to_give_back_or_to_use() =>
        Assert.Equal([false, false], World.After("shape pages 1\nsetup unpin mm0 p0\n dma mm0 p0").Effective);

    [Fact]
    public void A_pin_where_nothing_is_mapped_is_a_no_op() =>
        Assert.False(World.After("shape pages 1\nsetup munmap mm0 p0 1\n pinwrite mm0 p0").Effective[1]);

    [Theory]
    [InlineData("pinwrite", "fork mm0 mm1")]
    [InlineData("pin", "fork mm0 mm1")]
    [InlineData("pinwrite", "pageout mm0 p0")]
    [InlineData("pin", "pageout mm0 p0")]
    [InlineData("pin", "migrate mm0 p0")]
    [InlineData("pin", "dontneed mm0 p0 1")]
    [InlineData("pinwrite", "munmap mm0 p0 1")]
    [InlineData("pinwrite", "exit mm0")]
    [InlineData("pin", "pinwrite mm0 p0")]
    [InlineData("pinwrite", "compact 1")]
    [InlineData("pinwrite", "reclaim 1")]
    public void A_pin_is_safe(string pin, string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n drain\ncpu0 {pin} mm0 p0\ncpu1 {other}",
            preemptions: 2);

    [Theory]
    [InlineData("pin", "write mm1 p0")]
    [InlineData("pinwrite", "write mm1 p0")]
    [InlineData("pin", "exit mm1")]
    [InlineData("pin", "pin mm1 p0")]
    [InlineData("pin", "reclaim 1")]
    public void A_pin_of_a_shared_page_is_safe(string pin, string other) =>
        Safe(
            "shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n fork mm0 mm1\n reclaim 1\n"
            + $"cpu0 {pin} mm0 p0\ncpu1 {other}",
            preemptions: 2);

    [Theory]
    [InlineData("fork mm0 mm1")]
    [InlineData("exit mm0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("pageout mm0 p0")]
    [InlineData("migrate mm0 p0")]
    [InlineData("unpin mm0 p0")]
    public void The_device_and_the_end_of_a_pin_are_safe(string other) =>
        Safe(
            "shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n drain\n pinwrite mm0 p0\n"
            + $"cpu0 dma mm0 p0; unpin mm0 p0\ncpu1 {other}",
            preemptions: 2);

    [Theory]
    [InlineData("swapoff")]
    [InlineData("read mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    public void A_pin_of_a_swapped_page_is_safe(string other) =>
        Safe(
            $"shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\ncpu0 pinwrite mm0 p0\ncpu1 {other}",
            preemptions: 1);
}
