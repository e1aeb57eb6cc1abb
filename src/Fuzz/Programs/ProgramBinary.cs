namespace Fuzz.Programs;

/// <summary>The compact binary form of programs, for coverage-guided mutators. Total: every byte string is a
/// program.</summary>
/// <remarks>
/// <para>Layout, all bytes unsigned:</para>
/// <code>
/// header   one byte for each shape field   value = Min + byte % (Max - Min + 1)
///          one byte                        lanes, at least: byte % (CpusMax + 1)
/// record   lane      byte % (CpusMax + 1): 0 is the setup, n is cpu n-1
///  (6      kind      byte % number of calls
///  bytes)  a b c d   identifiers: byte % bound; numbers: Min + byte % (Max - Min + 1); unused ones ignored
/// </code>
/// <para>A byte keeps its meaning whatever the other records say, so a flipped byte changes one thing, and cut or
/// spliced records stay the calls they were. There are as many lanes as the header asks for or a record names. Bytes
/// missing at the end count as 0; calls that do not fit into <see cref="Language.CallsMax"/> are dropped.</para>
/// <para><c>Decode(Encode(p))</c> equals p for each valid program, so <c>Encode(Decode(x))</c> is a fixed point.</para>
/// </remarks>
public static class ProgramBinary
{
    /// <summary>Bytes of one call.</summary>
    public const int RecordLength = 6;

    private const int ValuesMax = 256;

    /// <summary>Bytes before the first record.</summary>
    public static int HeaderLength(Language language) => language.Shape.Count + 1;

    /// <summary>Bytes that a program takes.</summary>
    public static int LengthOf(Program program) => HeaderLength(program.Language)
        + RecordLength * (program.Setup.Length + program.Cpus.Sum(calls => calls.Length));

    /// <summary>The most bytes that any program of a language takes; whatever is longer holds dropped calls.</summary>
    public static int LengthMax(Language language) =>
        HeaderLength(language) + RecordLength * (language.CpusMax + 1) * language.CallsMax;

    /// <summary>The program that these bytes mean. Never fails for a language whose shape fields fit a byte.</summary>
    /// <exception cref="ArgumentException">A shape field of the language has more than 256 values.</exception>
    public static Program Decode(Language language, ReadOnlySpan<byte> data) =>
        Decode(language, data, language.CpusMax + 1);

    /// <summary>The program in bytes that hold records of other kinds, too.</summary>
    /// <param name="language">What the program is written in.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="modulus">Number of kinds of records; those above the lanes' are passed over.</param>
    internal static Program Decode(Language language, ReadOnlySpan<byte> data, int modulus)
    {
        int[] shape = new int[language.Shape.Count];
        for (int i = 0; i < shape.Length; i++)
        {
            ShapeField field = language.Shape[i];
            shape[i] = field.Min + At(data, i) % CountOf(field);
        }

        Span<int> counts = stackalloc int[modulus];
        counts.Clear();
        int lanes = At(data, shape.Length) % (language.CpusMax + 1);
        int header = HeaderLength(language);
        for (int at = header; at < data.Length; at += RecordLength)
        {
            int lane = data[at] % modulus;
            lanes = lane <= language.CpusMax ? Math.Max(lanes, lane) : lanes;
            counts[lane] = Math.Min(counts[lane] + 1, language.CallsMax);
        }

        Call[] setup = Room(counts[0]);
        Call[][] cpus = lanes == 0 ? [] : new Call[lanes][];
        for (int i = 0; i < lanes; i++)
        {
            cpus[i] = Room(counts[i + 1]);
        }

        counts.Clear();
        for (int at = header; at < data.Length; at += RecordLength)
        {
            int lane = data[at] % modulus;
            Call[] calls = lane == 0 ? setup : lane <= language.CpusMax ? cpus[lane - 1] : [];
            if (counts[lane] < calls.Length)
            {
                calls[counts[lane]++] = DecodeCall(language, shape, data[(at + 1)..]);
            }
        }

        return new Program(language, shape, setup, cpus);
    }

    /// <summary>The canonical bytes of a program: the setup, then lane after lane.</summary>
    /// <param name="program">Valid, see <see cref="Program.Clamped"/>.</param>
    /// <exception cref="ArgumentException">A shape field of the language has more than 256 values.</exception>
    public static byte[] Encode(Program program)
    {
        Language language = program.Language;
        byte[] data = new byte[LengthOf(program)];
        for (int i = 0; i < program.Shape.Length; i++)
        {
            ShapeField field = language.Shape[i];
            data[i] = (byte)((program.Shape[i] - field.Min) % CountOf(field));
        }

        data[program.Shape.Length] = (byte)program.Cpus.Length;
        int at = HeaderLength(language);
        at = Encode(language, data, at, 0, program.Setup);
        for (int i = 0; i < program.Cpus.Length; i++)
        {
            at = Encode(language, data, at, i + 1, program.Cpus[i]);
        }

        return data;
    }

    private static int Encode(Language language, byte[] data, int at, int lane, Call[] calls)
    {
        foreach (Call call in calls)
        {
            data[at] = (byte)lane;
            data[at + 1] = call.Kind;
            Parameter[] parameters = language.Calls[call.Kind].Parameters;
            for (int i = 0; i < parameters.Length; i++)
            {
                data[at + 2 + i] = (byte)(call[i] - (parameters[i].IsIdentifier ? 0 : parameters[i].Min));
            }

            at += RecordLength;
        }

        return at;
    }

    private static Call DecodeCall(Language language, int[] shape, ReadOnlySpan<byte> data)
    {
        CallInfo info = language.Calls[At(data, 0) % language.Calls.Count];
        Call call = new(info.Kind);
        for (int i = 0; i < info.Parameters.Length; i++)
        {
            Parameter parameter = info.Parameters[i];
            int value = At(data, i + 1);
            value = parameter.IsIdentifier
                ? value % shape[parameter.Bound]
                : parameter.Min + value % (parameter.Max - parameter.Min + 1);
            call = call.With(i, (byte)value);
        }

        return call;
    }

    private static int CountOf(ShapeField field)
    {
        int count = field.Max - field.Min + 1;
        return count <= ValuesMax
            ? count
            : throw new ArgumentException(
                $"shape field '{field.Name}' has {count} values; a byte holds {ValuesMax}", nameof(field));
    }

    private static byte At(ReadOnlySpan<byte> data, int index) => index < data.Length ? data[index] : (byte)0;

    private static Call[] Room(int count) => count == 0 ? [] : new Call[count];
}
