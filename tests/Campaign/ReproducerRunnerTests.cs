using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Xunit;

namespace Tests.Campaign;

public class ReproducerRunnerTests
{
    [Fact]
    public void A_reproducer_fails_with_its_variant_every_time()
    {
        Reproducer reproducer = Failures.Parse();
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
        Assert.Equal((1000, new Replay(ReplayEnd.Fails)), runner.Run(1000, ReplayEnd.Fails));
    }

    [Fact]
    public void It_passes_without_the_variant_every_time()
    {
        ReproducerRunner runner = new(Failures.Parse(), new MmEngine(), strict: false);
        Assert.Equal((1000, new Replay(ReplayEnd.Passes)), runner.Run(1000, ReplayEnd.Passes));
    }

    [Fact]
    public void A_reproducer_of_another_engine_drifts_with_step_expected_and_actual()
    {
        Reproducer reproducer = Failures.Drifting();
        Replay replay = new ReproducerRunner(reproducer, new MmEngine(reproducer.Variants), strict: true).Run();

        Assert.Equal(ReplayEnd.Drifts, replay.End);
        Assert.Equal(2, replay.Drift!.Turn);
        Assert.Equal("cpu0 until done", replay.Drift.Expected);
        Assert.Equal("cpu0 blocked at FolioSleepForBit", replay.Drift.Actual);
        Assert.True(replay.Drift.Step > 0);
    }

    [Fact]
    public void Another_failure_than_the_one_it_names_is_said_to_be_another_one()
    {
        Reproducer reproducer = Failures.Parse(
            Failures.LostWaiters.Replace("PG_waiters lost", "PG_lru lost", StringComparison.Ordinal));
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);

        Assert.Equal((0, new Replay(ReplayEnd.FailsOtherwise)), runner.Run(10, ReplayEnd.Fails));
        Assert.Equal("PG_waiters lost", runner.Capture().Main!.Signature.Law);
    }
}
