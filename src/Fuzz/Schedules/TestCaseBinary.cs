using System.Buffers.Binary;
using Fuzz.Programs;
using Interleave;

namespace Fuzz.Schedules;

/// <summary>The compact binary form of test cases: what lies in <c>queue/</c>, and what AFL++ and libFuzzer mutate.
/// Total: every byte string is a test case.</summary>
/// <remarks>
/// <para>That of <see cref="ProgramBinary"/>, with two kinds of records more, so that programs keep their bytes:</para>
/// <code>
/// record   kind      byte % (CpusMax + 3): 0 and up to CpusMax as in programs, CpusMax+1 a turn, CpusMax+2 the rest
///  turn    who       cpu: byte % CpusMax; end: byte / CpusMax % 4: 1 blocked, 2 done, otherwise a point
///          point     3 bytes, high one first: a key, see PointTable.AtOrAbove
///          occurrence  1 + byte
///  rest    depth     byte % (DepthMax + 1)
///          seed      4 bytes, high one first
/// </code>
/// <para>Every number is a point, and adding points to an engine leaves the turns of old files what they are, but for
/// those bytes that no <see cref="Encode"/> wrote. The first record of the rest counts. What does not fit into
/// <see cref="LengthMax"/> or <see cref="TurnsMax"/> is dropped, so nothing costs unbounded time.</para>
/// <para><c>Decode(Encode(t))</c> equals t for each valid test case, so <c>Encode(Decode(x))</c> is a fixed
/// point.</para>
/// </remarks>
public static class TestCaseBinary
{
    /// <summary>Most turns: an execution of the usual length has a tenth of them.</summary>
    public const int TurnsMax = 1024;

    private const int OccurrenceMax = 256;
    private const int Ends = 4;

    /// <summary>The most bytes that any test case of a language takes.</summary>
    public static int LengthMax(Language language) =>
        ProgramBinary.LengthMax(language) + ProgramBinary.RecordLength * (TurnsMax + 1);

    /// <summary>The test case that these bytes mean. Never fails.</summary>
    /// <param name="language">What the program is written in.</param>
    /// <param name="points">The points of the engine, all defined.</param>
    /// <param name="data">Any bytes.</param>
    public static TestCase Decode(Language language, PointTable points, ReadOnlySpan<byte> data)
    {
        data = data[..Math.Min(data.Length, LengthMax(language))];
        int turnKind = language.CpusMax + 1;
        int kinds = language.CpusMax + 3;
        List<Turn> turns = [];
        Rest? rest = null;
        Span<byte> record = stackalloc byte[ProgramBinary.RecordLength];
        for (int at = ProgramBinary.HeaderLength(language); at < data.Length; at += record.Length)
        {
            ReadOnlySpan<byte> present = data[at..Math.Min(at + record.Length, data.Length)];
            record.Clear();
            present.CopyTo(record);
            int kind = record[0] % kinds;
            if (kind == turnKind && turns.Count < TurnsMax)
            {
                turns.Add(DecodeTurn(language, points, record));
            }
            else if (kind > turnKind)
            {
                rest ??= new Rest(record[1] % (Rest.DepthMax + 1), BinaryPrimitives.ReadUInt32BigEndian(record[2..]));
            }
        }

        Program program = ProgramBinary.Decode(language, data, kinds);
        return new TestCase(program, new Schedule([.. turns]), rest);
    }

    /// <summary>The canonical bytes of a test case: the program, the turns, the rest.</summary>
    /// <param name="points">The points of the engine, all defined; a turn's point that is not among them is encoded by
    /// its name, and becomes the next on the ring.</param>
    /// <param name="testCase">Its program is valid, see <see cref="Program.Clamped"/>.</param>
    public static byte[] Encode(PointTable points, TestCase testCase)
    {
        Program program = testCase.Program;
        Language language = program.Language;
        Turn[] turns = [.. testCase.Schedule.Turns.Take(TurnsMax)];
        byte[] head = ProgramBinary.Encode(program);
        int rests = testCase.Rest is null ? 0 : 1;
        byte[] data = new byte[head.Length + ProgramBinary.RecordLength * (turns.Length + rests)];
        head.CopyTo(data, 0);
        Span<byte> rest = data.AsSpan(head.Length);
        foreach (Turn turn in turns)
        {
            rest[0] = (byte)(language.CpusMax + 1);
            EncodeTurn(language, points, turn, rest);
            rest = rest[ProgramBinary.RecordLength..];
        }

        if (testCase.Rest is { } last)
        {
            rest[0] = (byte)(language.CpusMax + 2);
            rest[1] = (byte)Math.Clamp(last.Depth, 0, Rest.DepthMax);
            BinaryPrimitives.WriteUInt32BigEndian(rest[2..], last.Seed);
        }

        return data;
    }

    private static Turn DecodeTurn(Language language, PointTable points, ReadOnlySpan<byte> record)
    {
        int cpu = record[1] % language.CpusMax;
        int end = record[1] / language.CpusMax % Ends;
        if (end == (int)TurnEnd.Done || points.Count == 1)
        {
            return Turn.UntilDone(cpu);
        }

        int key = record[2] << 16 | record[3] << 8 | record[4];
        return end == (int)TurnEnd.Blocked
            ? Turn.UntilBlocked(cpu)
            : Turn.Until(cpu, points.AtOrAbove(key)!.Name, record[5] + 1);
    }

    private static void EncodeTurn(Language language, PointTable points, Turn turn, Span<byte> record)
    {
        record[1] = (byte)(turn.Cpu % language.CpusMax + (int)turn.End * language.CpusMax);
        if (turn.UntilPoint is { } name)
        {
            int key = ScheduleText.Find(points, name)?.Key ?? PointTable.KeyOf(name);
            record[2] = (byte)(key >> 16);
            record[3] = (byte)(key >> 8);
            record[4] = (byte)key;
            record[5] = (byte)(Math.Min(turn.Occurrence, OccurrenceMax) - 1);
        }
    }
}
