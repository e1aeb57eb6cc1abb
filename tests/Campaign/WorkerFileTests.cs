using Fuzz.Campaign;
using Xunit;

namespace Tests.Campaign;

public class WorkerFileTests
{
    private const StringComparison Exactly = StringComparison.Ordinal;

    /// <summary>What afl-fuzz 4.04c leaves, with a key of a later version in it.</summary>
    private const string Afl = """
        start_time        : 1790000000
        last_update       : 1790003600
        run_time          : 3600
        fuzzer_pid        : 4711
        cycles_done       : 12
        cycles_wo_finds   : 3
        execs_done        : 7200000
        execs_per_sec     : 2000.50
        execs_ps_last_min : 1987.25
        corpus_count      : 250
        corpus_favored    : 40
        corpus_found      : 200
        corpus_imported   : 49
        corpus_variable   : 7
        stability         : 98.50%
        bitmap_cvg        : 12.34%
        time_wo_finds     : 5
        saved_crashes     : 2
        cpu_affinity      : -1
        edges_found       : 900
        afl_banner        : Fuzz.Target
        afl_version       : ++4.04c
        command_line      : afl-fuzz -i in -o out: -- dotnet Fuzz.Target.dll
        """;

    private static readonly WorkerStatistics Ours = new()
    {
        StartTime = 1_790_000_000,
        LastUpdate = 1_790_000_060,
        RunTime = 60,
        ProcessId = 12,
        Executions = 900_000,
        Rate = 15_000.126,
        CorpusCount = 31,
        CorpusImported = 4,
        CpuAffinity = 1,
        EdgesFound = 2000,
        TotalEdges = 65_536,
        Banner = "mm",
        Version = "fuzz 1",
        TargetMode = "in-process",
        CommandLine = "fuzz run",
        Handoffs = 77,
        NearMisses = 0,
        SignaturesFound = 2,
        Variants = "",
    };

    [Fact]
    public void Statistics_read_back_as_they_were_written()
    {
        string text = Ours.Print();
        Assert.Equal(Ours with { Rate = 15_000.13 }, WorkerStatistics.Parse(text.Split('\n')));
        Assert.Equal(text, WorkerStatistics.Parse(text.Split('\n')).Print());
    }

    [Theory]
    [InlineData(3, "run_time          : 60")]
    [InlineData(5, "cycles_done       : 0")]
    [InlineData(7, "execs_done        : 900000")]
    [InlineData(10, "corpus_count      : 31")]
    [InlineData(15, "max_depth         : 0")]
    [InlineData(21, "saved_crashes     : 0")]
    [InlineData(42, "command_line      : fuzz run")]
    [InlineData(46, "variants          : ")]
    public void Keys_are_in_the_lines_where_afl_fuzz_looks_for_them(int line, string expected) =>
        Assert.Equal(expected, Ours.Print().Split('\n')[line - 1]);

    [Fact]
    public void Statistics_of_afl_fuzz_are_read_and_say_nothing_of_what_it_does_not_see()
    {
        WorkerStatistics read = WorkerStatistics.Parse(Afl.Split('\n'));
        Assert.Equal((7_200_000, 2000.5, 250, 49), (read.Executions, read.Rate, read.CorpusCount, read.CorpusImported));
        Assert.Equal((98.5, 12.34, -1), (read.Stability, read.MapCoverage, read.CpuAffinity));
        Assert.Equal("afl-fuzz -i in -o out: -- dotnet Fuzz.Target.dll", read.CommandLine);
        Assert.Null(read.Handoffs);
        Assert.Null(read.Variants);
        Assert.DoesNotContain("handoffs", read.Print(), Exactly);
    }

    [Fact]
    public void Statistics_that_make_no_sense_are_left_at_what_they_were()
    {
        WorkerStatistics read = WorkerStatistics.Parse(
        [
            "", ":", ": 5", "no colon", "execs_done : -5", "execs_per_sec : NaN", "corpus_count : 1e400",
            "run_time : 99999999999999999999999", "stability : %", "edges_found : 0x10", "max_depth : 7 # seven",
            "afl_banner : \u001b[31mred\u202e" + new string('x', 5000),
        ]);
        Assert.Equal(new WorkerStatistics { Banner = read.Banner }, read);
        Assert.InRange(read.Banner.Length, WorkerStatistics.TextMax / 2, WorkerStatistics.TextMax);
        Assert.StartsWith("[31mred x", read.Banner, Exactly);
    }

