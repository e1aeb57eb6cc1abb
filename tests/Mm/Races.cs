using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Xunit;

namespace Tests.Mm;

/// <summary>Statements about all interleavings of a program, within a number of preemptions.</summary>
internal static class Races
{
    /// <summary>Ten times what the longest search here takes: a race that needs more has become another one.</summary>
    private const long ExecutionsMax = 200_000;

    /// <summary>No schedule with at most so many preemptions breaks any law of v6.18, with fixes of what it has
    /// wrong; each kind of call of the lanes finds something to do in some of them.</summary>
    public static void Safe(string text, int preemptions, params string[] fixes)
    {
        Program program = ProgramText.Parse(MmLanguage.Instance, text);
        Executor executor = new(new MmEngine(fixes));
        SearchResult result = ExhaustiveSearch.Within(
            search => executor.Run(program, search), preemptions, ExecutionsMax);
        if (result is Found)
        {
            Assert.Fail($"{Describe(executor.Engine)}\n{ProgramText.Print(program)}");
        }

        Assert.True(
            result is Complete || result is Bounded bounded && bounded.Preemptions == preemptions,
            $"the search did not end within {ExecutionsMax} executions");
        AssertNotIdle(program, executor, result.Executions);
    }

    /// <summary>The variant breaks the law under some schedule, which fails in the same way when it is replayed, step
    /// by step; v6.18 passes all schedules with as many preemptions.</summary>
    public static void Fails(string text, string with, string law, params string[] fixes) =>
        Safe(text, Shows(text, with, law, fixes), fixes);

    /// <summary>The variant breaks the law under some schedule, which fails in the same way when it is replayed, step
    /// by step.</summary>
    /// <returns>Preemptions of that schedule.</returns>
    public static int Shows(string text, string with, string law, params string[] fixes)
    {
        Program program = ProgramText.Parse(MmLanguage.Instance, text);
        MmEngine engine = new([with, .. fixes]);
        Executor executor = new(engine);
        SearchResult result = ExhaustiveSearch.Ascending(
            search => executor.Run(program, search) || !engine.Verdict.Violations.Any(Is), 4, ExecutionsMax);
        Found found = Assert.IsType<Found>(result);
        Violation seen = engine.Verdict.Violations.First(Is);
        TraceStep[] trace = engine.Machine.Trace.ToArray();

        MmEngine other = new([with, .. fixes]);
        ReplayScheduler replay = new(Schedule.FromTrace(engine.Machine), other.Machine.Points);
        new Executor(other).Run(program, replay);
        Assert.Null(replay.Finish(other.Machine));
        Assert.Equal(seen, other.Verdict.Find(seen.Signature));
        Assert.Equal(trace, other.Machine.Trace.ToArray());

        return found.Preemptions;

        bool Is(Violation violation) => $"{violation.Signature.Oracle}: {violation.Signature.Law}".StartsWith(
            law, StringComparison.Ordinal);
    }

    /// <summary>A race in which nobody does anything is safe, too, and says nothing.</summary>
    private static void AssertNotIdle(Program program, Executor executor, long executions)
    {
        foreach (IGrouping<byte, Call> kind in program.Cpus.SelectMany(lane => lane).GroupBy(call => call.Kind))
        {
            long bySetup = executions * program.Setup.Count(call => call.Kind == kind.Key);
            Assert.True(
                executor.CallCounts[kind.Key, 0] > bySetup,
                $"'{program.Language.Calls[kind.Key].Name}' never found anything to do");
        }
    }

    private static string Describe(IEngine engine) => string.Join(
        '\n',
        engine.Verdict.Violations.Select(v => $"{v.Signature} at step {v.Step}: {v.Detail}")
            .Append(Schedule.FromTrace(engine.Machine).ToString()));
}
