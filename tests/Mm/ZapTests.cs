using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class ZapTests
{
    [Fact]
    public void Dontneed_frees_the_page_and_keeps_the_mapping()
    {
        World world = World.After("shape pages 1\nsetup write mm0 p0\n drain\n dontneed mm0 p0 1");
        Assert.True(world.Pte(0, 0).IsNone);
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Mm(0).AnonPages);
        Assert.NotNull(world.Mm(0).FindVma(0));
    }

    [Fact]
    public void A_dropped_page_reads_zero_again() =>
        Assert.Equal(
            Pte.ZeroPage,
            World.After("shape pages 1\nsetup write mm0 p0\n dontneed mm0 p0 1\n read mm0 p0").Pte(0, 0));

    [Fact]
    public void A_dropped_page_stays_in_its_batch_until_that_is_drained()
    {
        const string Dropped = "shape pages 1\nsetup write mm0 p0\n dontneed mm0 p0 1";
        World world = World.After(Dropped);
        Assert.Equal(1, world.FoliosInUse);
        Assert.Equal(0, World.After($"{Dropped}\n drain").FoliosInUse);
    }

    [Theory]
    [InlineData("async")]
    [InlineData("sync")]
    public void Dontneed_of_a_swapped_page_frees_its_slot(string device)
    {
        World world = World.After(
            $"shape pages 1 slots 3 device {device}\nsetup write mm0 p0\n pageout mm0 p0\n dontneed mm0 p0 1\n drain");
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(0, world.FoliosInUse);
        Assert.Equal(0, world.Mm(0).SwapEntries);
    }

    [Fact]
    public void Dontneed_of_a_shared_slot_leaves_the_other_owner()
    {
        World world = World.After(
            "shape mms 2 pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n fork mm0 mm1\n dontneed mm0 p0 1");
        Assert.Equal(1, world.Swap.Count(0));
        Assert.True(world.Pte(1, 0).IsSwap);
    }

    [Fact]
    public void Dontneed_of_a_page_in_the_swap_cache_takes_its_copy_along()
    {
        World world = World.After(
            "shape pages 1 slots 3\nsetup write mm0 p0\n pageout mm0 p0\n read mm0 p0\n drain\n dontneed mm0 p0 1");
        Assert.Equal(0, world.Swap.InUse());
        Assert.Equal(0, world.FoliosInUse);
    }

    [Fact]
    public void Dontneed_of_one_process_leaves_the_page_of_the_other()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n dontneed mm0 p0 1");
        Assert.Equal(1, world.Folio(1, 0).Mapcount);
    }

    [Fact]
    public void Dontneed_drops_exactly_its_range()
    {
        World world = World.After(
            "shape pages 4\nsetup write mm0 p0\n write mm0 p1\n write mm0 p2\n write mm0 p3\n dontneed mm0 p1 2");
        Assert.Equal([false, true, true, false], Enumerable.Range(0, 4).Select(page => world.Pte(0, page).IsNone));
        Assert.Equal(2, world.Mm(0).AnonPages);
    }

    [Fact]
    public void Dontneed_where_nothing_is_mapped_is_a_no_op() =>
        Assert.Equal([true, false], World.After("shape pages 1\nsetup munmap mm0 p0 1\n dontneed mm0 p0 1").Effective);

    [Theory]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("write mm0 p0")]
    [InlineData("read mm0 p0")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("migrate mm0 p0")]
    [InlineData("compact 1")]
    [InlineData("pin mm0 p0")]
    [InlineData("reclaim 1")]
    public void Dontneed_of_a_present_page_is_safe(string other) =>
        Safe(
            $"shape mms 2 pages 1 slots 2\nsetup write mm0 p0\n reclaim 1\ncpu0 {other}\ncpu1 dontneed mm0 p0 1",
            preemptions: 2);

    [Fact]
    public void Dontneed_of_a_page_that_is_being_drained_is_safe() =>
        Safe("shape pages 1\nsetup write mm0 p0\ncpu0 drain\ncpu1 dontneed mm0 p0 1", preemptions: 3);

    [Fact]
    public void A_gather_that_is_full_frees_what_it_has_before_the_rest_is_zapped()
    {
        string writes = string.Join("\n ", Enumerable.Range(0, 4).Select(page => $"write mm0 p{page}"));
        MmEngine engine = new();
        Executor executor = new(engine);
        executor.Run(
            ProgramText.Parse(MmLanguage.Instance, $"shape pages 4\nsetup {writes}\n drain\ncpu0 munmap mm0 p0 4"),
            new RandomScheduler(new Rng(1)));
        string[] steps = [.. engine.Machine.Trace.ToArray().Select(step => engine.Machine.Points[step.Point].Name)];
        int[] cleared = [.. Enumerable.Range(0, steps.Length).Where(i => steps[i] == "ZapClearPte")];
        int[] freed = [.. Enumerable.Range(0, steps.Length).Where(i => steps[i] == "FreeFrame")];
        Assert.Equal((4, 4), (cleared.Length, freed.Length));
        Assert.Equal(3, cleared.Count(step => step < freed[0]));
        Assert.Equal(3, freed.Count(step => step < cleared[^1]));
    }

    [Theory]
    [InlineData("write mm0 p0")]
    [InlineData("write mm0 p3")]
    [InlineData("pageout mm0 p3")]
    [InlineData("dontneed mm0 p0 4")]
    public void A_zap_that_comes_back_for_the_rest_is_safe(string other)
    {
        string writes = string.Join("\n ", Enumerable.Range(0, 4).Select(page => $"write mm0 p{page}"));
        Safe($"shape pages 4 slots 2\nsetup {writes}\n drain\ncpu0 dontneed mm0 p0 4\ncpu1 {other}", preemptions: 1);
    }

    [Theory]
    [InlineData("dontneed mm0 p0 1")]
    [InlineData("munmap mm0 p0 1")]
    [InlineData("exit mm0")]
    [InlineData("fork mm0 mm1")]
    [InlineData("swapoff")]
    [InlineData("reclaim 1")]
    public void Dontneed_of_a_swapped_page_is_safe(string other)
    {
        foreach (string device in new[] { "async", "sync" })
        {
            Safe(
                $"shape mms 2 pages 1 slots 2 device {device}\nsetup write mm0 p0\n pageout mm0 p0\n"
                + $" readahead mm0 p0\ncpu0 {other}\ncpu1 dontneed mm0 p0 1",
                preemptions: 2);
        }
    }
}
