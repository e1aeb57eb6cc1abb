using FsCheck.Xunit;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Xunit;

namespace Tests.Programs;

public class ReproducerTests
{
    private const string Specimen =
        """
        # A read and a swap-out race while both skip the swap cache: the write is lost.
        #
        # Found by a campaign.
        variant   swapin-skips-pin, zap-keeps-tlb
        violates  content: wrong word read [do_swap_page]
        symptom   a write is lost
        proof     v6.18 passes all 665 schedules; with the variant none of 2 schedules without preemption fails
        engine    mm 1
        shape     mms 1  pages 1  slots 2  device sync
        setup     write mm0 p0
        cpu0      read mm0 p0
        cpu1      write mm0 p0
                  pageout mm0 p0
        schedule  cpu0 until SwapinLockTable
                  cpu1 until done
                  cpu0 until done

        """;

    [Fact]
    public void The_specimen_is_canonical()
    {
        Reproducer reproducer = Parse(Specimen);

        Assert.Equal(Specimen, reproducer.Print());
        Assert.Equal(["swapin-skips-pin", "zap-keeps-tlb"], reproducer.Variants);
        Assert.Equal(new Signature("content", "wrong word read", "do_swap_page"), reproducer.Violates);
        Assert.Equal("a write is lost", reproducer.Symptom);
        Assert.Equal(3, reproducer.Schedule.Turns.Count);
        Assert.Equal(2, reproducer.Program.Cpus.Length);
    }

    [Fact]
    public void What_was_found_out_later_is_kept_too()
    {
        string more = Specimen.Replace(
            "engine    mm 1\n",
            """
            blame     no commit: variant swapin-skips-pin
            distance  34 steps in the median, at most 120
            caught    precursor in 4.1 % of executions (20 of 20 seeds), symptom in 0.3 % (12 of 20)
            engine    mm 1

            """,
            StringComparison.Ordinal);
        Reproducer reproducer = Parse(more);
        Assert.Equal(more, reproducer.Print());
        Assert.Equal("no commit: variant swapin-skips-pin", reproducer.Blame);
        Assert.StartsWith("34 steps", reproducer.Distance, StringComparison.Ordinal);
        Assert.StartsWith("precursor in", reproducer.Caught, StringComparison.Ordinal);
        Assert.NotEqual(Parse(Specimen), reproducer);
    }

    [Fact]
    public void Optional_keys_may_be_left_out_and_sections_may_come_in_any_order()
    {
        Reproducer reproducer = Parse("schedule cpu0 until done\nviolates a: b []\ncpu0 drain\n");

        Assert.Empty(reproducer.Variants);
        Assert.Empty(reproducer.Remark);
        Assert.Equal((null, null, null), (reproducer.Symptom, reproducer.Proof, reproducer.Engine));
        Assert.Equal(reproducer, Parse(reproducer.Print()));
        Assert.DoesNotContain("variant", reproducer.Print(), StringComparison.Ordinal);
    }

    [Property(MaxTest = 500)]
    public bool Parsing_what_was_printed_gives_the_same_reproducer(
        byte[] bytes, string? remark, string? symptom, string? proof, bool variant)
    {
        Program program = ProgramBinary.Decode(ToyEngine.Toy, [.. "cm\u0003"u8, .. bytes]);
        Reproducer reproducer = new(program, new Schedule(Turn.Until(1, "CellRead"), Turn.UntilDone(0)), Signature)
        {
            Remark = remark ?? "",
            Symptom = symptom,
            Proof = $"{proof} {proof}\n{symptom} # {remark}",
            Variants = variant ? ["one", "two"] : [],
        };
        string text = reproducer.Print();
        Reproducer again = Reproducer.Parse(ToyEngine.Toy, text, "x", ToyEngine.AllPoints, ["one", "two"]);
        return again.Equals(reproducer) && again.Print() == text;
    }

    [Fact]
    public void Long_texts_are_wrapped_and_come_back()
    {
        string proof = string.Join(' ', Enumerable.Range(0, 100).Select(i => $"word{i}"));
        Program program = ProgramText.Parse(ToyEngine.Toy, "cpu0");
        Reproducer reproducer = new(program, Schedule.Empty, Signature) { Proof = proof };

        Assert.All(reproducer.Print().Split('\n'), line => Assert.InRange(line.Length, 0, 120));
        Assert.Equal(proof, Reproducer.Parse(ToyEngine.Toy, reproducer.Print(), "x").Proof);
    }

