using Conformance;
using Xunit;

namespace Tests.Conformance;

public class ViewTests
{
    private const string Shape = "shape mms 2 pages 4 slots 4 device sync\nsetup ";

    [Fact]
    public void Of_a_fresh_page_that_was_stored_to_the_engine_shows_what_a_kernel_does()
    {
        // Flags as /proc/kpageflags of v6.18 has them: MMAP, ANON, SWAPBACKED, UPTODATE, LRU, and PG_anon_exclusive.
        Reaction engine = Sides.After($"{Shape}write mm0 p1");
        View dump = DumpView.Parse(
            [
                "P0 1 present pfn=1f2e map=1 flags=400005828 bits=102", "V0 0 4 rw-p rd wr mr mw me ac",
                "M0 locked=0 rss_anon=1 rss_file=0 rss_shmem=0 swap=0", "W size=4 used=0",
            ], 2, 4);
        Assert.Null(new Comparison(Release.Text).First(engine, new Reaction("ok", dump)));
        Assert.Equal(engine.View.Pages.Select(page => page with { Inside = null }), dump.Pages);
        Assert.Equal(engine.View.Processes, dump.Processes);
    }

    [Fact]
    public void The_engine_says_of_a_page_what_a_kernel_has_in_memory()
    {
        Reaction forked = Sides.After($"{Shape}write mm0 p1; fork mm0 mm1");
        Assert.Equal(
            "ro dirty holds 1 refs 2 anon_vma 0 root 0 refs 2 children 2 vmas 1",
            forked.View.Pages[1].Inside?.ToString());
        Reaction swapped = Sides.After($"{Shape}write mm0 p1; pageout mm0 p1");
        Assert.Equal("exclusive count 1", swapped.View.Pages[1].Inside?.ToString());
        Reaction split = Sides.After($"{Shape}write mm0 p1; readonly mm0 p1 1");
        Assert.Null(split.View.Pages[1].Inside?.AnonVma);
    }

    [Fact]
    public void After_a_fork_both_processes_name_one_frame_that_is_nobodys_own()
    {
        PageView[] pages = PagesAfter("write mm0 p0; write mm0 p2; fork mm0 mm1");
        Assert.Equal([0, 1, 0, 1], pages.Where(page => page.Entry == EntryKind.Present).Select(page => page.Object));
        Assert.All(
            pages.Where(page => page.Entry == EntryKind.Present),
            page => Assert.Equal((2, PageTraits.None), (page.Mapcount, page.Traits & PageTraits.Exclusive)));
    }

    [Fact]
    public void A_page_in_swap_names_its_slot_and_counts_there()
    {
        View view = Sides.After($"{Shape}write mm0 p3; pageout mm0 p3; fork mm0 mm1").View;
        Assert.Equal((EntryKind.Swapped, 0), (view.Pages[3].Entry, view.Pages[3].Object));
        Assert.Equal((EntryKind.Swapped, 0), (view.Pages[7].Entry, view.Pages[7].Object));
        Assert.Equal((0, 1), (view.Processes[0].Anon, view.Processes[0].Swap));
        Assert.Equal(1, view.SlotsUsed);
        Assert.True(view.SwapOn);
        Assert.False(Sides.After($"{Shape}swapoff").View.SwapOn);
    }

    [Fact]
    public void The_zero_page_is_nobodys_frame() =>
        Assert.Equal(EntryKind.Zero, PagesAfter("read mm0 p0")[0].Entry);

    [Fact]
    public void What_a_vma_is_shows_in_each_of_its_pages()
    {
        PageView[] pages = PagesAfter("mlock mm0 p0 1; readonly mm0 p1 1; dontfork mm0 p2 1; munmap mm0 p3 1");
        const VmaTraits Usual = VmaTraits.Mapped | VmaTraits.Writable;
        Assert.Equal(
            [Usual | VmaTraits.Locked, VmaTraits.Mapped, Usual | VmaTraits.DontCopy, VmaTraits.None],
            pages[..4].Select(page => page.Vma));
        Assert.True(pages[0].Traits.HasFlag(PageTraits.Mlocked | PageTraits.Unevictable | PageTraits.Lru));
    }

    [Fact]
    public void Runs_share_a_line_of_a_dump_and_frames_have_numbers_of_their_own()
    {
        View view = DumpView.Parse(
            [
                "P0 0+2 present pfn=10 map=2 flags=5828 bits=100", "P0 2+2 swap type=0 off=7 bits=80",
                "P1 0 present pfn=11 map=2 flags=5828 bits=100", "P1 1 present pfn=10 map=2 flags=5828 bits=100",
                "P1 2 swap type=0 off=8 bits=80", "P1 3 swap type=29 off=1234 bits=80", "W none", "K4 WARNING: mm",
            ], 2, 4);
        Assert.Equal([0, 1, 0, 1, 1, 0, 1, -1], view.Pages.Select(page => page.Object));
        Assert.Equal(EntryKind.Special, view.Pages[7].Entry);
        Assert.False(view.SwapOn);
        Assert.Equal(["4 WARNING: mm"], view.Messages);
        Assert.DoesNotContain(view.Processes, process => process.Alive);
    }

    [Theory]
    [InlineData("P0 9 swap type=0 off=1 bits=80")]
    [InlineData("P0 0 present pfn=zz map=1 flags=0 bits=0")]
    [InlineData("P0 0 present map=1 flags=0 bits=0")]
    [InlineData("Q what is this")]
    [InlineData("")]
    public void A_line_that_is_none_of_a_dump_is_quoted(string line) => Assert.Contains(
        $"'{line}'", Assert.Throws<FormatException>(() => DumpView.Parse([line], 1, 4)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Both_sides_stand_side_by_side_and_lines_that_differ_are_marked()
    {
        Reaction engine = Sides.After($"{Shape}write mm0 p0");
        PageView[] pages = [.. engine.View.Pages];
        pages[0] = pages[0] with { Mapcount = 2 };
        IReadOnlyList<string> lines =
            ViewText.SideBySide(engine, engine with { View = engine.View with { Pages = pages } });
        Assert.Equal(1, lines.Count(line => line.StartsWith('!')));
        Assert.Contains(
            lines, line => line.StartsWith("! mm0 p0 frame 0 map 1", StringComparison.Ordinal)
                && line.Contains("mm0 p0 frame 0 map 2", StringComparison.Ordinal));
    }

    private static PageView[] PagesAfter(string calls) => [.. Sides.After($"{Shape}{calls}").View.Pages];
}
