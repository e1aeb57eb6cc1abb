using System.Reflection;
using System.Runtime.InteropServices;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Mm;
using Mm.Routines;
using Xunit;

namespace Tests.Tidy;

public class EngineTests
{
    /// <summary>Three times what the rarest point was measured to need; it ends when all are reached.</summary>
    private const int ExecutionsMax = 1_500_000;

    /// <summary>What the excused points have to be missed by at least.</summary>
    private const int ExecutionsMin = 100_000;

    private const int SchedulesPerProgram = 12;

    /// <summary>Points that no program reaches, each with its reason.</summary>
    private static readonly Dictionary<string, string> Excused = new(StringComparer.Ordinal)
    {
        ["RemoveMappingUnfreeze"] = "no call dirties a folio without its lock once nobody maps it, as some drivers do",
    };

    /// <summary>Points that random programs reach now and then only: in so many executions perhaps not at
    /// all.</summary>
    private static readonly string[] Rare =
    [
        "KsmTestFrozen", "KsmSpinFrozen", "KsmCopySetPte", "UffdRestoreSrcPte", "UffdNoDevice", "RemlockPmdLock",
        "PopulateTouchPtl", "PopulateSetDirty", "ColdClearPmd", "ColdAgePmd",
    ];

    [Fact]
    public void Every_point_of_v6_18_is_reached_by_random_programs()
    {
        HashSet<int> wanted =
        [
            .. OwnPoints().Where(point => !Excused.ContainsKey(point.Name) && !Rare.Contains(point.Name))
                .Select(point => (int)point.Id),
        ];
        HashSet<int> reached = [];
        Executor executor = new(new MmEngine());
        Rng rng = new(1);
        Portfolio portfolio = new(rng);
        ProgramSource source = new();
        for (int done = 0;
            done < ExecutionsMin || (done < ExecutionsMax && wanted.Count > 0);
            done += SchedulesPerProgram)
        {
            Program program = source.Fresh(rng);
            portfolio.NewProgram();
            for (int i = 0; i < SchedulesPerProgram; i++)
            {
                executor.Run(program, portfolio.For(i));
                foreach (TraceStep step in executor.Engine.Machine.Trace)
                {
                    reached.Add(step.Point);
                    wanted.Remove(step.Point);
                }
            }
        }

        string[] missed = [.. OwnPoints().Where(point => !reached.Contains(point.Id)).Select(point => point.Name)];
        string unreached = string.Join(' ', missed.Except(Excused.Keys).Except(Rare).Order(StringComparer.Ordinal));
        string reachedAfterAll = string.Join(' ', Excused.Keys.Except(missed).Order(StringComparer.Ordinal));
        Assert.True(unreached.Length == 0, $"never reached: {unreached}");
        Assert.True(reachedAfterAll.Length == 0, $"reached after all: {reachedAfterAll}");
    }

    [Fact]
    public void Every_point_has_a_name_of_its_own_and_says_whose_step_it_is()
    {
        Points.DefineAll();
        Point[] points = [.. Points.Table.All.Where(point => point != Points.Table.Start)];
        Assert.Equal(points.Length, points.Select(point => point.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(points, point => Assert.Matches("^([A-Z][a-z0-9]*)+$", point.Name));
        Assert.All(points, point => Assert.NotEmpty(point.Function));
        Assert.All(points, point => Assert.NotEqual(Access.None, point.Access));
    }

    [Fact]
    public void Every_call_is_documented()
    {
        Assert.Equal(
            MmLanguage.Instance.Calls.Select(call => call.Name),
            Enum.GetNames<MmCall>().Select(name => name.ToLowerInvariant()));
        Assert.All(MmLanguage.Instance.Calls, call => Assert.Contains(call.Family, MmLanguage.Families));
        Assert.All(MmLanguage.Instance.Calls, call => Assert.NotEmpty(call.Summary));

        // Only a device's access is no entry into the kernel.
        Assert.Equal(
            ["dma"], MmLanguage.Instance.Calls.Where(call => call.Entry.Length == 0).Select(call => call.Name));
    }

    [Fact]
    public void The_same_program_and_choices_give_the_same_steps_whatever_ran_before()
    {
        MmEngine second = new();
        DeterminismCheck check = new(new MmEngine(), second);
        Executor between = new(second);
        Rng rng = new(3);
        ProgramSource source = new();
        for (ulong i = 0; i < 300; i++)
        {
            Program program = source.Fresh(rng);
            between.Run(source.Fresh(rng), new RandomScheduler(rng));
            ulong seed = i;
            Divergence? divergence = check.Run(program, () => new RandomScheduler(new Rng(seed)));
            Assert.True(divergence is null, $"{divergence}\n{ProgramText.Print(program)}");
        }
    }

    [Fact]
    public void Two_engines_leave_byte_identical_traces()
    {
        Program program = new ProgramSource().Fresh(new Rng(5));
        byte[][] traces = new byte[2][];
        for (int i = 0; i < traces.Length; i++)
        {
            Executor executor = new(new MmEngine());
            executor.Run(program, new PctScheduler(3, new Rng(1)));
            traces[i] = MemoryMarshal.AsBytes(executor.Engine.Machine.Trace).ToArray();
        }

        Assert.NotEmpty(traces[0]);
        Assert.Equal(traces[0], traces[1]);
    }

    [Fact]
    public void A_variant_does_go_apart_from_v6_18_and_the_check_says_where()
    {
        // The variant has one step more: the store of the flags word, which v6.18 leaves out.
        DeterminismCheck check = new(new MmEngine(), new MmEngine("non-atomic-swapbacked"));
        Divergence? divergence = check.Run(
            ProgramText.Parse(
                MmLanguage.Instance, "shape device sync\nsetup write mm0 p0\n pageout mm0 p0\ncpu0 read mm0 p0"),
            () => new RandomScheduler(new Rng(1)));
        Assert.NotNull(divergence);
        Assert.Contains("cpu0 took RmapNewWriteFlags", divergence.Second, StringComparison.Ordinal);
        Assert.DoesNotContain("RmapNewWriteFlags", divergence.First, StringComparison.Ordinal);
    }

    /// <summary>The points that are declared in the text of v6.18 rather than in its history.</summary>
    private static IEnumerable<Point> OwnPoints()
    {
        Points.DefineAll();
        const BindingFlags Fields = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic
            | BindingFlags.DeclaredOnly;
        HashSet<Point> historic = [.. typeof(Routine).Assembly.GetTypes()
            .Where(type => type.Namespace == "Mm.History")
            .SelectMany(type => type.GetFields(Fields))
            .Where(field => field.FieldType == typeof(Point)).Select(field => (Point)field.GetValue(null)!)];
        return Points.Table.All.Where(point => point != Points.Table.Start && !historic.Contains(point));
    }
}
