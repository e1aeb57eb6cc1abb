using Conformance;
using Fuzz.Programs;
using Xunit;

namespace Tests.Conformance;

public class StretchTests
{
    private const string Huge = "shape mms 2 pages 8 slots 1 device sync thp pmd\nsetup ";

    [Theory]
    [InlineData("pages 8", 0)]
    [InlineData("pages 8 thp pmd", 7)]
    [InlineData("pages 8 pmd 3 thp mthp", 6)]
    [InlineData("pages 7 pmd 3 thp mthp", 0)]
    public void Pages_stand_for_more_where_a_pmd_entry_can_map_something(string shape, int stretch) =>
        Assert.Equal(stretch, Stretch.Of(ShapeOf(shape)));

    [Fact]
    public void A_world_that_the_engine_has_no_frames_for_is_none()
    {
        Assert.True(Stretch.Fits(ShapeOf("mms 2 pages 8 thp pmd")));
        Assert.False(Stretch.Fits(ShapeOf("mms 4 pages 8 thp pmd")));
        Assert.False(Stretch.Fits(ShapeOf("mms 1 pages 16 thp pmd")));
        Assert.False(CallMapping.HasWorld(ShapeOf("mms 4 pages 8 thp pmd device sync")));
    }

    [Fact]
    public void A_store_brings_as_many_pages_as_hardware_maps_at_once()
    {
        Reaction reaction = Sides.After($"{Huge}write mm0 p5");
        PageView[] pages = [.. reaction.View.Pages.Where(page => page.Entry == EntryKind.Present)];
        Assert.Equal(Enumerable.Range(512, 512), pages.Select(page => page.Page));
        Assert.True(pages[0].Traits.HasFlag(PageTraits.Head | PageTraits.Large));
        Assert.Equal(512, reaction.View.Processes[0].Anon);
    }

    [Fact]
    public void Whole_folios_go_to_swap_and_parts_of_them_come_back()
    {
        Reaction reaction = Sides.After($"{Huge}write mm0 p0; pageoutrange mm0 p0; read mm0 p1; munmap mm0 p2 1");
        Assert.Equal(511 - 128, reaction.View.SlotsUsed);
        Assert.Equal(EntryKind.Present, reaction.View.Pages[128].Entry);
        Assert.Equal((1, 511 - 128), (reaction.View.Processes[0].Anon, reaction.View.Processes[0].Swap));
    }

    [Theory]
    [InlineData("munmap mm0 p1 2", "munmap 0 128 256")]
    [InlineData("dontneed mm0 p7 4", "madvise 0 896 128 dontneed")]
    [InlineData("write mm0 p3", "write 0 384 V")]
    [InlineData("split mm0 p5", "split 0 640 1")]
    [InlineData("collapse mm0 p5", "madvise 0 512 512 collapse")]
    [InlineData("mremap mm0 p0 p4 2", "mremap 0 0 512 256")]
    [InlineData("move mm0 p0 p6 4", "uffdmove 0 0 768 256")]
    public void Calls_are_made_of_all_pages_that_one_stands_for(string call, string operation)
    {
        Program program = ProgramText.Parse(MmLanguage.Instance, Huge + call);
        using EngineSide engine = new(judged: true);
        engine.Reset(program.Shape);
        Assert.Equal([operation], engine.Plan(program.Setup[0])!.Operations);
    }

    [Fact]
    public void Many_pages_that_are_alike_are_shown_on_one_line()
    {
        Reaction reaction = Sides.After($"{Huge}write mm0 p0");
        Assert.Contains(
            ViewText.Print(reaction), line => line.StartsWith("mm0 p1+511 frame 1 ", StringComparison.Ordinal));
    }

    private static int[] ShapeOf(string fields) =>
        ProgramText.Parse(MmLanguage.Instance, $"shape {fields}\n").Shape;
}
