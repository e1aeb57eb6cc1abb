using FsCheck.Xunit;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Xunit;

namespace Tests.Programs;

public class ScheduleTextTests
{
    private static readonly string[] PointNames = ToyEngine.AllPoints.All.Skip(1).Select(p => p.Name).ToArray();

    [Property(MaxTest = 500)]
    public bool Parsing_what_was_printed_gives_the_same_schedule((byte Cpu, byte End, byte Times)[] drawn)
    {
        Schedule schedule = new(drawn.Select(ToTurn).ToArray());
        string text = ScheduleText.Print(schedule);
        return ScheduleText.Parse(text, points: ToyEngine.AllPoints).Equals(schedule)
            && ScheduleText.Print(ScheduleText.Parse(text)) == text
            && ScheduleText.Parse($"schedule {schedule}").Equals(schedule);
    }

    [Fact]
    public void Printing_gives_one_turn_a_line()
    {
        Schedule schedule = new(
            Turn.Until(0, "CellWrite"), Turn.Until(1, "CellBump", 2), Turn.UntilBlocked(0), Turn.UntilDone(1));

        Assert.Equal(
            """
            schedule  cpu0 until CellWrite
                      cpu1 until CellBump#2
                      cpu0 until blocked
                      cpu1 until done

            """,
            ScheduleText.Print(schedule));
        Assert.Equal("schedule\n", ScheduleText.Print(Schedule.Empty));
        Assert.Equal(Schedule.Empty, ScheduleText.Parse("schedule"));
    }

    [Fact]
    public void A_comment_is_told_from_an_occurrence()
    {
        Schedule schedule = ScheduleText.Parse("schedule cpu0 until CellBump#3 #4\n  # cpu1 until done\n");
        Assert.Equal([Turn.Until(0, "CellBump", 3)], schedule.Turns);
    }

    [Theory]
    [InlineData("schedule cpu0 until CelWrite", 1, 21, "unknown point 'CelWrite'", "CellRead, CellWrite", "CellWrite")]
    [InlineData("schedule cpu0 until Done", 1, 21, "unknown point 'Done'", "blocked, done", "done")]
    [InlineData("schedule cpu0 until Start", 1, 21, "unknown point 'Start'", "CellRead", "EndTake")]
    [InlineData("schedule cpu0 untli done", 1, 15, "unknown word 'untli'", "'cpuN until POINT'", "until")]
    [InlineData("schedule\n cpu127 until done", 2, 2, "'cpu127' is out of range", "cpu0..cpu126", null)]
    [InlineData("schedule core until done", 1, 10, "'core' is no cpu", "'cpuN until POINT'", null)]
    [InlineData("schedule cpu0 until", 1, 20, "the turn ends too early", "'cpuN until done'", null)]
    [InlineData("schedule cpu0", 1, 14, "the turn ends too early", "'cpuN until done'", null)]
    [InlineData("schedule cpu0 until done cpu1", 1, 26, "'cpu1' is too much", "the end of the turn", null)]
    [InlineData("schedule cpu0 until CellBump#0", 1, 29, "'#0' is no occurrence", "a number from 1", null)]
    [InlineData("schedule cpu0 until CellBump#", 1, 29, "'#' is no occurrence", "a number from 1", null)]
    [InlineData("shedule cpu0 until done", 1, 1, "unknown section 'shedule'", "one of schedule", "schedule")]
    [InlineData("# nothing\n", 1, 1, "end of the text", "the section 'schedule'", null)]
    public void A_malformed_turn_is_named_with_its_place(
        string text, int line, int column, string problem, string expected, string? nearest)
    {
        InputException error = Assert.Throws<InputException>(
            () => ScheduleText.Parse(text, "x.reproducer", ToyEngine.AllPoints));
        Assert.Equal((line, column, problem, nearest), (error.Line, error.Column, error.Problem, error.Nearest));
        Assert.Contains(expected, error.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_turn_is_refused_by_the_schedule()
    {
        Assert.Throws<ArgumentException>(() => new Schedule(Turn.UntilDone(Machine.CpusMax)));
        Assert.Throws<ArgumentException>(() => new Schedule(Turn.Until(0, "CellBump", 0)));
        Assert.Throws<ArgumentException>(() => new Schedule(new Turn(0, null, 1, TurnEnd.Point)));
        Assert.Throws<ArgumentException>(() => new Schedule(new Turn(0, "CellBump", 1, TurnEnd.Done)));
    }

    [Fact]
    public void Preemptions_are_switches_away_from_a_lane_that_could_go_on()
    {
        Schedule schedule = new(
            Turn.Until(0, "CellRead"), Turn.Until(0, "CellWrite"), Turn.UntilBlocked(1), Turn.Until(0, "CellBump"),
            Turn.UntilDone(1), Turn.Until(0, "CellBump"));
        Assert.Equal(2, schedule.Preemptions);
    }

    private static Turn ToTurn((byte Cpu, byte End, byte Times) drawn) => (drawn.End % 4) switch
    {
        0 => Turn.UntilBlocked(drawn.Cpu % 8),
        1 => Turn.UntilDone(drawn.Cpu % 8),
        _ => Turn.Until(drawn.Cpu % 8, PointNames[drawn.End % PointNames.Length], drawn.Times % 3 + 1),
    };
}
