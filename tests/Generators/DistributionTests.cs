using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Xunit;

namespace Tests.Generators;

/// <summary>Goal: the default generators reach everything, and waste little. Method: 5,000 programs of one seed are
/// each run once and counted. In brackets is what was measured; the bounds leave room for another seed and a little
/// tuning.</summary>
public class DistributionTests
{
    private const int Drawn = 5000;

    private static readonly Lazy<Drawing> Drawings = new(Draw);

    public static TheoryData<MmCall> Kinds => [.. Enum.GetValues<MmCall>()];

    private static Statistics Counted => Drawings.Value.Statistics;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_call_is_in_many_of_the_programs(MmCall kind)
    {
        // [6.5 (exit) to 92 (write), swapon 1.4; of a topic 0.8 (softoffline) to 9]
        double least = Taste.TopicOf(kind) != Topic.Core ? 0.005 : kind == MmCall.Swapon ? 0.01 : 0.03;
        Assert.True(
            Counted.Calls[(int)kind].Programs >= least * Drawn, $"{Counted.Calls[(int)kind].Programs} programs");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_call_finds_something_to_do(MmCall kind)
    {
        // [6 times (unmerge), of which few families have a use, 30 (age), 35 (compact)]
        long effective = Counted.Calls[(int)kind].Effective;
        Assert.True(effective >= 4, $"{kind} found something to do {effective} times");
    }

    [Fact]
    public void Most_calls_find_something_to_do() => Assert.InRange(Counted.NoOpShare, 0.05, 0.35); // [0.22]

    [Fact]
    public void Two_cpus_are_the_rule_and_one_to_four_occur()
    {
        double[] shares = [.. Counted.ByCpus.Select(programs => (double)programs / Drawn)];
        Assert.Equal(0, shares[0]);
        Assert.InRange(shares[1], 0.02, 0.10); // [0.04]
        Assert.InRange(shares[2], 0.42, 0.65); // [0.50]
        Assert.InRange(shares[3], 0.22, 0.40); // [0.31]
        Assert.InRange(shares[4], 0.07, 0.25); // [0.14]
    }

    [Fact]
    public void Setups_and_lanes_are_short()
    {
        Assert.InRange(Statistics.Mean(Counted.BySetup), 3, 6); // [4.2]
        Assert.InRange(Statistics.Mean(Counted.ByCalls), 3, 6); // [4.2]
    }

    [Fact]
    public void Every_value_of_the_shape_occurs()
    {
        // More of them than are run: a family of programs has one shape.
        ProgramSource source = new();
        Rng rng = new(1);
        Program[] programs = [.. Enumerable.Range(0, 4 * Drawn).Select(_ => source.Fresh(rng))];
        Assert.All(
            MmLanguage.Instance.Shape.Select((field, i) => (field, i)),
            shape => Assert.All(
                Enumerable.Range(shape.field.Min, shape.field.Max - shape.field.Min + 1).Except(Unused(shape.i)),
                value => Assert.Contains(programs, program => program.Shape[shape.i] == value)));
    }

    [Fact]
    public void Many_programs_begin_with_a_swapped_page_a_shared_page_or_both()
    {
        Assert.InRange(Drawings.Value.Swapped / (double)Drawn, 0.18, 0.60); // [0.28]
        Assert.InRange(Drawings.Value.Shared / (double)Drawn, 0.15, 0.60); // [0.26]
        Assert.InRange(Drawings.Value.SwappedAndShared / (double)Drawn, 0.05, 0.40); // [0.10]
    }

    [Fact]
    public void Programs_differ() =>
        Assert.True(Drawings.Value.Programs.Distinct().Count() > 0.95 * Drawn); // [0.999]

    [Fact]
    public void The_same_seed_draws_the_same_programs()
    {
        ProgramSource first = new();
        ProgramSource second = new();
        Rng one = new(7);
        Rng other = new(7);
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(first.Fresh(one), second.Fresh(other)));
    }

    [Fact]
    public void Another_seed_draws_others() =>
        Assert.NotEqual(
            Enumerable.Range(0, 10).Select(_ => new ProgramSource().Fresh(new Rng(1))),
            Enumerable.Range(0, 10).Select(_ => new ProgramSource().Fresh(new Rng(2))));

    /// <summary>Slots: the generator draws 1, 2, 3 or 6: scarce, just enough, plenty.</summary>
    private static int[] Unused(int field) => field == MmLanguage.Slots ? [4, 5] : [];

    private static Drawing Draw()
    {
        MmEngine engine = new();
        Executor executor = new(engine);
        Rng rng = new(1);
        RandomScheduler scheduler = new(new Rng(2));
        ProgramSource source = new();
        Drawing drawing = new();
        for (int i = 0; i < Drawn; i++)
        {
            Program program = source.Fresh(rng);
            drawing.Statistics.Add(program);
            drawing.Programs[i] = program;
            executor.Run(program, scheduler);
        }

        drawing.Statistics.Add(executor, Drawn);
        foreach (Program program in drawing.Programs)
        {
            drawing.Look(engine, program);
        }

        return drawing;
    }

    private sealed class Drawing
    {
        public Statistics Statistics { get; } = new(MmLanguage.Instance);

        public Program[] Programs { get; } = new Program[Drawn];

        public int Swapped { get; private set; }

        public int Shared { get; private set; }

        public int SwappedAndShared { get; private set; }

        /// <summary>Runs the setup only, and looks at what the lanes would begin with.</summary>
        public void Look(MmEngine engine, Program program)
        {
            engine.Machine.Reset(1);
            engine.Reset(program.Shape);
            engine.Machine.RunSolo(async cpu =>
            {
                foreach (Call call in program.Setup)
                {
                    await engine.Run(cpu, call);
                }
            });
            bool swapped = engine.Kernel.Mms.Any(mm => mm.SwapEntries > 0);
            bool shared = engine.Kernel.Mms.Count(mm => mm.Alive) > 1;
            Swapped += swapped ? 1 : 0;
            Shared += shared ? 1 : 0;
            SwappedAndShared += swapped && shared ? 1 : 0;
        }
    }
}
