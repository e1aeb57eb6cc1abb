using Fuzz.Campaign;
using Fuzz.Report;
using Fuzz.Reporting;
using Tests.Campaign;
using Tests.Defects;
using Xunit;

namespace Tests.Report;

public class FailureDetailTests
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private readonly FailureDetail detail = Of(Failures.LostWaiters);

    [Fact]
    public void Every_step_is_there_with_its_cpu_call_function_and_object()
    {
        DetailStep step = detail.Steps.First(step => step.Point == "RmapNewWriteFlags");
        Assert.Equal((1, 0, "folio_add_new_anon_rmap"), (step.Cpu, step.Call, step.Function));
        Assert.Equal(("writes", "folio 0 flags"), (step.Verb, step.Target));
        Assert.Equal("swapoff", Assert.Single(detail.Calls[1]));
        Assert.Null(detail.Problem);
    }

    [Fact]
    public void The_state_after_a_step_is_what_replaying_up_to_it_leaves()
    {
        // A sleeper sets PG_waiters; the plain store of the flags word wipes it out. That is the failure.
        int store = detail.Violations[0].Step;
        Assert.Contains("Waiters", Value(store - 1, "folio 0", "flags"), Exactly);
        Assert.DoesNotContain("Waiters", Value(store, "folio 0", "flags"), Exactly);
        Assert.Equal("swap slot 0 exclusive", Value(-1, "mm0 p0", ""));
        Assert.Equal("1", Value(-1, "slot 0", "data"));
    }

    [Fact]
    public void What_each_lane_holds_and_waits_for_is_part_of_the_state()
    {
        int last = detail.Steps.Count - 1;
        Assert.Equal("folio 0 wait queue", Value(last, "CPU0", "waits for"));
        Assert.Equal("swap device", Value(last, "CPU1", "waits for"));
    }

    [Fact]
    public void Steps_and_lines_of_the_diagram_belong_together()
    {
        int[] covered = [.. detail.Rows.SelectMany(row => Enumerable.Range(row.First, row.Count))];
        Assert.Equal(covered.Order().Distinct(), covered);
        Assert.All(
            detail.Rows.Where(row => row.Count > 0), row => Assert.Equal(row.Cpu, detail.Steps[row.First].Cpu));
        Assert.Contains(detail.Rows, row => row.Marks.Contains("<-- PG_waiters lost") && row.IsStep);
        Assert.All(
            Enumerable.Range(0, detail.Steps.Count).Except(covered), step => Assert.Equal(-1, detail.Steps[step].Call));
    }

    [Theory]
    [InlineData("slot-aba")]
    [InlineData("late-memcg-lock")]
    [InlineData("punch-takes-swap")]
    [InlineData("safe-folio-lost")]
    public void Stories_of_all_sorts_have_a_state_after_each_step(string story)
    {
        FailureDetail told = Of(File.ReadAllText(Path.Combine(CorpusFolder.Defects, $"{story}.reproducer")));
        Assert.Null(told.Problem);
        Assert.Equal(told.Steps.Count + 1, told.Changes.Count);
        Assert.All(told.Changes, change => Assert.Equal(0, change.Count % 2));
        Assert.Contains(told.Changes.Skip(1), change => change.Count > 0);
        Assert.All(told.Cells, cell => Assert.False(string.IsNullOrEmpty(cell.Object)));
    }

    [Fact]
    public void Looking_on_changes_nothing_of_what_happens()
    {
        Reproducer reproducer = Failures.Parse();
        ReproducerRunner runner = new(reproducer, new Fuzz.Execution.MmEngine(reproducer.Variants), strict: true);
        Replay alone = runner.Run();
        string report = TextReport.Print(runner.Capture(), null);
        Assert.Equal(alone, runner.Run(new StepRecorder(runner.Engine, 1000, 1000)));
        Assert.Equal(report, TextReport.Print(runner.Capture(), null));
        Assert.Equal(alone, runner.Run());
    }

    [Fact]
    public void A_reproducer_that_drifts_says_so_and_shows_how_far_it_came()
    {
        FailureDetail drifted = Of(Failures.Drifting().Print());
        Assert.StartsWith("The reproducer no longer fits the engine: at step", drifted.Problem, Exactly);
        Assert.NotEmpty(drifted.Steps);
    }

    [Fact]
    public void Variants_that_cannot_be_combined_are_told() => Assert.StartsWith(
        "Its variants cannot be combined", Of(Failures.LostWaiters.Replace(
            "non-atomic-swapbacked", "no-swapcache-pin, no-swapcache-recheck", Exactly)).Problem, Exactly);

    [Fact]
    public void A_reproducer_of_many_pages_is_not_replayed()
    {
        StoredFailure failure = new("long", FailureDetail.LengthMax + 1, Failures.Parse());
        Assert.Contains("not replayed", FailureDetail.Of(failure).Problem, Exactly);
        Assert.Empty(FailureDetail.Of(failure).Steps);
    }

    private static FailureDetail Of(string text) =>
        FailureDetail.Of(new StoredFailure("a.reproducer", text.Length, Failures.Parse(text)));

    private string Value(int step, string name, string field)
    {
        string value = "";
        foreach (IReadOnlyList<int> changes in detail.Changes.Take(step + 2))
        {
            for (int i = 0; i < changes.Count; i += 2)
            {
                StateCell cell = detail.Cells[changes[i]];
                value = cell.Object == name && cell.Field == field ? detail.Values[changes[i + 1]] : value;
            }
        }

        return value;
    }
}
