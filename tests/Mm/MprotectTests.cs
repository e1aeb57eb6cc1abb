using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class MprotectTests
{
    [Fact]
    public void A_read_only_range_becomes_a_vma_of_its_own_and_refuses_stores()
    {
        World world = World.After("shape pages 3\nsetup write mm0 p1\n readonly mm0 p1 1\n write mm0 p1\n read mm0 p1");
        Assert.Equal([true, true, false, true], world.Effective);
        Assert.Equal(3, world.Mm(0).Vmas.Count);
        Assert.False(world.Pte(0, 1).Writable);
        Assert.Equal(1, world.Folio(0, 1).Data);
    }

    [Fact]
    public void A_range_that_is_writable_again_merges_and_needs_no_fault()
    {
        World world = World.After("shape pages 3\nsetup write mm0 p1\n readonly mm0 p1 1\n writable mm0 p1 1");
        Vma vma = Assert.Single(world.Mm(0).Vmas);
        Assert.Equal((0, 3, 0), (vma.Start, vma.End, vma.Offset));
        Assert.Single(vma.Chain);
        Assert.True(world.Pte(0, 1).Writable);
    }

    [Fact]
    public void A_shared_page_stays_read_only_until_it_is_copied()
    {
        World world = World.After(
            "shape mms 2 pages 1\nsetup write mm0 p0\n readonly mm0 p0 1\n fork mm0 mm1\n writable mm0 p0 1");
        Assert.False(world.Pte(0, 0).Writable);
        Assert.True(world.Mm(0).Vmas[0].Writable);
        Assert.False(world.Mm(1).Vmas[0].Writable);
    }

    [Theory]
    [InlineData("shmem", "read", true)]
    [InlineData("shmem", "write", true)]
    [InlineData("disk", "read", false)]
    [InlineData("disk", "write", true)]
    public void A_page_of_a_shared_file_needs_no_fault_unless_the_file_system_has_to_hear_of_the_first_store(
        string filetype, string first, bool writable)
    {
        World world = World.After(
            $"shape pages 1 filetype {filetype} files 1\nsetup mapshared mm0 p0 f0 i0\n {first} mm0 p0\n"
            + " readonly mm0 p0 1\n writable mm0 p0 1");
        Assert.Equal(writable, world.Pte(0, 0).Writable);
    }

    [Theory]
    [InlineData("migrate mm0 p0")]
    [InlineData("read mm0 p0")]
    [InlineData("write mm1 p0")]
    [InlineData("dontneed mm1 p0 1")]
    [InlineData("exit mm1")]
    public void Populating_under_the_write_lock_is_safe(string other) =>
        Safe(
            "shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n readonly mm0 p0 1\n mlock mm0 p0 1\n"
            + $"cpu0 writable mm0 p0 1\ncpu1 {other}",
            preemptions: 2);

    [Theory]
    [InlineData("write mm0 p0", true)]
    [InlineData("write mm0 p0\n fork mm0 mm1", false)]
    public void On_x86_a_thp_that_stores_could_reach_has_a_clean_mapping_after_mprotect(string first, bool forgets)
    {
        foreach (bool x86 in (bool[])[true, false])
        {
            World world = World.After(
                $"shape mms 2 pages 4 thp pmd\nsetup {first}\n readonly mm0 p0 4",
                x86 ? ["pmd-modify-drops-dirty"] : []);
            Assert.Equal(!(x86 && forgets), world.Mm(0).Table(0).Pmd.Dirty);
        }
    }

    [Fact]
    public void A_page_is_swapped_in_read_only_where_stores_are_forbidden()
    {
        World world = World.After(
            "shape pages 1 slots 2\nsetup write mm0 p0\n pageout mm0 p0\n readonly mm0 p0 1\n read mm0 p0");
        Assert.False(world.Pte(0, 0).Writable);
        Assert.True(world.Folio(0, 0).Has(PageFlag.AnonExclusive));
    }

    [Fact]
    public void A_private_range_that_is_locked_and_becomes_writable_has_copies_at_once()
    {
        World world = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n readonly mm0 p0 2\n fork mm0 mm1\n mlock mm0 p0 2\n "
            + "writable mm0 p0 2");
        Assert.NotSame(world.Folio(0, 0), world.Folio(1, 0));
        Assert.True(world.Pte(0, 0).Writable && world.Pte(0, 1).Writable);
        Assert.True(world.Folio(0, 1).Has(PageFlag.Mlocked | PageFlag.AnonExclusive));
        World unlocked = World.After(
            "shape mms 2 pages 2\nsetup write mm0 p0\n readonly mm0 p0 2\n fork mm0 mm1\n writable mm0 p0 2");
        Assert.Same(unlocked.Folio(0, 0), unlocked.Folio(1, 0));
    }

    [Fact]
    public void A_device_cannot_pin_read_only_memory_for_writing() =>
        Assert.Equal(
            [true, true, false, true],
            World.After("shape pages 1\nsetup write mm0 p0\n readonly mm0 p0 1\n pinwrite mm0 p0\n pin mm0 p0")
                .Effective);

    [Fact]
    public void Mprotect_stops_at_a_hole() =>
        Assert.Equal(
            [true, true, true, true],
            World.After("shape pages 3\nsetup munmap mm0 p1 1\n readonly mm0 p0 3\n write mm0 p2\n read mm0 p0")
                .Effective);

    [Fact]
    public void A_process_has_only_so_many_vmas()
    {
        World world = World.After(
            "shape pages 9\nsetup readonly mm0 p1 1\n readonly mm0 p3 1\n readonly mm0 p5 1\n readonly mm0 p7 1");
        Assert.Equal([true, true, true, false], world.Effective);
        Assert.Equal(7, world.Mm(0).Vmas.Count);
    }

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("migrate mm0 p0")]
    [InlineData("pageout mm0 p0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("pinwrite mm0 p0")]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("free mm0 p0 1")]
    public void Mprotect_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n drain\ncpu0 {other}\n"
            + "cpu1 readonly mm0 p0 1\n writable mm0 p0 1",
            preemptions: 2);

    [Fact]
    public void A_page_that_moves_stays_writable_when_migration_entries_are_left_alone() =>
        Fails(
            "shape pages 1\nsetup write mm0 p0\n drain\ncpu0 migrate mm0 p0\ncpu1 readonly mm0 p0 1",
            "mprotect-leaves-migrations", "protected");

    [Fact]
    public void A_store_goes_through_a_translation_that_was_not_flushed() =>
        Fails(
            "shape pages 1\nsetup write mm0 p0\ncpu0 write mm0 p0\n write mm0 p0\ncpu1 readonly mm0 p0 1",
            "mprotect-without-flush", "tlb: stale right to write");
}
