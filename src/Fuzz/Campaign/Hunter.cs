using System.Diagnostics;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>When a hunt gives up.</summary>
/// <param name="ExecutionsMax">After so many executions.</param>
/// <param name="SecondsMax">After so much time.</param>
/// <param name="AftermathExecutions">Executions of the program that failed, to see what becomes of it.</param>
/// <param name="Feedback">What it learns from.</param>
/// <param name="Schedules">Makes another portfolio than the one for campaigns.</param>
public sealed record HuntOptions(
    long ExecutionsMax = long.MaxValue, double SecondsMax = 60, int AftermathExecutions = 0,
    Feedback Feedback = Feedback.All, Func<Rng, Portfolio>? Schedules = null);

/// <summary>A failure as it was met.</summary>
/// <param name="Program">The program.</param>
/// <param name="Schedule">The schedule.</param>
/// <param name="Violation">What was broken.</param>
public sealed record Find(Program Program, Schedule Schedule, Violation Violation);

/// <summary>What a hunt came to.</summary>
/// <param name="Story">What was hunted.</param>
/// <param name="Executions">Executions until it was found or given up.</param>
/// <param name="Seconds">Time until then, generation included.</param>
/// <param name="Find">The failure, or null.</param>
/// <param name="Aftermath">What became of the program's other executions, and of this one.</param>
public sealed record HuntResult(Story Story, long Executions, double Seconds, Find? Find, Aftermath Aftermath)
{
    /// <summary>Whether it was found.</summary>
    public bool Found => Find is not null;
}

/// <summary>Looks for one known defect blind: default generators, default schedulers, nothing that depends on the
/// story.</summary>
/// <remarks>The story only says which kernel runs and which broken law ends the hunt.</remarks>
public sealed class Hunter : IExplorationListener
{
    private readonly Story story;
    private readonly HuntOptions options;
    private readonly CancellationToken cancel;
    private readonly Exploration exploration;
    private readonly long start = Stopwatch.GetTimestamp();
    private Find? find;

    private Hunter(
        Story story, IProgramSource source, ulong seed, HuntOptions options, CancellationToken cancel)
    {
        this.story = story;
        this.options = options;
        this.cancel = cancel;
        exploration = new Exploration(new MmEngine(story.Variants), source, seed, options.Feedback, options.Schedules);
    }

    /// <inheritdoc />
    bool IExplorationListener.MayGoOn => find is null && exploration.Executions < options.ExecutionsMax;

    private double Seconds => Stopwatch.GetElapsedTime(start).TotalSeconds;

    /// <summary>Hunts one story on the calling thread.</summary>
    public static HuntResult Hunt(
        Story story, IProgramSource source, ulong seed, HuntOptions options, CancellationToken cancel) =>
        new Hunter(story, source, seed, options, cancel).Run();

    /// <inheritdoc />
    bool IExplorationListener.OnFailure(Program program)
    {
        IEngine engine = exploration.Executor.Engine;
        if (engine.Verdict.Violations.FirstOrDefault(story.Matches) is { } violation)
        {
            find = new Find(program, Schedule.FromTrace(engine.Machine), violation);
        }

        // What failed in the setup fails under each schedule.
        return engine.Machine.Steps > 0;
    }

    private HuntResult Run()
    {
        while (find is null && exploration.Executions < options.ExecutionsMax && !cancel.IsCancellationRequested
            && Seconds < options.SecondsMax)
        {
            exploration.Next(this);
        }

        (long executions, double seconds) = (exploration.Executions, Seconds);
        Aftermath aftermath = new();
        if (find is not null)
        {
            exploration.Follow(find.Program, aftermath, options.AftermathExecutions);
        }

        return new HuntResult(story, executions, seconds, find, aftermath);
    }
}
