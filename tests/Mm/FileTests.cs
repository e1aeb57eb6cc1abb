using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class FileTests
{
    private const string Shmem = "shape mms 2 pages 2 slots 2 filepages 2\nsetup";
    private const string Disk = "shape mms 2 pages 2 slots 2 filetype disk filepages 2\nsetup";

    [Theory]
    [InlineData(Shmem)]
    [InlineData(Disk)]
    public void A_shared_store_goes_to_the_folio_that_another_process_loads_from(string shape)
    {
        World world = World.After($"{shape} fork mm0 mm1\n mapshared mm0 p0 f0 i0\n mapshared mm1 p1 f0 i0\n"
            + " write mm0 p0\n read mm1 p1");
        Assert.Same(world.Folio(0, 0), world.Folio(1, 1));
        Assert.Equal(2, world.Folio(0, 0).Mapcount);
        Assert.Equal(1, world.Folio(0, 0).Data);
        Assert.False(world.Folio(0, 0).Anon);
    }

    [Fact]
    public void Pages_of_each_kind_are_counted_apart()
    {
        World shmem = World.After($"{Shmem} mapshared mm0 p0 f0 i0\n read mm0 p0");
        Assert.Equal((0, 1, 0), (shmem.Mm(0).FilePages, shmem.Mm(0).ShmemPages, shmem.Mm(0).AnonPages));
        World disk = World.After($"{Disk} mapprivate mm0 p0 f0 i0\n read mm0 p0\n write mm0 p1");
        Assert.Equal((1, 0, 1), (disk.Mm(0).FilePages, disk.Mm(0).ShmemPages, disk.Mm(0).AnonPages));
    }

    [Theory]
    [InlineData(Shmem)]
    [InlineData(Disk)]
    public void A_private_store_goes_to_a_copy(string shape)
    {
        World world = World.After($"{shape} mapprivate mm0 p0 f0 i0\n read mm0 p0\n write mm0 p0");
        Assert.True(world.Folio(0, 0).Anon);
        Assert.Equal(0, world.Kernel.Files[0].FolioAt(0)!.Mapcount);
        Assert.Equal(world.Kernel.Files[0].TruthData[0], world.Kernel.Files[0].FolioAt(0)!.Data);
    }

    [Fact]
    public void A_load_of_a_shared_mapping_is_writable_only_if_nobody_has_to_know_of_stores()
    {
        Assert.True(World.After($"{Shmem} mapshared mm0 p0 f0 i0\n read mm0 p0").Pte(0, 0).Writable);
        Assert.False(World.After($"{Disk} mapshared mm0 p0 f0 i0\n read mm0 p0").Pte(0, 0).Writable);
        Assert.False(World.After($"{Shmem} mapprivate mm0 p0 f0 i0\n read mm0 p0").Pte(0, 0).Writable);
    }

    [Fact]
    public void A_store_to_a_mapped_page_with_blocks_is_noticed()
    {
        World world = World.After($"{Disk} mapshared mm0 p0 f0 i0\n read mm0 p0\n write mm0 p0");
        Assert.True(world.Folio(0, 0).Has(PageFlag.Dirty));
        Assert.True(world.Pte(0, 0).Writable && world.Pte(0, 0).Dirty);
    }

    [Fact]
    public void Writeback_cleans_folio_and_entries_and_fills_the_block()
    {
        World world = World.After($"{Disk} mapshared mm0 p0 f0 i0\n write mm0 p0\n writeback f0");
        Assert.Equal(1, world.Kernel.Files[0].Disk[0]);
        Assert.False(world.Folio(0, 0).Has(PageFlag.Dirty));
        Assert.False(world.Pte(0, 0).Writable || world.Pte(0, 0).Dirty);
        Assert.Equal([true, true, true], world.Effective);
        Assert.False(World.After($"{Shmem} mapshared mm0 p0 f0 i0\n write mm0 p0\n writeback f0").Effective[^1]);
    }

    [Theory]
    [InlineData(Shmem)]
    [InlineData(Disk)]
    public void Truncation_takes_pages_and_private_copies_and_faults_behind_the_end_fail(string shape)
    {
        World world = World.After($"{shape} mapprivate mm0 p0 f0 i0\n write mm0 p0\n read mm0 p1\n drain\n"
            + " truncate f0 0\n read mm0 p0\n drain");
        Assert.True(world.Pte(0, 0).IsNone && world.Pte(0, 1).IsNone);
        Assert.False(world.Effective[5]);
        Assert.Equal(0, world.FoliosInUse);
    }

    [Theory]
    [InlineData(Shmem)]
    [InlineData(Disk)]
    public void A_file_that_was_cut_and_extended_reads_zero(string shape)
    {
        World world = World.After($"{shape} mapshared mm0 p0 f0 i0\n write mm0 p0\n truncate f0 0\n truncate f0 1\n"
            + " read mm0 p0");
        Assert.Equal(0, world.Folio(0, 0).Data);
        Assert.True(world.Effective[^1]);
    }

    [Theory]
    [InlineData(Shmem)]
    [InlineData(Disk)]
    public void A_hole_takes_pages_of_the_file_and_leaves_private_copies(string shape)
    {
        World world = World.After($"{shape} mapprivate mm0 p0 f0 i0\n write mm0 p0\n read mm0 p1\n punch f0 i0 2");
        Assert.Equal(1, world.Folio(0, 0).Data);
        Assert.True(world.Pte(0, 1).IsNone);
        Assert.True(world.Kernel.Files[0].IsHole(0) && world.Kernel.Files[0].IsHole(1));
    }

    [Fact]
    public void A_hole_leaves_a_private_copy_that_is_in_swap()
    {
        World world = World.After($"{Shmem} mapprivate mm0 p0 f0 i0\n write mm0 p0\n pageout mm0 p0\n punch f0 i0 1");
        Assert.True(world.Pte(0, 0).IsSwap);
    }

    [Fact]
    public void Truncation_takes_a_private_copy_that_is_in_swap()
    {
        World world = World.After($"{Shmem} mapprivate mm0 p0 f0 i0\n write mm0 p0\n pageout mm0 p0\n truncate f0 0");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal(0, world.Swap.Count(0));
        Assert.Equal(0, world.Mm(0).SwapEntries);
    }

    [Fact]
    public void Invalidation_drops_a_clean_page_and_unmaps_but_keeps_a_dirty_one()
    {
        World clean = World.After($"{Disk} mapshared mm0 p0 f0 i0\n read mm0 p0\n invalidate f0 i0");
        Assert.True(clean.Kernel.Files[0].IsHole(0) && clean.Pte(0, 0).IsNone);
        World dirty = World.After($"{Disk} mapshared mm0 p0 f0 i0\n write mm0 p0\n invalidate f0 i0");
        Assert.True(dirty.Pte(0, 0).IsNone);
        Assert.Equal(1, dirty.Kernel.Files[0].FolioAt(0)!.Data);
        Assert.False(dirty.Effective[^1]);
    }

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void A_page_of_shmem_goes_to_swap_by_its_file_and_comes_back(string device)
    {
        string out_ = $"shape slots 2 device {device}\nsetup mapshared mm0 p0 f0 i0\n write mm0 p0\n pageout mm0 p0";
        World away = World.After(out_);
        Assert.True(away.Pte(0, 0).IsNone);
        Assert.Equal(0, away.Kernel.Files[0].SlotAt(0));
        Assert.True(away.Swap.IsOfShmem(0));
        Assert.Equal(0, away.Mm(0).SwapEntries);
        World back = World.After($"{out_}\n read mm0 p0");
        Assert.Equal(1, back.Folio(0, 0).Data);
        Assert.True(back.Folio(0, 0).Has(PageFlag.Dirty));
        Assert.Equal(0, back.Swap.InUse());
        World off = World.After($"{out_}\n swapoff");
        Assert.Equal(1, off.Kernel.Files[0].FolioAt(0)!.Data);
        World read = World.After($"{out_}\n reclaim 1\n readahead mm0 p0");
        Assert.NotNull(read.Swap.Cached(0));
    }

    [Fact]
    public void Reclaim_drops_a_clean_page_with_blocks_and_leaves_a_dirty_one()
    {
        Assert.True(World.After($"{Disk} mapshared mm0 p0 f0 i0\n read mm0 p0\n pageout mm0 p0")
            .Kernel.Files[0].IsHole(0));
        World dirty = World.After($"{Disk} mapshared mm0 p0 f0 i0\n write mm0 p0\n pageout mm0 p0");
        Assert.True(dirty.Kernel.Files[0].FolioAt(0)!.Has(PageFlag.Active | PageFlag.Reclaim));
        Assert.True(dirty.Pte(0, 0).IsNone);
    }

    [Theory]
    [InlineData(Shmem)]
    [InlineData(Disk)]
    public void Migration_takes_the_folios_place_in_page_cache_and_page_tables(string shape)
    {
        string before = $"{shape} mapshared mm0 p0 f0 i0\n write mm0 p0\n drain";
        World world = World.After($"{before}\n migrate mm0 p0\n drain");
        Assert.Same(world.Kernel.Files[0].FolioAt(0), world.Folio(0, 0));
        Assert.NotEqual(World.After(before).Folio(0, 0).Pfn, world.Folio(0, 0).Pfn);
        Assert.Equal(1, world.FoliosInUse);
        Assert.True(world.Folio(0, 0).Has(PageFlag.Dirty) && world.Pte(0, 0).Writable);
    }

    [Fact]
    public void A_child_has_no_entries_of_file_mappings_unless_there_may_be_copies()
    {
        World none = World.After($"{Shmem} mapprivate mm0 p0 f0 i0\n read mm0 p0\n fork mm0 mm1");
        Assert.True(none.Pte(1, 0).IsNone);
        World all = World.After($"{Shmem} mapprivate mm0 p0 f0 i0\n read mm0 p0\n write mm0 p1\n fork mm0 mm1");
        Assert.Equal(2, all.Folio(1, 0).Mapcount);
        Assert.Equal((1, 1), (all.Mm(1).ShmemPages, all.Mm(1).AnonPages));
        Assert.Equal(["mm0", "mm1"], all.Kernel.Files[0].Mmap.Select(vma => vma.Mm.ToString()));
    }

    [Fact]
    public void A_mapping_that_is_split_is_found_by_both_parts()
    {
        World world = World.After("shape pages 3 filepages 3\nsetup mapshared mm0 p0 f0 i0\n munmap mm0 p1 1");
        Assert.Equal(
            [(0, 0), (2, 2)], world.Kernel.Files[0].Mmap.Select(vma => (vma.Start, vma.Offset)));
    }

    [Theory]
    [InlineData("shmem", "truncate f0 0")]
    [InlineData("shmem", "punch f0 i0 1")]
    [InlineData("disk", "truncate f0 0")]
    [InlineData("disk", "punch f0 i0 1")]
    [InlineData("disk", "invalidate f0 i0")]
    public void Taking_a_page_away_is_safe_against_all_that_maps_moves_or_reclaims_it(string type, string call)
    {
        foreach (string map in new[] { "mapshared", "mapprivate" })
        {
            foreach (string other in new[]
            {
                "read mm0 p0", "write mm0 p0", "migrate mm0 p0", "pageout mm0 p0", "fork mm0 mm1", "munmap mm0 p0 1",
            })
            {
                Safe(
                    $"shape mms 2 slots 2 filetype {type}\nsetup {map} mm0 p0 f0 i0\n write mm0 p0\n read mm0 p0\n"
                    + $" {(type == "disk" ? "writeback f0" : "drain")}\ncpu0 {other}\ncpu1 {call}",
                    preemptions: 1);
            }
        }
    }
}
