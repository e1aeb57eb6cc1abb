using FsCheck.Xunit;
using Fuzz.Programs;
using Interleave;
using Xunit;

namespace Tests.Programs;

public class ProgramBinaryTests
{
    private static readonly Language Mm = MmLanguage.Instance;

    [Property(MaxTest = 1000, EndSize = 600)]
    public bool Encoding_a_decoded_mm_program_is_a_fixed_point(byte[] bytes) => IsFixedPoint(Mm, bytes);

    [Property(MaxTest = 1000, EndSize = 200)]
    public bool Encoding_a_decoded_program_of_another_language_is_a_fixed_point(byte[] bytes) =>
        IsFixedPoint(ToyEngine.Toy, bytes);

    [Fact]
    public void A_million_random_byte_strings_are_valid_programs()
    {
        Rng rng = new(1);
        byte[] bytes = new byte[ProgramBinary.LengthMax(Mm) + 40];
        int longest = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            // Mostly short, as a campaign's are; every 64th as long as can be and longer.
            Span<byte> data = bytes.AsSpan(0, rng.Next(i % 64 == 0 ? bytes.Length + 1 : 60));
            for (int at = 0; at < data.Length; at++)
            {
                data[at] = (byte)rng.NextUInt64();
            }

            Program program = ProgramBinary.Decode(Mm, data);
            string? fault = FaultOf(program);
            if (fault is not null)
            {
                Assert.Fail($"{Convert.ToHexString(data)}: {fault}");
            }

            longest = Math.Max(longest, program.Setup.Length);
        }

        Assert.Equal(Mm.CallsMax, longest);
    }

    [Fact]
    public void No_bytes_at_all_are_the_program_that_does_nothing()
    {
        Program program = ProgramBinary.Decode(Mm, []);
        Assert.Equal(new Program(Mm, [.. Mm.Shape.Select(field => field.Min)], [], []), program);
        Assert.Equal(new byte[ProgramBinary.HeaderLength(Mm)], ProgramBinary.Encode(program));
    }

    [Fact]
    public void The_layout_is_the_documented_one()
    {
        Program program = ProgramText.Parse(
            Mm, "shape mms 2 pages 3 slots 6 device sync\nsetup write mm1 p2\ncpu0\ncpu1 dontneed mm1 p0 4\ncpu2");

        byte write = Mm.Find("write")!.Kind;
        byte dontneed = Mm.Find("dontneed")!.Kind;
        byte[] simplest = [.. Mm.Shape.Skip(4).Select(field => (byte)(field.Simplest - field.Min))];
        byte[] expected = [1, 2, 5, 1, .. simplest, 3, 0, write, 1, 2, 0, 0, 2, dontneed, 1, 0, 3, 0];
        Assert.Equal(expected, ProgramBinary.Encode(program));
        Assert.Equal(expected.Length, ProgramBinary.LengthOf(program));
    }

    [Fact]
    public void Changing_one_record_leaves_all_other_calls_as_they_were()
    {
        Rng rng = new(3);
        int header = ProgramBinary.HeaderLength(Mm);
        for (int round = 0; round < 2000; round++)
        {
            // Eight calls fit into any lane, so no record pushes another one out.
            byte[] bytes = new byte[header + 8 * ProgramBinary.RecordLength];
            Fill(rng, bytes);
            int record = rng.Next(8);
            byte[] changed = (byte[])bytes.Clone();
            int first = header + record * ProgramBinary.RecordLength;
            Fill(rng, changed.AsSpan(first, ProgramBinary.RecordLength));

            byte[] cut = [.. bytes[..first], .. bytes[(first + ProgramBinary.RecordLength)..]];
            List<Call> common = AllCalls(ProgramBinary.Decode(Mm, cut));
            Assert.Equal(common.Count + 1, AllCalls(ProgramBinary.Decode(Mm, changed)).Count);
            Assert.All(common.GroupBy(call => call), group => Assert.True(
                AllCalls(ProgramBinary.Decode(Mm, changed)).Count(call => call == group.Key) >= group.Count()));
        }
    }

    [Fact]
    public void A_language_whose_shape_does_not_fit_a_byte_is_refused()
    {
        Language wide = new("wide", [new ShapeField("size", 0, 256, 0)], [new CallInfo("go", "", "", "")], 1, 1);
        ArgumentException error = Assert.Throws<ArgumentException>(() => ProgramBinary.Decode(wide, []));
        Assert.Contains("'size' has 257 values", error.Message, StringComparison.Ordinal);
    }

    private static bool IsFixedPoint(Language language, byte[] bytes)
    {
        Program program = ProgramBinary.Decode(language, bytes);
        byte[] encoded = ProgramBinary.Encode(program);
        Program again = ProgramBinary.Decode(language, encoded);
        return program.Equals(again) && encoded.AsSpan().SequenceEqual(ProgramBinary.Encode(again))
            && encoded.Length == ProgramBinary.LengthOf(program);
    }

    private static string? FaultOf(Program program)
    {
        for (int i = 0; i < program.Shape.Length; i++)
        {
            ShapeField field = Mm.Shape[i];
            if (program.Shape[i] < field.Min || program.Shape[i] > field.Max)
            {
                return $"{field.Name} {program.Shape[i]}";
            }
        }

        string? fault = program.Cpus.Length > Mm.CpusMax ? $"{program.Cpus.Length} cpus" : null;
        fault ??= FaultOf(program, program.Setup);
        foreach (Call[] calls in program.Cpus)
        {
            fault ??= FaultOf(program, calls);
        }

        return fault;
    }

    private static string? FaultOf(Program program, Call[] calls)
    {
        foreach (Call call in calls)
        {
            if (call.Kind >= Mm.Calls.Count || Program.Clamp(Mm, program.Shape, call) != call)
            {
                return call.ToString();
            }
        }

        return calls.Length > Mm.CallsMax ? $"{calls.Length} calls" : null;
    }

    private static List<Call> AllCalls(Program program) =>
        [.. program.Setup, .. program.Cpus.SelectMany(calls => calls)];

    private static void Fill(Rng rng, Span<byte> bytes)
    {
        foreach (ref byte value in bytes)
        {
            value = (byte)rng.Next(256);
        }
    }
}
