using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

/// <summary>Large folios: their first mapping by a PMD entry, its end, its split, and what others make of
/// them.</summary>
public class LargeFolioTests
{
    private const string One = "shape pages 4 thp pmd\nsetup ";
    private const string Two = "shape mms 2 pages 4 thp pmd\nsetup ";

    [Fact]
    public void A_store_maps_a_whole_pmd()
    {
        World world = World.After($"{One}write mm0 p2");
        Pmd pmd = world.Mm(0).Table(0).Pmd;
        Folio folio = world.Kernel.Folios[pmd.Target];
        Assert.Equal(PmdKind.Huge, pmd.Kind);
        Assert.True(pmd.Writable);
        Assert.Equal(2, folio.Order);
        Assert.Equal((1, 1, LargeCounts.EntirelyMapped), (folio.Refcount, folio.Mapcount, folio.Large.PagesMapped));
        Assert.Equal((0, -1), (folio.Large.Entire, folio.MapcountField));
        Assert.True(folio.Has(PageFlag.AnonExclusive | PageFlag.Lru));
        Assert.False(folio.PageAt(2).Has(PageFlag.AnonExclusive));
        Assert.Equal(4, world.Mm(0).AnonPages);
    }

    [Fact]
    public void A_load_maps_a_whole_pmd_too() =>
        Assert.Equal(PmdKind.Huge, World.After($"{One}read mm0 p0").Mm(0).Table(0).Pmd.Kind);

    [Fact]
    public void A_range_that_the_vma_does_not_have_gets_small_folios()
    {
        World world = World.After($"{One}munmap mm0 p3 1\n write mm0 p0");
        Assert.Equal(PmdKind.Table, world.Mm(0).Table(0).Pmd.Kind);
        Assert.False(world.Folio(0, 0).IsLarge);
    }