    [Fact]
    public void A_line_of_the_plot_reads_back_as_it_was_written()
    {
        PlotRow row = new()
        {
            Seconds = 60, CyclesDone = 1, CurrentItem = 2, CorpusCount = 3, PendingTotal = 4, PendingFavored = 5,
            MapCoverage = 6.5, SavedCrashes = 7, SavedHangs = 8, MaxDepth = 9, Rate = 10.25, Executions = 11,
            Edges = 12, Handoffs = 13, NearMisses = 14, Signatures = 15,
        };
        Assert.Equal("60, 1, 2, 3, 4, 5, 6.50%, 7, 8, 9, 10.25, 11, 12, 13, 14, 15\n", row.Print());
        Assert.StartsWith("# relative_time, cycles_done, cur_item, corpus_count, pend", PlotRow.Header, Exactly);
        Assert.EndsWith("total_execs, edges_found, handoffs, near_misses, signatures\n", PlotRow.Header, Exactly);
        Assert.Equal([row], PlotData.Parse([PlotRow.Header.TrimEnd(), row.Print().TrimEnd()]));
    }

    [Fact]
    public void A_plot_of_afl_fuzz_has_no_hand_offs()
    {
        PlotRow row = Assert.Single(PlotData.Parse(["5, 0, 1, 2, 3, 4, 1.50%, 0, 0, 2, 1000.00, 5000, 321"]));
        Assert.Equal((5, 5000, 321, 1.5), (row.Seconds, row.Executions, row.Edges, row.MapCoverage));
        Assert.Null(row.Handoffs);
    }

    [Fact]
    public void Columns_of_a_plot_are_found_by_their_names()
    {
        PlotRow row = Assert.Single(
            PlotData.Parse(["# relative_time, edges_found, novelty, total_execs", "5, 7, 9, 11"]));
        Assert.Equal(new PlotRow { Seconds = 5, Edges = 7, Executions = 11 }, row);
    }

    [Fact]
    public void Lines_of_a_plot_that_are_cut_short_or_go_back_in_time_are_passed_over()
    {
        const string Rest = ", 0, 1, 2, 3, 4, 1.50%, 0, 0, 2, 1000.00, 5000, 321";
        IReadOnlyList<PlotRow> rows = PlotData.Parse(
            ["", "garbage", "5" + Rest, "4" + Rest, "-1" + Rest, "10, 0, 1, 2", "x" + Rest, "10" + Rest]);
        Assert.Equal([5L, 10L], rows.Select(row => row.Seconds));
    }

    [Fact]
    public void A_plot_of_weeks_is_thinned_out_and_keeps_its_ends()
    {
        IReadOnlyList<PlotRow> rows = PlotData.Parse(
            Enumerable.Range(0, 200_000).Select(i => $"{i * 5}, 0, 1, 2, 3, 4, 1.50%, 0, 0, 2, 1.00, {i}, 3"));
        Assert.InRange(rows.Count, PlotData.RowsMax / 2, PlotData.RowsMax + 1);
        Assert.Equal((0L, 999_995L), (rows[0].Seconds, rows[^1].Seconds));
        Assert.Equal(rows.Select(row => row.Seconds).Order(), rows.Select(row => row.Seconds));
    }

    [Fact]
    public void Findings_read_back_as_they_were_written_sorted_by_name()
    {
        FindingRow b = new(7, 900, 3, First: true, "b.reproducer") { From = "main/crashes/id:000003" };
        FindingRow a = new(5, 800, 1, First: false, "a, with a comma.reproducer");
        Assert.Equal([a, b], FindingRow.Parse(FindingRow.Print([b, a]).Split('\n')));
    }

    [Theory]
    [InlineData("1, 2, 3, 1, -, ../../etc/passwd")]
    [InlineData("1, 2, 3, 1, -, a\\b")]
    [InlineData("1, 2, 3, 1, -, ..")]
    [InlineData("1, 2, 3, 1, -, a\u001b[0m")]
    [InlineData("1, 2, 3, 1, -")]
    [InlineData("1, -2, 3, 1, -, a.reproducer")]
    public void A_finding_that_names_no_file_of_the_folder_is_passed_over(string line) =>
        Assert.Empty(FindingRow.Parse([line]));
}
