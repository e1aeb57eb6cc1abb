using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Execution;

/// <summary>Runs test cases, and so says what they mean, whoever asks: a fuzz target, a worker that imports, a
/// tool.</summary>
/// <remarks>
/// <para>A test case whose turns leave something open is worth up to <see cref="ExecutionsMax"/> executions: the turns,
/// followed leniently, then <see cref="TestCase.Rest"/> with the random numbers that come next. PCT learns from the
/// first one where preempting can matter. So what a test case does depends on the test case and the engine
/// alone.</para>
/// <code>
/// runner.Begin(testCase);
/// while (runner.Next())
///     look at executor.Engine: verdict, trace
/// </code>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed class TestCaseRunner
{
    /// <summary>Most executions of one test case.</summary>
    public const int ExecutionsMax = 4;

    private readonly Executor executor;
    private readonly Contention contention = new();
    private readonly Rng rng = new(0);
    private readonly IScheduler[] byDepth;
    private TestCase testCase = null!;
    private ReplayScheduler scheduler = null!;
    private int executions;

    /// <summary>A runner on an executor, which others may use in between.</summary>
    public TestCaseRunner(Executor executor)
    {
        this.executor = executor;
        byDepth = Portfolio.ByDepth(rng, contention);
    }

    private Machine Machine => executor.Engine.Machine;

    /// <summary>How a test case goes on after its turns: as it says, or else as a hash of its own bytes does, so that
    /// whoever changes anything in it gets another interleaving, too.</summary>
    public static Rest RestOf(TestCase testCase, PointTable points)
    {
        if (testCase.Rest is { } given)
        {
            return given;
        }

        Rng random = new(Fnv.Hash(TestCaseBinary.Encode(points, testCase)));
        return new Rest(Portfolio.Depths[random.Next(Portfolio.Depths.Length)], (uint)random.NextUInt64());
    }

    /// <summary>Another test case.</summary>
    public void Begin(TestCase testCase)
    {
        this.testCase = testCase;
        Rest rest = RestOf(testCase, Machine.Points);
        rng.Reseed(rest.Seed);
        contention.NewProgram();
        scheduler = new ReplayScheduler(
            testCase.Schedule, Machine.Points, strict: false, byDepth[Math.Clamp(rest.Depth, 0, Rest.DepthMax)]);
        executions = 0;
    }

    /// <summary>Runs it once more, unless that would show nothing.</summary>
    /// <returns>Whether it ran. The verdict and the trace are the engine's.</returns>
    public bool Next()
    {
        if (executions == ExecutionsMax || (executions > 0 && (executor.Engine.Verdict.Any || IsSettled())))
        {
            return false;
        }

        executor.Run(testCase.Program, scheduler);
        executions++;
        return true;
    }

    /// <summary>Whether another execution would be like the first: the turns told it all, or what came after them is
    /// nothing that two lanes share.</summary>
    private bool IsSettled()
    {
        ReadOnlySpan<TraceStep> trace = Machine.Trace;
        if (executions == 1)
        {
            contention.Learn(trace[Math.Min(scheduler.Followed, trace.Length)..]);
        }

        return contention.Places == 0;
    }
}