    [Fact]
    public void Dontneed_of_all_pages_frees_the_folio_and_the_pmd()
    {
        World world = World.After($"{One}write mm0 p0\n dontneed mm0 p0 4");
        Assert.True(world.Mm(0).Table(0).Pmd.IsNone);
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Mm(0).AnonPages);
    }

    [Fact]
    public void Dontneed_of_one_page_splits_the_pmd_and_keeps_the_folio()
    {
        World world = World.After($"{One}write mm0 p0\n dontneed mm0 p1 1");
        Folio folio = world.Folio(0, 0);
        Assert.Equal(2, folio.Order);
        Assert.Equal((3, 3, 3), (folio.Refcount, folio.Mapcount, folio.Large.PagesMapped));
        Assert.Equal(-1, folio.Large.Entire);
        Assert.Equal([1, 0, 1, 1], Enumerable.Range(0, 4).Select(page => folio.PageAt(page).MapcountField + 1));
        Assert.Equal(4, world.FoliosInUse);
        Assert.Equal(3, world.Mm(0).AnonPages);
    }

    [Fact]
    public void A_split_pmd_mapping_leaves_every_page_exclusive_and_writable()
    {
        World world = World.After($"{One}write mm0 p0\n dontneed mm0 p0 1");
        Assert.All([1, 2, 3], page =>
        {
            Assert.True(world.Pte(0, page).Writable);
            Assert.True(world.Kernel.PageOf(world.Pte(0, page)).Has(PageFlag.AnonExclusive));
        });
    }

    [Fact]
    public void Munmap_of_a_part_splits_the_pmd()
    {
        World world = World.After($"{One}write mm0 p0\n munmap mm0 p3 1");
        Assert.Equal(3, world.Folio(0, 0).Mapcount);
        Assert.Equal(PmdKind.Table, world.Mm(0).Table(0).Pmd.Kind);
    }

    [Fact]
    public void Munmap_of_all_frees_the_page_table()
    {
        World world = World.After($"{One}write mm0 p0\n dontneed mm0 p0 1\n munmap mm0 p0 4");
        Assert.True(world.Mm(0).Table(0).Pmd.IsNone);
        Assert.Equal(0, world.FoliosInUse);
    }

    [Fact]
    public void Fork_shares_the_pmd_read_only()
    {
        World world = World.After($"{Two}write mm0 p0\n fork mm0 mm1");
        Pmd child = world.Mm(1).Table(0).Pmd;
        Folio folio = world.Kernel.Folios[child.Target];
        Assert.False(child.Writable);
        Assert.False(world.Mm(0).Table(0).Pmd.Writable);
        Assert.Equal((2, 2, 1), (folio.Refcount, folio.Mapcount, folio.Large.Entire));
        Assert.True(folio.Large.Shared);
        Assert.False(folio.Has(PageFlag.AnonExclusive));
    }

    [Fact]
    public void Fork_of_a_pinned_folio_splits_the_pmd_and_copies_the_pages()
    {
        World world = World.After($"{Two}pinwrite mm0 p1\n fork mm0 mm1");
        Assert.True(world.Folio(0, 0).IsLarge);
        Assert.All([0, 1, 2, 3], page => Assert.False(world.Folio(1, page).IsLarge));
        Assert.True(world.Pte(0, 1).Writable);
    }

    [Fact]
    public void A_store_to_a_shared_pmd_splits_it_and_copies_one_page()
    {
        World world = World.After($"{Two}write mm0 p0\n fork mm0 mm1\n write mm0 p1");
        Assert.False(world.Folio(0, 1).IsLarge);
        Folio folio = world.Folio(0, 0);
        Assert.Equal(PmdKind.Huge, world.Mm(1).Table(0).Pmd.Kind);
        Assert.Equal((4, 4), (folio.Mapcount, folio.Refcount));
        Assert.Equal(LargeCounts.EntirelyMapped + 3, folio.Large.PagesMapped);
    }

    [Fact]
    public void The_last_process_reuses_the_pmd_mapping_as_a_whole()
    {
        World world = World.After($"{Two}write mm0 p0\n fork mm0 mm1\n exit mm1\n write mm0 p1");
        Pmd pmd = world.Mm(0).Table(0).Pmd;
        Assert.Equal(PmdKind.Huge, pmd.Kind);
        Assert.True(pmd.Writable);
        Assert.True(world.Kernel.Folios[pmd.Target].Has(PageFlag.AnonExclusive));
        Assert.False(world.Kernel.Folios[pmd.Target].Large.Shared);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_last_process_reuses_single_pages_of_a_large_folio_since_v6_15(bool since)
    {
        World world = World.After(
            $"{Two}write mm0 p0\n dontneed mm0 p3 1\n fork mm0 mm1\n exit mm1\n write mm0 p1",
            since ? [] : ["large-never-reused"]);
        Assert.Equal(since, world.Kernel.PageOf(world.Pte(0, 1)).Head.IsLarge);
        Assert.True(world.Pte(0, 1).Writable);
        Assert.False(world.Pte(0, 0).Writable);
    }

    [Fact]
    public void A_page_that_is_mapped_alone_is_copied_rather_than_reused()
    {
        World world = World.After($"{Two}write mm0 p0\n dontneed mm0 p0 3\n fork mm0 mm1\n exit mm1\n write mm0 p3");
        Assert.False(world.Folio(0, 3).IsLarge);
        Assert.Equal(1, world.FoliosInUse);
    }

    [Fact]
    public void A_pin_of_a_large_folio_is_one_reference_and_one_pincount()
    {
        World world = World.After($"{One}pinwrite mm0 p2");
        Folio folio = world.Kernel.Folios[world.Mm(0).Table(0).Pmd.Target];
        Assert.Equal((2, 1), (folio.Refcount, folio.Large.Pincount));
    }

    [Theory]
    [InlineData("read mm0 p1")]
    [InlineData("write mm0 p1")]
    [InlineData("dontneed mm0 p0 4")]
    [InlineData("dontneed mm0 p1 1")]
    [InlineData("munmap mm0 p1 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("pin mm0 p0")]
    [InlineData("reclaim 1")]
    public void Everything_beside_a_dontneed_of_a_whole_pmd_is_safe(string other) =>
        Safe($"{Two}write mm0 p0\ncpu0 {other}\ncpu1 dontneed mm0 p0 4", preemptions: 2);

    [Theory]
    [InlineData("write mm0 p1")]
    [InlineData("write mm1 p1")]
    [InlineData("read mm1 p1")]
    [InlineData("dontneed mm0 p1 1")]
    [InlineData("dontneed mm1 p0 4")]
    [InlineData("munmap mm1 p1 1")]
    [InlineData("exit mm1")]
    [InlineData("pinwrite mm1 p0")]
    public void Everything_beside_a_store_to_a_shared_pmd_is_safe(string other) =>
        Safe($"{Two}write mm0 p0\n fork mm0 mm1\ncpu0 {other}\ncpu1 write mm0 p0", preemptions: 2);

    [Fact]
    public void A_zap_that_forgets_the_counter_of_all_mappings_leaks_the_folio() =>
        Fails(
            $"{One}write mm0 p0\n dontneed mm0 p0 1\ncpu0 dontneed mm0 p1 3", "subpages-mapcount",
            "mapcount: more mappings of a large folio counted than of its parts");

    [Fact]
    public void Two_first_stores_to_one_pmd_are_safe() =>
        Safe("shape pages 4 thp pmd\ncpu0 write mm0 p0\ncpu1 write mm0 p1", preemptions: 3);
}
