using FsCheck.Xunit;
using Fuzz.Programs;
using Interleave;
using Xunit;

namespace Tests.Programs;

public class ProgramTextTests
{
    private static readonly Language Mm = MmLanguage.Instance;

    [Property(MaxTest = 500, EndSize = 400)]
    public bool Parsing_what_was_printed_gives_the_same_mm_program(byte[] bytes) => ComesBack(Mm, bytes);

    [Property(MaxTest = 500, EndSize = 100)]
    public bool Parsing_what_was_printed_gives_the_same_program_of_another_language(byte[] bytes) =>
        ComesBack(ToyEngine.Toy, bytes);

    [Fact]
    public void Printing_is_aligned_and_complete()
    {
        Program program = new(
            Mm, [2, 2, 3, 1], [Call("write", 0, 0), Call("fork", 0, 1)],
            [[Call("dontneed", 1, 1, 2)], [Call("reclaim", 4), Call("swapoff")], []]);

        Assert.Equal(
            """
            shape     mms 2  pages 2  slots 3  device sync
            setup     write mm0 p0
                      fork mm0 mm1
            cpu0      dontneed mm1 p1 2
            cpu1      reclaim 4
                      swapoff
            cpu2

            """,
            ProgramText.Print(program));
    }

    [Fact]
    public void Comments_blank_lines_semicolons_tabs_and_foreign_line_ends_mean_nothing()
    {
        const string Text = "\uFEFF# what it is\r\n\r\nshape\tmms 2 # two of them\r\n  pages 2\r\n# cpu9\r\n"
            + "cpu1 write mm1 p1;;read mm0 p0 ;\r\n\t # nothing\r\n\tswapoff #; drain\r\ncpu0";

        Program program = ProgramText.Parse(Mm, Text);

        Assert.Equal(
            new Program(Mm, [2, 2, 1, 0], [], [[], [Call("write", 1, 1), Call("read"), Call("swapoff")]]), program);
    }

    [Fact]
    public void Fields_that_are_left_out_have_their_simplest_value()
    {
        Assert.Equal([1, 3], ProgramText.Parse(ToyEngine.Toy, "").Shape);
        Assert.Equal([1, 4], ProgramText.Parse(ToyEngine.Toy, "shape mood wild").Shape);
        Assert.Equal([3, 2], ProgramText.Parse(ToyEngine.Toy, "cpu0 add c2\nshape mood 2\n  cells 3").Shape);
    }

    [Fact]
    public void Damaged_text_is_either_a_program_or_an_error_inside_the_text()
    {
        const string Letters = "acdeimpruxz0129 \t\n\r#;,.\0\u00A0\uD800";
        Rng rng = new(7);
        byte[] bytes = new byte[80];
        int errors = 0;
        for (int i = 0; i < 20_000; i++)
        {
            Fill(rng, bytes);
            char[] text = ProgramText.Print(ProgramBinary.Decode(Mm, bytes)).ToCharArray();
            for (int edits = rng.Next(4); edits >= 0; edits--)
            {
                text[rng.Next(text.Length)] = Letters[rng.Next(Letters.Length)];
            }

            errors += IsErrorInside(new string(text)) ? 1 : 0;
        }

        Assert.InRange(errors, 10_000, 19_999);
    }

    private static bool IsErrorInside(string text)
    {
        try
        {
            Program program = ProgramText.Parse(Mm, text);
            Assert.Equal(program, program.Clamped());
            return false;
        }
        catch (InputException error)
        {
            string[] lines = text.Split('\n');
            Assert.InRange(error.Line, 1, lines.Length);
            Assert.InRange(error.Column, 1, lines[error.Line - 1].Length + 1);
            Assert.NotEmpty(error.Expected);
            return true;
        }
    }

    private static bool ComesBack(Language language, byte[] bytes)
    {
        Program program = ProgramBinary.Decode(language, bytes);
        string text = ProgramText.Print(program);
        Program again = ProgramText.Parse(language, text);
        return program.Equals(again) && ProgramText.Print(again) == text;
    }

    private static void Fill(Rng rng, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)rng.Next(256);
        }
    }

    private static Call Call(string name, byte a = 0, byte b = 0, byte c = 0) => new(Mm.Find(name)!.Kind, a, b, c);
}
