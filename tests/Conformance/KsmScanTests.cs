using Conformance;
using Fuzz.Programs;
using Xunit;

namespace Tests.Conformance;

public class KsmScanTests
{
    private const string Shape = "shape mms 3 pages 4 slots 8 device sync\nsetup ";

    [Fact]
    public void Ksmd_merges_all_that_is_equal_in_all_processes_that_it_knows()
    {
        const string Calls = "writezero mm0 p0; writezero mm0 p3; write mm0 p1; fork mm0 mm1; writezero mm1 p0; "
            + "merge mm0 p1 mm1 p1";
        Assert.Equal(["mm0 p0", "mm0 p3", "mm1 p0", "mm1 p3"], Merged(Calls));
        View view = Sides.After(Shape + Calls).View;
        Assert.Single(view.Pages.Where(page => page.Inside?.Merged == true).Select(page => page.Object).Distinct());
    }

    [Theory]
    [InlineData("writezero mm0 p0; writezero mm0 p2; pinwrite mm0 p2; merge mm0 p0 mm0 p2")]
    [InlineData("writezero mm0 p0; writezero mm0 p2; fork mm0 mm1; dontneed mm0 p2 1; merge mm0 p0 mm0 p2")]
    [InlineData("writezero mm0 p0; write mm0 p2; merge mm0 p0 mm0 p2")]
    public void What_is_in_use_or_of_others_or_alone_stays_as_it_is(string calls) => Assert.Empty(Merged(calls));

    [Theory]
    [InlineData("merge mm0 p0 mm0 p2")]
    [InlineData("merge mm0 p2 mm0 p0")]
    public void The_page_that_ksmd_comes_to_last_takes_the_place_of_the_one_that_waits(string merge) =>
        Assert.Equal(
            ["mm0 p0", "mm0 p2", "mm1 p2"], Merged($"writezero mm0 p0; writezero mm0 p2; fork mm0 mm1; {merge}"));

    [Fact]
    public void What_an_unmerged_process_has_for_itself_is_merged_again_by_the_next_scans()
    {
        const string Calls = "writezero mm0 p0; writezero mm0 p2; merge mm0 p0 mm0 p2; unmerge mm0 p0 4";
        Assert.Empty(Merged(Calls));
        Assert.Equal(["mm0 p0", "mm0 p2"], Merged(Calls + "; merge mm0 p0 mm0 p0"));
    }

    [Fact]
    public void A_kernel_that_writes_into_merged_pages_is_noticed()
    {
        Program program = ProgramText.Parse(
            MmLanguage.Instance,
            Shape + "writezero mm0 p0; writezero mm0 p2; merge mm0 p0 mm0 p2; dontneed mm0 p2 1; write mm0 p0");
        Assert.Null(Sides.With().Run(program).Difference);
        Assert.NotNull(Sides.With("ksm-write-reuse").Run(program).Difference);
    }

    private static IEnumerable<string> Merged(string calls) =>
        Sides.After(Shape + calls).View.Pages.Where(page => page.Inside?.Merged == true).Select(page => page.Subject);
}
