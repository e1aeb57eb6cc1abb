using FsCheck.Xunit;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Fuzz.Shrinking;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Shrinking;

/// <summary>Programs and schedules of a concurrent engine, shrunk together.</summary>
public class ShrunkFailureTests
{
    private static readonly Language Language = MapcountEngine.Mapcounts;
    private static readonly Program TwoFaults = new(Language, [1], [], [[new Call(0)], [new Call(0)]]);
    private static readonly Program ZapAndOops = new(Language, [1], [new Call(0)], [[new Call(1)], [new Call(2)]]);

    [Property(MaxTest = 60)]
    public bool A_lost_mapcount_shrinks_to_two_faults_and_one_preemption(ulong seed)
    {
        Executor executor = new(new MapcountEngine(defect: true));
        (Program program, Schedule schedule) = FirstFailure(executor, MapcountEngine.MapcountWrong, seed);
        ShrunkFailure shrunk = ShrunkFailure.Shrink(executor, program, schedule, MapcountEngine.MapcountWrong);
        return shrunk.Program.Equals(TwoFaults)
            && shrunk.Fewest is { Preemptions: 1, IsProven: true }
            && shrunk.Fewest.Statement == "no schedule with 0 preemptions fails (2 executions)"
            && ReplaysStrictly(executor, shrunk, MapcountEngine.MapcountWrong);
    }

    [Property(MaxTest = 60)]
    public bool Another_failure_on_the_way_is_kept_but_never_slipped_onto(ulong seed)
    {
        // Both laws can break in one program: whichever is chased, the other one must not take its place.
        Executor executor = new(new MapcountEngine(defect: true));
        (Program program, Schedule schedule) = FirstFailure(executor, MapcountEngine.Oops, seed);
        ShrunkFailure shrunk = ShrunkFailure.Shrink(executor, program, schedule, MapcountEngine.Oops);
        return shrunk.Program.Equals(ZapAndOops)
            && shrunk.Fewest.Preemptions == 1
            && ReplaysStrictly(executor, shrunk, MapcountEngine.Oops)
            && shrunk.Slipped.All(slip => slip.Signature == MapcountEngine.MapcountWrong && Fails(executor, slip));
    }

    [Fact]
    public void What_was_slipped_onto_can_be_shrunk_itself()
    {
        Executor executor = new(new MapcountEngine(defect: true));
        Program wide = new(
            Language, [2], [new Call(0, 1)], [[new Call(0), new Call(1, 1)], [new Call(0), new Call(0, 1)]]);
        ReproductionTest test = new(executor, MapcountEngine.Oops, Schedule.Empty);
        Assert.False(test.Fails(wide));
        Slipped slip = Assert.Single(test.Slipped);
        Assert.Equal((MapcountEngine.MapcountWrong, wide), (slip.Signature, slip.Program));
        ShrunkFailure shrunk = ShrunkFailure.Shrink(executor, slip.Program, slip.Schedule, slip.Signature);
        Assert.Equal(TwoFaults, shrunk.Program);
    }

    [Property(MaxTest = 20)]
    public bool Shrinking_a_shrunk_failure_changes_nothing(ulong seed)
    {
        Executor executor = new(new MapcountEngine(defect: true));
        (Program program, Schedule schedule) = FirstFailure(executor, MapcountEngine.MapcountWrong, seed);
        ShrunkFailure once = ShrunkFailure.Shrink(executor, program, schedule, MapcountEngine.MapcountWrong);
        ShrunkFailure twice = ShrunkFailure.Shrink(
            executor, once.Program, once.Fewest.Schedule, MapcountEngine.MapcountWrong);
        return twice.Program.Equals(once.Program)
            && twice.Fewest == once.Fewest with { Executions = twice.Fewest.Executions };
    }

    [Fact]
    public void A_program_with_few_schedules_that_all_pass_is_judged_exactly()
    {
        Executor executor = new(new MapcountEngine(defect: true));
        ReproductionTest test = new(executor, MapcountEngine.MapcountWrong, Schedule.Empty);
        Program alone = new(Language, [1], [], [[new Call(0), new Call(1)]]);
        Assert.False(test.Fails(alone));

        // One replay and the only schedule: random executions would be a waste.
        Assert.Equal(2, test.Executions);
    }

    [Fact]
    public void A_budget_that_ends_is_said()
    {
        Executor executor = new(new MapcountEngine(defect: true));
        ReproductionTest test = new(executor, MapcountEngine.MapcountWrong, Schedule.Empty);
        Assert.True(test.Fails(TwoFaults));
        Schedule known = test.Schedule;
        FewestPreemptions fewest = FewestPreemptions.Find(test, executor, TwoFaults, executionsMax: 2);
        Assert.Equal(known, fewest.Schedule);
        Assert.Equal(
            (1, "the search for fewer than 1 preemption ended after 2 executions; "
                + "no schedule with 0 preemptions fails (2 executions)"),
            (fewest.Preemptions, fewest.Statement));
    }

    [Fact]
    public void A_schedule_under_which_nothing_fails_is_refused()
    {
        Executor executor = new(new MapcountEngine(defect: false));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => ShrunkFailure.Shrink(
            executor, TwoFaults, Schedule.Empty, MapcountEngine.MapcountWrong));
        Assert.Contains("does not fail under the schedule", error.Message, StringComparison.Ordinal);
    }

    private static (Program Program, Schedule Schedule) FirstFailure(Executor executor, Signature target, ulong seed)
    {
        Rng rng = new(seed);
        RandomScheduler random = new(rng);
        while (true)
        {
            Program program = RandomPrograms.Draw(Language, rng);
            executor.Run(program, random);
            if (executor.Engine.Verdict.Find(target) is not null)
            {
                return (program, Schedule.FromTrace(executor.Engine.Machine));
            }
        }
    }

    private static bool ReplaysStrictly(Executor executor, ShrunkFailure shrunk, Signature target)
    {
        ReplayScheduler replay = new(shrunk.Fewest.Schedule, executor.Engine.Machine.Points);
        executor.Run(shrunk.Program, replay);
        return replay.Finish(executor.Engine.Machine) is null && executor.Engine.Verdict.Find(target) is not null;
    }

    private static bool Fails(Executor executor, Slipped slip)
    {
        executor.Run(slip.Program, new ReplayScheduler(slip.Schedule, executor.Engine.Machine.Points));
        return executor.Engine.Verdict.Find(slip.Signature) is not null;
    }
}
