using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>What came of replaying a reproducer once.</summary>
public enum ReplayEnd
{
    /// <summary>The violation that it names was seen.</summary>
    Fails,

    /// <summary>Something else was broken, and that only.</summary>
    FailsOtherwise,

    /// <summary>Nothing was broken.</summary>
    Passes,

    /// <summary>The engine left the schedule; nothing can be said.</summary>
    Drifts,
}

/// <summary>What came of replaying a reproducer once, and where it left the schedule, if it did.</summary>
/// <param name="End">What came of it.</param>
/// <param name="Drift">Set with <see cref="ReplayEnd.Drifts"/>.</param>
public sealed record Replay(ReplayEnd End, Drift? Drift = null);

/// <summary>Replays one reproducer on one engine, any number of times.</summary>
/// <remarks>Strict for the engine it was made on: every turn must begin and end as written. Lenient for another one
/// (without
/// the variants, say): that takes other ways through its code, so the schedule is only followed where it can
/// be.</remarks>
public sealed class ReproducerRunner
{
    private readonly Executor executor;
    private readonly ReplayScheduler scheduler;

    /// <summary>A runner.</summary>
    /// <param name="reproducer">What is replayed.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="strict">Whether to stop at the first drift.</param>
    /// <exception cref="InputException">Strict, and the schedule names a point that does not exist.</exception>
    public ReproducerRunner(Reproducer reproducer, IEngine engine, bool strict)
    {
        Reproducer = reproducer;
        Engine = engine;
        executor = new Executor(engine);
        scheduler = new ReplayScheduler(reproducer.Schedule, engine.Machine.Points, strict);
    }

    /// <summary>What is replayed.</summary>
    public Reproducer Reproducer { get; }

    /// <summary>The engine, which remembers the last replay.</summary>
    public IEngine Engine { get; }

    /// <summary>Replays once. A lenient replay never drifts.</summary>
    /// <param name="recorder">Looks at the engine after each step, if there is one.</param>
    public Replay Run(StepRecorder? recorder = null)
    {
        recorder?.Precede(scheduler, executor);
        executor.Run(Reproducer.Program, recorder ?? (IScheduler)scheduler, recorder);
        Drift? drift = scheduler.Finish(Engine.Machine);
        if (Engine.Verdict.Find(Reproducer.Violates) is not null && drift is null)
        {
            return new Replay(ReplayEnd.Fails);
        }

        if (drift is not null)
        {
            return new Replay(ReplayEnd.Drifts, drift);
        }

        return new Replay(Engine.Verdict.Any ? ReplayEnd.FailsOtherwise : ReplayEnd.Passes);
    }

    /// <summary>Replays so many times; stops at the first that is not as <paramref name="expected"/>.</summary>
    /// <returns>How many were, and the last replay.</returns>
    public (long Count, Replay Last) Run(long times, ReplayEnd expected)
    {
        Replay last = new(expected);
        for (long i = 0; i < times; i++)
        {
            last = Run();
            if (last.End != expected)
            {
                return (i, last);
            }
        }

        return (times, last);
    }

    /// <summary>Takes down the last replay.</summary>
    public Incident Capture() => Incident.Capture(Reproducer, Engine);
}