    [Theory]
    [InlineData("violates", "violatse", 5, 1, "unknown section 'violatse'", "violates")]
    [InlineData(": wrong", " bad", 5, 11, "'content bad word read [do_swap_page]' is no signature", null)]
    [InlineData(" [do_swap_page]", "", 5, 11, "'content: wrong word read' is no signature", null)]
    [InlineData("violates  content: wrong word read [do_swap_page]", "violates", 5, 9, "'violates' without text", null)]
    [InlineData("a write is lost", "# none", 6, 8, "'symptom' without text", null)]
    [InlineData("symptom ", "proof   ", 7, 1, "section 'proof' comes twice, first in line 6", null)]
    [InlineData("zap-keeps-tlb", "zap-keep-tlb", 4, 29, "unknown variant 'zap-keep-tlb'", "zap-keeps-tlb")]
    [InlineData("zap-keeps-tlb", "swapin-skips-pin", 4, 29, "variant 'swapin-skips-pin' comes twice", null)]
    [InlineData("cpu1 until done", "cpu2 until done", 15, 11, "'cpu2' is out of range", null)]
    [InlineData("SwapinLockTable", "SwapinLockTabel", 14, 22, "unknown point 'SwapinLockTabel'", "SwapinLockTable")]
    [InlineData("pageout mm0", "pagout mm0", 13, 11, "unknown call 'pagout'", "pageout")]
    public void A_broken_specimen_is_answered_with_the_place(
        string from, string to, int line, int column, string problem, string? nearest)
    {
        Assert.Contains(from, Specimen, StringComparison.Ordinal);
        InputException error = Assert.Throws<InputException>(
            () => Parse(Specimen.Replace(from, to, StringComparison.Ordinal)));
        Assert.Equal((line, column, problem, nearest), (error.Line, error.Column, error.Problem, error.Nearest));
        Assert.StartsWith($"x.reproducer:{line}:{column}: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu0 drain\nschedule", "the section 'violates'")]
    [InlineData("violates a: b [c]\ncpu0 drain", "the section 'schedule'")]
    [InlineData("violates a: b [c]\nschedule", "the section 'cpu0'")]
    [InlineData("", "the section 'violates'")]
    public void A_missing_key_is_complained_about_where_the_text_ends(string text, string expected)
    {
        InputException error = Assert.Throws<InputException>(() => Parse(text));
        string[] lines = text.Split('\n');
        Assert.Equal((lines.Length, lines[^1].Length + 1), (error.Line, error.Column));
        Assert.Equal(expected, error.Expected);
    }

    [Theory]
    [InlineData("two: colons", "law", "routine")]
    [InlineData("oracle", "two  blanks", "routine")]
    [InlineData("oracle", "", "routine")]
    [InlineData("oracle", "a # comment", "routine")]
    public void A_signature_that_does_not_read_back_is_refused(string oracle, string law, string routine) =>
        Assert.Throws<ArgumentException>(() => new Reproducer(
            ProgramText.Parse(ToyEngine.Toy, "cpu0"), Schedule.Empty, new Signature(oracle, law, routine)));

    [Fact]
    public void A_damaged_specimen_is_either_a_reproducer_or_an_error_inside_the_text()
    {
        const string Letters = "adpu0129 \n#;,:[].";
        global::Interleave.Rng rng = new(11);
        int errors = 0;
        for (int i = 0; i < 10_000; i++)
        {
            char[] damaged = Specimen.ToCharArray();
            damaged[rng.Next(damaged.Length)] = Letters[rng.Next(Letters.Length)];
            string text = new(damaged);
            try
            {
                Assert.Equal(Parse(text), Parse(Parse(text).Print()));
            }
            catch (InputException error)
            {
                errors++;
                string[] lines = text.Split('\n');
                Assert.InRange(error.Line, 1, lines.Length);
                Assert.InRange(error.Column, 1, lines[error.Line - 1].Length + 1);
            }
        }

        Assert.InRange(errors, 1000, 9000);
    }

    private static Signature Signature { get; } = new("sum", "too much: [really]", "cell_add");

    private static Reproducer Parse(string text)
    {
        global::Interleave.PointTable points = new();
        points.Add("SwapinLockTable", "do_swap_page", global::Interleave.Access.Acquire);
        return Reproducer.Parse(
            MmLanguage.Instance, text, "x.reproducer", points, ["swapin-skips-pin", "zap-keeps-tlb"]);
    }
}
