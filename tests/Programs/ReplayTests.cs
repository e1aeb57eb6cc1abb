using FsCheck.Xunit;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Xunit;

namespace Tests.Programs;

public class ReplayTests
{
    private readonly ToyEngine engine = new();
    private readonly Executor executor;

    public ReplayTests() => executor = new Executor(engine);

    [Property(MaxTest = 3000, EndSize = 100)]
    public bool Replaying_the_schedule_of_a_random_run_gives_the_same_trace(byte[] bytes, ulong seed) =>
        ReplaysItself(ProgramBinary.Decode(ToyEngine.Toy, bytes), new RandomScheduler(new Rng(seed)));

    [Fact]
    public void Every_way_to_end_is_replayed()
    {
        Rng rng = new(5);
        SortedDictionary<Ending, int> endings = [];
        int afterTheEnd = 0;
        byte[] bytes = new byte[60];
        for (int i = 0; i < 20_000; i++)
        {
            for (int at = 0; at < bytes.Length; at++)
            {
                bytes[at] = (byte)rng.Next(256);
            }

            Program program = ProgramBinary.Decode(ToyEngine.Toy, bytes);
            program = new Program(program.Language, program.Shape, [], program.Cpus);
            engine.Machine.StepsMax = 5 + rng.Next(40);
            Assert.True(ReplaysItself(program, new RandomScheduler(rng)), ProgramText.Print(program));
            Ending ending = engine.Machine.Ending;
            endings[ending] = endings.GetValueOrDefault(ending) + 1;
            afterTheEnd += ending == Ending.Deadlock && engine.Machine.Current is null ? 1 : 0;
        }

        Assert.Equal(Enum.GetValues<Ending>(), endings.Keys);
        Assert.All(endings.Values, count => Assert.InRange(count, 100, 20_000));
        Assert.InRange(afterTheEnd, 100, 20_000);
    }

    [Fact]
    public void A_schedule_says_in_turns_what_the_trace_says_in_steps()
    {
        Program program = Parse("shape cells 2\ncpu0 swap c0 c1; bump c0 3\ncpu1 swap c0 c1");
        Schedule written = Turns(
            "cpu0 until SwapTakeSecond; cpu1 until blocked; cpu0 until CellBump#3; cpu1 until done; cpu0 until done");

        Assert.Null(Strict(program, written));
        Assert.Equal(written, Schedule.FromTrace(engine.Machine));
        Assert.Equal(2, written.Preemptions);
    }

    [Fact]
    public void Drift_names_step_turn_and_both_points()
    {
        Program program = Parse("cpu0 add c0\ncpu1 bump c0 2");

        Assert.Equal(
            new Drift(DriftKind.Turn, 1, 3, "cpu0 until SwapExchange", "cpu0 done"),
            Strict(program, Turns("cpu0 until SwapExchange; cpu1 until done")));
        Assert.Equal(
            new Drift(DriftKind.Turn, 3, 4, "cpu1 until CellBump#2", "cpu1 done"),
            Strict(program, Turns("cpu1 until CellBump; cpu0 until CellRead; cpu1 until CellBump#2")));
        Assert.Equal(
            new Drift(DriftKind.Turn, 2, 3, "cpu0 to run", "cpu0 done"),
            Strict(program, Turns("cpu0 until done; cpu0 until done")));
        Assert.Equal(
            new Drift(DriftKind.Turn, 1, 0, "cpu5 to run", "there is no cpu5"),
            Strict(program, Turns("cpu5 until done")));
        Assert.Equal(Ending.Stopped, engine.Machine.Ending);
    }

    [Fact]
    public void Drift_tells_a_blocked_lane_from_one_that_could_run()
    {
        Program program = Parse("shape cells 2\ncpu0 swap c0 c1\ncpu1 swap c0 c1");

        Assert.Equal(
            new Drift(DriftKind.Turn, 2, 3, "cpu1 until SwapExchange", "cpu1 blocked at SwapTakeFirst"),
            Strict(program, Turns("cpu0 until SwapTakeSecond; cpu1 until SwapExchange")));
        Assert.Equal(
            new Drift(DriftKind.Turn, 3, 3, "cpu1 to run", "cpu1 blocked at SwapTakeFirst"),
            Strict(program, Turns("cpu0 until SwapTakeSecond; cpu1 until blocked; cpu1 until done")));
        Assert.Null(Strict(
            program, Turns("cpu0 until SwapTakeSecond; cpu1 until blocked; cpu0 until done; cpu1 until done")));
    }

    [Fact]
    public void An_execution_must_end_exactly_where_the_schedule_does()
    {
        Program program = Parse("cpu0 bump c0 5\ncpu1 bump c0 5");

        Assert.Equal(
            new Drift(DriftKind.EndedLate, 2, 6, "the end of the execution", "cpu1 parked at Start"),
            Strict(program, Turns("cpu0 until done")));

        // The ninth bump breaks a law and stops the execution before the lane is done.
        Assert.Equal(
            new Drift(
                DriftKind.EndedEarly, 2, 11, "cpu1 until done",
                "the execution ended (Stopped) with cpu1 parked at CellBump"),
            Strict(program, Turns("cpu0 until done; cpu1 until done")));
        Assert.Null(Strict(program, Turns("cpu0 until done; cpu1 until CellBump#5")));
    }

