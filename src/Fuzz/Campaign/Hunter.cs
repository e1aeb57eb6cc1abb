using System.Diagnostics;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>When a hunt gives up.</summary>
/// <param name="ExecutionsMax">After so many executions.</param>
/// <param name="SecondsMax">After so much time.</param>
/// <param name="AftermathExecutions">Executions of the program that failed, to see what becomes of it.</param>
public sealed record HuntOptions(
    long ExecutionsMax = long.MaxValue, double SecondsMax = 60, int AftermathExecutions = 0);

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
public static class Hunter
{
    /// <summary>Hunts one story on the calling thread.</summary>
    public static HuntResult Hunt(
        Story story, IProgramSource source, ulong seed, HuntOptions options, CancellationToken cancel)
    {
        MmEngine engine = new(story.Variants);
        Executor executor = new(engine);
        Rng rng = new(seed);
        Portfolio portfolio = new(rng);
        long executions = 0;
        long start = Stopwatch.GetTimestamp();
        while (executions < options.ExecutionsMax && !cancel.IsCancellationRequested
            && Stopwatch.GetElapsedTime(start).TotalSeconds < options.SecondsMax)
        {
            Program program = source.Fresh(rng);
            portfolio.NewProgram();
            for (int i = 0; portfolio.Wants(i, engine.Machine); i++)
            {
                executions++;
                if (executor.Run(program, portfolio.For(i)))
                {
                    continue;
                }

                Violation? violation = engine.Verdict.Violations.FirstOrDefault(story.Matches);
                if (violation is not null)
                {
                    Find find = new(program, Schedule.FromTrace(engine.Machine), violation);
                    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    Aftermath aftermath = Follow(executor, program, portfolio, options.AftermathExecutions);
                    return new HuntResult(story, executions, seconds, find, aftermath);
                }

                if (engine.Machine.Steps == 0)
                {
                    // It failed in the setup, which no schedule changes.
                    break;
                }
            }
        }

        return new HuntResult(
            story, executions, Stopwatch.GetElapsedTime(start).TotalSeconds, null, new Aftermath());
    }

    /// <summary>Counts the execution that failed, then some more of the same program.</summary>
    private static Aftermath Follow(Executor executor, Program program, Portfolio portfolio, int executions)
    {
        Aftermath aftermath = new();
        aftermath.Add(executor.Engine.Verdict);
        for (int i = 0; i < executions; i++)
        {
            executor.Run(program, portfolio.For(i));
            aftermath.Add(executor.Engine.Verdict);
        }

        return aftermath;
    }
}
