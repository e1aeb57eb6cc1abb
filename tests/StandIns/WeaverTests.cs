using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Generators;
using Interleave;
using SharpFuzz;
using SharpFuzz.Common;
using Tests.Defects;
using Xunit;

namespace Tests.StandIns;

/// <summary>What a woven engine does, in a copy of the program that all of these share.</summary>
public sealed class WeaverTests : IClassFixture<WeaverTests.WovenEngine>
{
    private const BindingFlags Everything = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.Public | BindingFlags.NonPublic;

    private readonly WovenContext engine;

    public WeaverTests(WovenEngine engine) => this.engine = engine.Context;

    [Fact]
    public void What_was_woven_is_named_in_order()
    {
        Assert.Contains("Mm.Routines.SwapIn", engine.Types);
        Assert.Contains("Mm.History.LateMemcgLock", engine.Types);
        Assert.DoesNotContain(engine.Types, type => type.StartsWith("Mm.State", StringComparison.Ordinal));
        Assert.Equal(engine.Types.Order(StringComparer.Ordinal), engine.Types);
    }

    [Fact]
    public void Every_woven_method_is_compiled()
    {
        int methods = 0;
        Type[] types = engine.Copy(typeof(global::Mm.Points).Assembly).GetTypes();
        foreach (Type type in types.Where(type => !type.IsGenericType))
        {
            foreach (MethodBase method in type.GetMethods(Everything).Cast<MethodBase>()
                .Concat(type.GetConstructors(Everything)))
            {
                if (!method.IsAbstract && !method.IsGenericMethod)
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                    methods++;
                }
            }
        }

        Assert.InRange(methods, 1000, int.MaxValue);
    }

    [Fact]
    public void Woven_programs_of_the_corpus_leave_the_traces_of_plain_ones() =>
        Assert.Equal(CorpusTraces(CorpusFolder.Root), engine.Call<byte[][]>(CorpusTraces, CorpusFolder.Root));

    [Fact]
    public void Woven_random_programs_leave_the_traces_of_plain_ones() =>
        Assert.Equal(RandomTraces(60), engine.Call<byte[][]>(RandomTraces, 60));

    [Fact]
    public void Another_interleaving_of_a_program_takes_other_edges()
    {
        byte[][] maps = engine.Call<byte[][]>(EdgesOfInterleavings);
        Assert.NotEqual(maps[0], maps[1]);
        Assert.Equal(maps[0], maps[2]);
    }

    [Fact]
    public void Edges_are_new_once_and_rare_until_so_many_executions_took_them() =>
        Assert.Equal(
            "2 0 1 | 3 edges, one taken 2 times | 3 0 | notable 1 2 4 8 16 32 64 128 | 0",
            engine.Call<string>(CountEdges));

    [Fact]
    public void What_test_cases_show_together_is_the_same_in_a_fresh_process()
    {
        using WovenContext cold = new(typeof(global::Mm.Points).Assembly, "Mm.Routines", "Mm.History");
        int[] features = cold.Call<int[]>(CountFeaturesTwice);
        Assert.InRange(features[0], 1000, int.MaxValue);
        Assert.Equal(features[0], features[1]);
    }

    [Fact]
    public void A_plain_engine_has_no_edges()
    {
        Assert.False(EdgeMap.IsWoven);
        EdgeMap map = new();
        EdgeMap.Begin();
        new Executor(new MmEngine()).Run(Pair(), new RandomScheduler(new Rng(1)));
        Assert.Equal(0, map.Add());
        Assert.True(engine.Call<bool>(IsWoven));
    }

    internal static byte[][] CorpusTraces(string root)
    {
        List<byte[]> traces = [];
        string[] files = Directory.GetFiles(
            Path.Combine(root, "corpus"), "*.reproducer", SearchOption.AllDirectories);
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            Reproducer reproducer = Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(file), file);
            Executor executor = new(new MmEngine(reproducer.Variants));
            PointTable points = executor.Engine.Machine.Points;
            executor.Run(reproducer.Program, new ReplayScheduler(reproducer.Schedule, points, strict: false));
            traces.Add(TraceOf(executor));
        }

        return [.. traces];
    }

    internal static byte[][] RandomTraces(int count)
    {
        Executor executor = new(new MmEngine());
        Rng rng = new(7);
        ProgramSource source = new();
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            executor.Run(source.Fresh(rng), new PctScheduler(3, rng));
            return TraceOf(executor);
        })];
    }

    internal static byte[][] EdgesOfInterleavings()
    {
        Executor executor = new(new MmEngine());
        PointTable points = executor.Engine.Machine.Points;
        string[] ends = ["done", "UnmapPtl", "done", "UnmapPtl", "done"];
        byte[][] maps = [.. ends.Select(end => EdgesOf(executor, Pair(), new ReplayScheduler(
            ScheduleText.Parse($"schedule cpu0 until {end}; cpu1 until done"), points, strict: false)))];
        return maps[2..]; // Caches are warm by then: not every weaver leaves out what happens once.
    }

    internal static int[] CountFeaturesTwice()
    {
        Rng rng = new(5);
        ProgramSource source = new();
        TestCase[] testCases = [.. Enumerable.Range(0, 10)
            .Select(_ => new TestCase(source.Fresh(rng), Schedule.Empty))];
        return [.. Enumerable.Range(0, 2).Select(_ =>
        {
            CorpusMinimum minimum = new(new MmEngine(), Feedback.Edges);
            Array.ForEach(testCases, minimum.Add);
            return minimum.Features;
        })];
    }

    internal static bool IsWoven() => EdgeMap.IsWoven;

    internal static unsafe string CountEdges()
    {
        EdgeMap map = new();
        List<Feature> notable = [];
        int Add(params (int Edge, byte Count)[] cells)
        {
            EdgeMap.Begin();
            foreach ((int edge, byte count) in cells)
            {
                Trace.SharedMem[edge] = count;
            }

            notable.Clear();
            return map.Add(notable);
        }

        int[] added = [Add((0, 1), (65535, 4)), Add((65535, 7)), Add((31, 255))];
        string counts = $"{map.Count} edges, one taken {map.Times(new Feature(Feedback.Edges, 65535))} times";
        EdgeMap other = new();
        string merged = $"{other.Add(map)} {other.Add(map)}";
        int[] times = [.. Enumerable.Range(1, 300).Where(_ => Add((7, 1)) >= 0 && notable.Count > 0)];
        map.Clear();
        EdgeMap.Begin();
        string told = $"notable {string.Join(' ', times)}";
        return $"{string.Join(' ', added)} | {counts} | {merged} | {told} | {map.Add() + map.Count}";
    }

    internal static unsafe byte[] EdgesOf(Executor executor, Program program, IScheduler scheduler)
    {
        EdgeMap.Begin();
        executor.Run(program, scheduler);
        return new ReadOnlySpan<byte>(Trace.SharedMem, EdgeMap.Size).ToArray();
    }

    private static Program Pair() =>
        ProgramText.Parse(MmLanguage.Instance, "setup write mm0 p0\ncpu0 pageout mm0 p0\ncpu1 write mm0 p0");

    private static byte[] TraceOf(Executor executor) =>
        MemoryMarshal.AsBytes(executor.Engine.Machine.Trace).ToArray();

    public sealed class WovenEngine : IDisposable
    {
        internal WovenContext Context { get; } = new(
            typeof(global::Mm.Points).Assembly, "Mm.Routines", "Mm.History");

        public void Dispose() => Context.Dispose();
    }
}