    [Fact]
    public void A_lane_that_is_done_is_not_blocked_by_the_deadlock_of_others()
    {
        Program program = Parse("cpu0 leak c0; bump c0 2\ncpu1 leak c0");

        Assert.Equal(
            new Drift(
                DriftKind.EndedEarly, 3, 5, "cpu0 until blocked", "the execution ended (Deadlock) with cpu0 done"),
            Strict(program, Turns("cpu0 until CellBump; cpu1 until blocked; cpu0 until blocked")));
        Assert.Null(Strict(program, Turns("cpu0 until CellBump; cpu1 until blocked; cpu0 until done")));
    }

    [Fact]
    public void An_execution_that_never_began_is_told_from_one_that_did()
    {
        Program program = Parse("setup leak c0; leak c0\ncpu0 rest");
        Assert.Equal(
            new Drift(DriftKind.EndedEarly, 1, 0, "cpu0 until done", "the execution ended (Deadlock)"),
            Strict(program, Turns("cpu0 until done")));
        Assert.Equal(Schedule.Empty, Schedule.FromTrace(engine.Machine));
        Assert.Null(Strict(program, Schedule.Empty));
    }

    [Fact]
    public void A_strict_replay_refuses_unknown_points_before_it_runs()
    {
        Schedule schedule = new(Turn.UntilDone(1), Turn.Until(0, "CellWrit", 2));
        InputException error = Assert.Throws<InputException>(
            () => new ReplayScheduler(schedule, ToyEngine.AllPoints));
        Assert.Equal(
            "schedule: turn 2 'cpu0 until CellWrit#2': unknown point 'CellWrit'; expected a point of the engine; "
            + "the nearest is 'CellWrite'",
            error.Message);
        Assert.NotNull(new ReplayScheduler(schedule, ToyEngine.AllPoints, strict: false));
    }

    [Fact]
    public void A_lenient_replay_skips_what_is_impossible_and_always_runs_to_the_end()
    {
        Program program = Parse("cpu0 add c0\ncpu1 bump c0 2");
        Schedule schedule = Turns(
            "cpu0 until CellWrite; cpu7 until done; cpu1 until Gone; cpu1 until done; cpu0 until blocked");
        ReplayScheduler lenient = new(schedule, ToyEngine.AllPoints, strict: false);

        Assert.True(executor.Run(program, lenient));
        Assert.Equal(Ending.Completed, engine.Machine.Ending);
        Assert.Null(lenient.Finish(engine.Machine));
        Assert.Equal("cpu0 until CellWrite; cpu1 until done; cpu0 until done", Ran());

        executor.Run(program, new ReplayScheduler(Schedule.Empty, ToyEngine.AllPoints, strict: false));
        Assert.Equal("cpu0 until done; cpu1 until done", Ran());
    }

    [Property(MaxTest = 1000, EndSize = 60)]
    public bool A_lenient_replay_of_any_schedule_on_any_program_never_stops(byte[] bytes, ulong first, ulong second)
    {
        Program program = ProgramBinary.Decode(ToyEngine.Toy, bytes);
        Program other = ProgramBinary.Decode(ToyEngine.Toy, BitConverter.GetBytes(first).Concat(bytes).ToArray());
        executor.Run(other, new RandomScheduler(new Rng(second)));
        Schedule schedule = Schedule.FromTrace(engine.Machine);
        executor.Run(program, new ReplayScheduler(schedule, ToyEngine.AllPoints, strict: false));
        return engine.Machine.Ending != Ending.Stopped || engine.Verdict.Any;
    }

    private bool ReplaysItself(Program program, IScheduler scheduler)
    {
        executor.Run(program, scheduler);
        Machine machine = engine.Machine;
        TraceStep[] trace = machine.Trace.ToArray();
        Ending ending = machine.Ending;
        Schedule schedule = ScheduleText.Parse(ScheduleText.Print(Schedule.FromTrace(machine)));
        bool same = schedule.Preemptions == trace.Count(step => step.Preempts);
        foreach (bool strict in new[] { true, false })
        {
            ReplayScheduler replay = new(schedule, ToyEngine.AllPoints, strict);
            executor.Run(program, replay);
            same &= replay.Finish(machine) is null && machine.Trace.SequenceEqual(trace) && machine.Ending == ending;
        }

        return same && Schedule.FromTrace(machine).Equals(schedule);
    }

    private Drift? Strict(Program program, Schedule schedule)
    {
        ReplayScheduler replay = new(schedule, ToyEngine.AllPoints);
        executor.Run(program, replay);
        return replay.Finish(engine.Machine);
    }

    private string Ran() => Schedule.FromTrace(engine.Machine).ToString();

    private static Program Parse(string text) => ProgramText.Parse(ToyEngine.Toy, text);

    private static Schedule Turns(string turns) => ScheduleText.Parse($"schedule {turns}");
}
