using System.Runtime.InteropServices;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Xunit;

namespace Tests.Schedules;

public class TestCaseRunnerTests
{
    private static readonly Language Language = MmLanguage.Instance;

    [Fact]
    public void A_test_case_does_the_same_whatever_ran_before()
    {
        Executor fresh = new(new MmEngine());
        Executor used = new(new MmEngine());
        TestCaseRunner onUsed = new(used);
        int several = 0;
        foreach (TestCase testCase in Random(60))
        {
            List<byte[]> expected = TracesOf(new TestCaseRunner(fresh), fresh, testCase);
            Assert.Equal(expected, TracesOf(onUsed, used, testCase));
            several += expected.Count > 1 ? 1 : 0;
        }

        Assert.InRange(several, 10, 60);
    }

    [Fact]
    public void A_test_case_of_a_whole_execution_is_that_execution_alone()
    {
        Executor executor = new(new MmEngine());
        Rng rng = new(1);
        ProgramSource source = new();
        TestCaseRunner runner = new(executor);
        for (int i = 0; i < 60; i++)
        {
            Program program = source.Fresh(rng);
            executor.Run(program, new RandomScheduler(rng));
            byte[] trace = TraceOf(executor);
            TestCase testCase = new(program, Schedule.FromTrace(executor.Engine.Machine));
            Assert.Equal([trace], TracesOf(runner, executor, testCase));
        }
    }

    [Fact]
    public void Whatever_changes_in_a_test_case_changes_its_rest()
    {
        PointTable points = new MmEngine().Machine.Points;
        byte[] bytes = new byte[ProgramBinary.HeaderLength(Language) + 2 * ProgramBinary.RecordLength];
        Rest before = RestOf(points, bytes);
        bytes[MmLanguage.Device] = 1;
        Assert.NotEqual(before.Seed, RestOf(points, bytes).Seed);
        Assert.Equal(new Rest(3, 7), RestOf(points, [.. bytes, 6, 3, 0, 0, 0, 7]));
    }

    [Fact]
    public void An_execution_that_fails_is_the_last()
    {
        Executor executor = new(new MmEngine("no-swapcache-pin"));
        TestCaseRunner runner = new(executor);
        Program program = ProgramText.Parse(
            Language,
            "shape device sync\nsetup write mm0 p0\n pageout mm0 p0\ncpu0 read mm0 p0\n"
            + "cpu1 read mm0 p0\n pageout mm0 p0");
        int failed = 0;
        for (uint seed = 0; seed < 300; seed++)
        {
            runner.Begin(new TestCase(program, Schedule.Empty, new Rest(3, seed)));
            int executions = 0;
            bool broken = false;
            while (runner.Next())
            {
                Assert.False(broken);
                broken = executor.Engine.Verdict.Any;
                executions++;
            }

            Assert.True(broken || executions == TestCaseRunner.ExecutionsMax);
            failed += broken ? 1 : 0;
        }

        Assert.InRange(failed, 1, 299);
    }

    private static Rest RestOf(PointTable points, byte[] bytes) =>
        TestCaseRunner.RestOf(TestCaseBinary.Decode(Language, points, bytes), points);

    private static IEnumerable<TestCase> Random(int count)
    {
        PointTable points = new MmEngine().Machine.Points;
        Rng rng = new(5);
        ProgramSource source = new();
        for (int i = 0; i < count; i++)
        {
            byte[] turns = new byte[rng.Next(4) * ProgramBinary.RecordLength];
            Array.Fill(turns, (byte)(7 * rng.Next(30) + 5));
            byte[] program = ProgramBinary.Encode(source.Fresh(rng));
            yield return TestCaseBinary.Decode(Language, points, [.. program, .. turns]);
        }
    }

    private static List<byte[]> TracesOf(TestCaseRunner runner, Executor executor, TestCase testCase)
    {
        List<byte[]> traces = [];
        runner.Begin(testCase);
        while (runner.Next())
        {
            traces.Add(TraceOf(executor));
        }

        return traces;
    }

    private static byte[] TraceOf(Executor executor) =>
        MemoryMarshal.AsBytes(executor.Engine.Machine.Trace).ToArray();
}
