using FsCheck.Xunit;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Tests.Programs;
using Xunit;

namespace Tests.Schedules;

public class TestCaseBinaryTests
{
    private static readonly Language Language = MmLanguage.Instance;
    private static readonly PointTable Table = DefinedPoints();

    [Property(MaxTest = 400, EndSize = 600)]
    public bool Encoding_a_decoded_test_case_is_a_fixed_point(byte[] bytes) => IsFixedPoint(Language, Table, bytes);

    [Property(MaxTest = 400, EndSize = 200)]
    public bool Encoding_a_decoded_test_case_of_another_engine_is_a_fixed_point(byte[] bytes) =>
        IsFixedPoint(ToyEngine.Toy, ToyEngine.AllPoints, bytes);

    [Property(MaxTest = 200, EndSize = 200)]
    public bool A_program_without_turns_has_the_bytes_of_the_program(byte[] bytes)
    {
        Program program = ProgramBinary.Decode(Language, bytes);
        byte[] encoded = TestCaseBinary.Encode(Table, new TestCase(program, Schedule.Empty));
        return encoded.AsSpan().SequenceEqual(ProgramBinary.Encode(program));
    }

    [Fact]
    public void What_an_engine_has_run_is_decoded_as_it_was_encoded()
    {
        Executor executor = new(new MmEngine());
        Rng rng = new(1);
        ProgramSource source = new();
        for (int i = 0; i < 100; i++)
        {
            Program program = source.Fresh(rng);
            executor.Run(program, new RandomScheduler(rng));
            TestCase testCase = new(
                program, Schedule.FromTrace(executor.Engine.Machine),
                i % 2 == 0 ? null : new Rest(i % (Rest.DepthMax + 1), (uint)rng.NextUInt64()));
            byte[] bytes = TestCaseBinary.Encode(Table, testCase);
            Assert.Equal(testCase, TestCaseBinary.Decode(Language, Table, bytes));
            Assert.True(bytes.Length <= TestCaseBinary.LengthMax(Language));
        }
    }

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        Program program = ProgramText.Parse(Language, "shape mms 2\ncpu0 read mm1 p0");
        Schedule schedule = ScheduleText.Parse("schedule cpu1 until SwapinPtl#3; cpu0 until blocked; cpu2 until done");
        byte[] bytes = TestCaseBinary.Encode(Table, new TestCase(program, schedule, new Rest(5, 0x01020304)));
        int key = PointTable.KeyOf("SwapinPtl");
        byte[] expected =
        [
            5, 1, (byte)(key >> 16), (byte)(key >> 8), (byte)key, 2,
            5, 4, 0, 0, 0, 0,
            5, 10, 0, 0, 0, 0,
            6, 5, 1, 2, 3, 4,
        ];
        Assert.Equal(expected, bytes[ProgramBinary.LengthOf(program)..]);
    }

    [Fact]
    public void A_changed_key_is_another_turn_and_nothing_else()
    {
        Program program = ProgramText.Parse(Language, "cpu0 read mm0 p0\ncpu1 write mm0 p0");
        TestCase before = new(program, new Schedule(Turn.Until(1, "SwapinPtl"), Turn.UntilDone(0)));
        byte[] bytes = TestCaseBinary.Encode(Table, before);
        int at = ProgramBinary.LengthOf(program) + 2;
        HashSet<string> met = [];
        for (int high = 0; high < 256; high++)
        {
            bytes[at] = (byte)high;
            TestCase after = TestCaseBinary.Decode(Language, Table, bytes);
            Assert.Equal(program, after.Program);
            Assert.Equal(Turn.UntilDone(0), after.Schedule.Turns[1]);
            met.Add(after.Schedule.Turns[0].UntilPoint!);
        }

        Assert.InRange(met.Count, 128, 256);
    }

    [Fact]
    public void Points_that_are_added_leave_old_turns_what_they_are()
    {
        PointTable before = Points("MapTake", "MapDrop");
        PointTable after = Points("Aside", "MapDrop", "Beside", "MapTake", "Inside");
        Program program = ProgramBinary.Decode(Language, [0]);
        TestCase testCase = new(program, new Schedule(Turn.Until(0, "MapTake"), Turn.Until(1, "MapDrop", 256)));
        Assert.Equal(testCase, TestCaseBinary.Decode(Language, after, TestCaseBinary.Encode(before, testCase)));
    }

    [Fact]
    public void Points_of_equal_hash_have_keys_of_their_own()
    {
        // Found by search: the fold of these two is the same.
        (string one, string other) = Twins();
        PointTable table = Points(one, other);
        Assert.Equal(PointTable.KeyOf(one), PointTable.KeyOf(other));
        Assert.Equal(one, table.AtOrAbove(table.Find(one)!.Key)!.Name);
        Assert.Equal(other, table.AtOrAbove(table.Find(other)!.Key)!.Name);
    }

    [Fact]
    public void Too_many_bytes_are_no_more_than_the_greatest_test_case()
    {
        byte[] bytes = new byte[4 << 20];
        Array.Fill(bytes, (byte)5);
        TestCase testCase = TestCaseBinary.Decode(Language, Table, bytes);
        Assert.Equal(TestCaseBinary.TurnsMax, testCase.Schedule.Turns.Count);
        Assert.InRange(
            TestCaseBinary.Encode(Table, testCase).Length, 6 * TestCaseBinary.TurnsMax,
            TestCaseBinary.LengthMax(Language));
    }

    [Fact]
    public void An_engine_without_points_has_test_cases_too()
    {
        TestCase testCase = TestCaseBinary.Decode(Language, new PointTable(), [.. new byte[11], 5, 0, 1, 2, 3, 4]);
        Assert.Equal([Turn.UntilDone(0)], testCase.Schedule.Turns);
    }

    private static (string One, string Other) Twins()
    {
        Dictionary<int, string> seen = [];
        for (int i = 0; ; i++)
        {
            string name = $"Point{i}";
            if (!seen.TryAdd(PointTable.KeyOf(name), name))
            {
                return (seen[PointTable.KeyOf(name)], name);
            }
        }
    }

    private static PointTable Points(params string[] names)
    {
        PointTable table = new();
        foreach (string name in names)
        {
            table.Add(name, "", Access.Read);
        }

        return table;
    }

    private static bool IsFixedPoint(Language language, PointTable points, byte[] bytes)
    {
        // Most random bytes are calls: every second record is made a turn or a rest.
        for (int at = ProgramBinary.HeaderLength(language); at < bytes.Length; at += 2 * ProgramBinary.RecordLength)
        {
            bytes[at] = (byte)(language.CpusMax + 1 + bytes[at] % 2);
        }

        TestCase testCase = TestCaseBinary.Decode(language, points, bytes);
        byte[] encoded = TestCaseBinary.Encode(points, testCase);
        TestCase again = TestCaseBinary.Decode(language, points, encoded);
        return testCase.Equals(again) && encoded.AsSpan().SequenceEqual(TestCaseBinary.Encode(points, again))
            && testCase.Program.Equals(testCase.Program.Clamped());
    }

    private static PointTable DefinedPoints()
    {
        global::Mm.Points.DefineAll();
        return global::Mm.Points.Table;
    }
}
