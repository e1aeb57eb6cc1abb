using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Fuzz.Target;
using Interleave;
using Tests.Defects;
using Xunit;

namespace Tests.Target;

public class HarnessTests
{
    private static readonly Reproducer SlotAba = CorpusFolder.Read(Story.All.First(story => story.Name == "slot-aba"));

    [Fact]
    public void An_input_that_breaks_a_law_is_a_crash_that_names_it()
    {
        MmEngine engine = new(SlotAba.Variants);
        FoundException found = Assert.Throws<FoundException>(() => new Harness(engine, []).Execute(Bytes(engine)));
        Assert.Equal(SlotAba.Violates, found.Violation.Signature);
        Assert.StartsWith(SlotAba.Violates.ToString(), found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_known_is_no_crash()
    {
        MmEngine engine = new(SlotAba.Variants);
        new Harness(engine, [SlotAba.Violates.ToString()]).Execute(Bytes(engine));
        Assert.True(engine.Verdict.Any);
    }

    [Fact]
    public void Streams_are_read_as_far_as_test_cases_go()
    {
        MmEngine engine = new(SlotAba.Variants);
        Harness harness = new(engine, []);
        byte[] bytes = Bytes(engine);
        Assert.Throws<FoundException>(() => harness.Execute(new MemoryStream(bytes)));
        harness.Execute(new MemoryStream(new byte[TestCaseBinary.LengthMax(engine.Language) + 1000]));
        harness.Execute(Stream.Null);
    }

    [Fact]
    public void Whatever_bytes_come_are_executed()
    {
        MmEngine engine = new();
        Harness harness = new(engine, []);
        Rng rng = new(4);
        for (int i = 0; i < 100; i++)
        {
            byte[] bytes = new byte[rng.Next(120)];
            foreach (ref byte value in bytes.AsSpan())
            {
                value = (byte)rng.Next(256);
            }

            harness.Execute(bytes);
        }
    }

    [Fact]
    public void The_dictionary_has_a_whole_record_for_each_call_on_two_cpus_and_in_the_setup()
    {
        Language language = MmLanguage.Instance;
        PointTable points = new MmEngine().Machine.Points;
        string[] lines = Dictionary.Print(language).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3 * language.Calls.Count, lines.Length);
        foreach (string line in lines)
        {
            string[] parts = line.Split('"');
            byte[] token = [.. parts[1].Split("\\x", StringSplitOptions.RemoveEmptyEntries)
                .Select(digits => Convert.ToByte(digits, 16))];
            byte[] header = new byte[ProgramBinary.HeaderLength(language)];
            Program program = TestCaseBinary.Decode(language, points, [.. header, .. token]).Program;
            Call call = Assert.Single([.. program.Setup, .. program.Cpus.SelectMany(calls => calls)]);
            string place = program.Setup.Length > 0 ? "0" : $"{program.Cpus.Length}";
            Assert.Equal($"{language.Calls[call.Kind].Name}_{place}=", parts[0]);
        }
    }

    private static byte[] Bytes(MmEngine engine) => TestCaseBinary.Encode(
        engine.Machine.Points, new TestCase(SlotAba.Program, SlotAba.Schedule));
}
