using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Mm.State;
using Xunit;

namespace Tests.Mm;

/// <summary>What v6.18 itself lets drift: statistics of large folios, which nobody repairs later.</summary>
public class LargeStatisticsTests
{
    /// <summary>
    /// One process drops a page of a shared large folio; between the fall of the page's mapcount and that of
    /// nr_pages_mapped the other one's PMD mapping is split. For a moment more pages are mapped than there are, and
    /// __folio_remove_rmap takes minus one for nothing.
    /// </summary>
    [Fact]
    public void Two_processes_that_drop_a_page_of_a_shared_large_folio_may_leave_NR_ANON_MAPPED_too_low()
    {
        const string Text = "shape mms 2 pages 4 thp pmd\nsetup write mm0 p0\n fork mm0 mm1\n"
            + "cpu0 dontneed mm0 p0 1\ncpu1 dontneed mm1 p0 1";
        Program program = ProgramText.Parse(MmLanguage.Instance, Text);
        MmEngine engine = new();
        Executor executor = new(engine);
        int lowest = 0;
        ExhaustiveSearch.Within(
            search =>
            {
                Assert.True(executor.Run(program, search));
                lowest = Math.Min(lowest, engine.Kernel.Memcgs.Root.AnonMapped);
                return true;
            },
            1, 10_000);
        Assert.Equal(-1, lowest);
    }
}
