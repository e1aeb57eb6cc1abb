using Fuzz.Campaign;
using Fuzz.Report;
using Tests.Campaign;
using Xunit;

namespace Tests.Report;

public sealed class ReportBuilderTests : IDisposable
{
    private readonly CampaignFolders folders = new();

    public void Dispose() => folders.Dispose();

    [Fact]
    public void The_headline_adds_what_adds_up_and_takes_the_most_of_what_does_not()
    {
        Totals totals = Build("slot-aba").Totals;
        Assert.Equal(20_000 * 3600L + 19_000 * 3570 + 1_500 * 3000, totals.Executions);
        Assert.Equal(40_500, totals.Rate);
        Assert.Equal((3600L, 3600L + 3570 + 3000, 3), (totals.Seconds, totals.WorkSeconds, totals.Active));
        Assert.Equal((2000L, 4000L, 300L), (totals.Edges, totals.Handoffs, totals.Corpus));
    }

    [Fact]
    public void A_worker_that_was_not_heard_of_for_long_does_not_count_as_working()
    {
        folders.WithWorkers().Add(
            "old/fuzzer_stats", $"last_update : {CampaignFolders.Start}\nexecs_done : 7\nexecs_per_sec : 99\n");
        CampaignReport report = Build();
        Assert.False(report.Workers.Single(worker => worker.Name == "old").Active);
        Assert.Equal((3, 40_500), (report.Totals.Active, report.Totals.Rate));
    }

    [Fact]
    public void Each_chart_has_a_line_for_each_worker_and_one_for_all()
    {
        CampaignReport report = Build("slot-aba");
        Assert.Equal(
            ["executions", "rate", "edges", "handoffs", "corpus", "failures"], report.Charts.Select(chart => chart.Id));
        Assert.Equal(
            ["all workers", "afl", "w0", "w1"], report.Charts[0].Lines.Select(line => line.Name));
        Assert.Equal(["most of any", "w0", "w1"], report.Charts[3].Lines.Select(line => line.Name));
        Assert.All(report.Charts.SelectMany(chart => chart.Lines), line =>
        {
            Assert.Equal(line.Seconds.Count, line.Values.Count);
            Assert.Equal(line.Seconds.Distinct().Order(), line.Seconds);
        });
    }

    [Fact]
    public void Workers_that_began_later_are_shifted_on_the_axis_of_time()
    {
        Chart executions = Build("slot-aba").Charts[0];
        Assert.Equal(600, executions.Lines[1].Seconds[0]);
        Assert.Equal(30, executions.Lines[3].Seconds[0]);
        int at = executions.Lines[0].Seconds.ToList().IndexOf(900);
        Assert.Equal(20_000.0 * 900 + 19_000 * 870 + 1_500 * 300, executions.Lines[0].Values[at]);
    }

    [Fact]
    public void Two_workers_that_met_one_failure_found_one()
    {
        ChartLine all = Build("slot-aba").Charts[5].Lines[0];
        Assert.Equal(1, all.Values[^1]);
        Assert.Equal(0, all.Values[0]);
    }

    [Fact]
    public void A_failure_says_who_found_it_when_and_how_often_it_was_met()
    {
        FailureSummary failure = Assert.Single(Build("slot-aba").Failures);
        Assert.Equal(("w0", 60L, 9L), (failure.FoundBy!, failure.FoundAt!.Value, failure.Met!.Value));
        Assert.Equal((2, 3, "swapin-copy"), (failure.Cpus, failure.Calls, failure.Oracle));
        Assert.EndsWith($"replay {folders.Path}/slot-aba.reproducer", failure.Replay, StringComparison.Ordinal);
    }

    [Fact]
    public void Clocks_that_are_wrong_do_not_stretch_the_axis()
    {
        folders.WithWorkers().Add("odd/fuzzer_stats", $"start_time : {long.MaxValue}\nrun_time : 5\n");
        Assert.Equal(3600, Build().Totals.Seconds);
    }

    [Fact]
    public void What_is_not_readable_is_told() => Assert.Contains(
        "bad.reproducer:1:1", Assert.Single(new Func<CampaignReport>(() =>
        {
            folders.Add("bad.reproducer", "nonsense");
            return Build();
        })().Notes), StringComparison.Ordinal);

    [Fact]
    public void The_same_files_give_the_same_report() => Assert.Equal(
        ReportPage.Print(CampaignSnapshot.Read(folders.WithWorkers("slot-aba").Path)),
        ReportPage.Print(CampaignSnapshot.Read(folders.Path)));

    private CampaignReport Build(params string[] stories) => ReportBuilder.Build(
        CampaignSnapshot.Read((stories.Length > 0 ? folders.WithWorkers(stories) : folders).Path));
}
