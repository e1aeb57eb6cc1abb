using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Tests.Campaign;
using Tests.Programs;
using Xunit;

namespace Tests.Reporting;

public class RaceDiagramTests
{
    private readonly ToyEngine toy = new();

    [Fact]
    public void Columns_are_headed_by_their_calls_and_steps_run_downwards()
    {
        string diagram = Draw("cpu0 add c0\ncpu1 add c0", "cpu0 until CellWrite; cpu1 until done; cpu0 until done");

        Assert.Equal(
            """
                  CPU0                                    CPU1
                    add c0                                  add c0
                  --------------------------------------  ----------------------------
                  > add c0
               1  cell_add(): CellRead: reads object 0
                                                          > add c0
                                                          cell_add()
                                                            (1 step)
               4                                            CellWrite: writes object 0
               5  cell_add(): CellWrite: writes object 0

            """,
            diagram);
    }

    [Fact]
    public void A_lane_that_waits_says_for_what()
    {
        string diagram = Draw(
            "shape cells 2\ncpu0 swap c0 c1\ncpu1 swap c0 c1",
            "cpu0 until SwapTakeSecond; cpu1 until blocked; cpu0 until done; cpu1 until done");
        Assert.Contains("... waits for object 3", diagram, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deadlock_shows_what_each_lane_waits_for_in_the_end()
    {
        string diagram = Draw(
            "shape cells 2\ncpu0 swap c0 c1\ncpu1 swap c1 c0",
            "cpu0 until SwapTakeSecond; cpu1 until blocked; cpu0 until blocked");

        Assert.Contains("SwapTakeSecond: waits for guard 1, for ever", diagram, StringComparison.Ordinal);
        Assert.Contains("SwapTakeSecond: waits for guard 0, for ever", diagram, StringComparison.Ordinal);
        Assert.Contains("(after the last step)  <-- symptom: deadlock", diagram, StringComparison.Ordinal);
    }

    [Fact]
    public void The_step_that_broke_a_law_is_marked_with_the_law()
    {
        string diagram = Draw("cpu0 bump c0 5\ncpu1 bump c0 5", "cpu0 until done; cpu1 until CellBump#5");
        string marked = Assert.Single(diagram.Split('\n'), line => line.Contains("<--", StringComparison.Ordinal));
        Assert.StartsWith("  10  ", marked, StringComparison.Ordinal);
        Assert.EndsWith("CellBump: updates object 0  <-- too much", marked, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_where_no_lanes_meet_are_counted_by_function()
    {
        string diagram = Draw(
            "shape cells 2\ncpu0 bump c0 3; bump c0 2\ncpu1 bump c1 2", "cpu0 until done; cpu1 until done");
        string[] lines = diagram.Split('\n');

        Assert.Contains("      > bump c0 3", lines);
        Assert.Contains("      cell_bump(): 3 steps", lines);
        Assert.Contains("      cell_bump(): 2 steps", lines);
    }

    [Fact]
    public void A_call_without_steps_is_said_to_have_had_nothing_to_do()
    {
        Assert.Contains(
            "> rest: nothing to do", Draw("cpu0 rest; bump c0 2", "cpu0 until done"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_in_the_setup_is_said_to_be_there()
    {
        Assert.Contains(
            "(in the setup, before any lane ran)  <-- symptom: deadlock",
            Draw("setup leak c0; leak c0\ncpu0 rest", "cpu0 until done"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_livelock_of_thousands_of_steps_gives_a_page_not_a_book()
    {
        toy.Machine.StepsMax = 20_000;
        string calls = string.Join("; ", Enumerable.Repeat("bump c0 5", 6));
        Executor executor = new(toy);
        executor.Run(
            ProgramText.Parse(ToyEngine.Toy, $"cpu0 {calls}\ncpu1 {calls}"),
            new RandomScheduler(new Interleave.Rng(1)));
        string diagram = RaceDiagram.Draw(
            ProgramText.Parse(ToyEngine.Toy, $"cpu0 {calls}\ncpu1 {calls}"), toy.Machine, id => $"object {id}",
            toy.Verdict.Violations);
        Assert.InRange(diagram.Split('\n').Length, 5, 450);
    }

    [Fact]
    public void Objects_of_the_folio_engine_have_their_kernel_names()
    {
        Reproducer reproducer = Failures.Parse();
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
        runner.Run();
        string diagram = runner.Capture().Diagram;

        Assert.Contains("FolioSetWaiters: updates folio 0 flags", diagram, StringComparison.Ordinal);
        Assert.Matches(@"RmapNewWriteFlags: writes folio 0 flags\s+<-- PG_waiters lost", diagram);
        Assert.Contains("folio_wait_bit_common()", diagram, StringComparison.Ordinal);
        Assert.All(diagram.Split('\n'), line => Assert.InRange(line.Length, 0, 120));
    }

    private string Draw(string program, string schedule)
    {
        Program parsed = ProgramText.Parse(ToyEngine.Toy, program);
        Executor executor = new(toy);
        ReplayScheduler replay = new(ScheduleText.Parse($"schedule {schedule}"), ToyEngine.AllPoints);
        executor.Run(parsed, replay);
        return RaceDiagram.Draw(parsed, toy.Machine, id => $"object {id}", toy.Verdict.Violations);
    }
}
