using Fuzz.Programs;
using Xunit;

namespace Tests.Programs;

public class ProgramTextErrorTests
{
    [Theory]
    [InlineData("cpu0  wirte mm0 p0", 1, 7, "unknown call 'wirte'", "a known call", "write")]
    [InlineData("# x\n\nsetpu write mm0 p0", 3, 1, "unknown section 'setpu'", "shape, setup, cpu0", "setup")]
    [InlineData("cpu4 swapoff", 1, 1, "unknown section 'cpu4'", "cpu0, cpu1, cpu2, cpu3", "cpu0")]
    [InlineData("cpu00 swapoff", 1, 1, "unknown section 'cpu00'", "cpu0", "cpu0")]
    [InlineData("shape pages 2  slot 3", 1, 16, "unknown shape field 'slot'", "mms, pages, slots", "slots")]
    [InlineData("shape device snyc", 1, 14, "'snyc' is no value of 'device'", "async, sync", "sync")]
    public void An_unknown_name_is_answered_with_the_nearest_one(
        string text, int line, int column, string problem, string expected, string nearest)
    {
        InputException error = Parse(text);
        Assert.Equal((line, column, problem, nearest), (error.Line, error.Column, error.Problem, error.Nearest));
        Assert.Contains(expected, error.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shape mms 2\ncpu0 read mm2 p0", 2, 11, "mm 'mm2' is out of range", "a mm mm0..mm1 (shape: mms 2)")]
    [InlineData("cpu0 read mm0 p1\nshape mms 3", 1, 15, "page 'p1' is out of range", "a page p0..p0 (shape: pages 1)")]
    [InlineData("cpu0 reclaim 5", 1, 14, "count '5' is out of range", "a count 1..4")]
    [InlineData("cpu0 reclaim 0", 1, 14, "count '0' is out of range", "a count 1..4")]
    [InlineData("shape mms 5", 1, 11, "mms '5' is out of range", "a number 1..4")]
    [InlineData("shape device 2", 1, 14, "device '2' is out of range", "one of async, sync")]
    public void A_value_out_of_range_is_an_error_that_says_the_range(
        string text, int line, int column, string problem, string expected) =>
        Same(Parse(text), line, column, problem, expected);

    [Theory]
    [InlineData("cpu0 reclaim two", 1, 14, "'two' is no count", "a count 1..4")]
    [InlineData("cpu0 read p0 mm0", 1, 11, "'p0' is no mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("cpu0 read mm00 p0", 1, 11, "'mm00' is no mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("cpu0 read mm-1 p0", 1, 11, "'mm-1' is no mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("cpu0 read mm99999999999 p0", 1, 11, "'mm99999999999' is no mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("cpu0 read mm", 1, 11, "'mm' is no mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("shape mms x\u0007y", 1, 11, "'x?y' is no value of 'mms'", "a number 1..4")]
    [InlineData("shape mms", 1, 10, "'mms' without a value", "a number 1..4")]
    [InlineData("shape mms 2 mms 2", 1, 13, "shape field 'mms' comes twice", "each field once")]
    [InlineData("cpu0 read mm0  # p0", 1, 14, "'read' without its page", "a page p0..p0 (shape: pages 1)")]
    [InlineData("cpu0 swapoff\n     read", 2, 10, "'read' without its mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("cpu0 read mm0 p0 p0", 1, 18, "'p0' is too much", "the end of the call: 'read' takes mm, page")]
    [InlineData("cpu0 drain;;drain;read mm0 x", 1, 28, "'x' is no page", "a page p0..p0 (shape: pages 1)")]
    [InlineData("cpu0 drain;swapon;read;drain", 1, 23, "'read' without its mm", "a mm mm0..mm0 (shape: mms 1)")]
    [InlineData("cpu0 drain;swapoff x", 1, 20, "'x' is too much", "the end of the call: 'swapoff' takes no arguments")]
    public void A_malformed_word_is_named_with_its_place(
        string text, int line, int column, string problem, string expected) =>
        Same(Parse(text), line, column, problem, expected);

    [Theory]
    [InlineData("\n  read mm0 p0", 2, 3, "an indented line before the first section",
        "the name of a section in column 1")]
    [InlineData("cpu0 drain\ncpu0 drain", 2, 1, "section 'cpu0' comes twice, first in line 1", "each section once")]
    [InlineData("setup drain\nshape mms 1\nsetup", 3, 1, "section 'setup' comes twice, first in line 1",
        "each section once")]
    [InlineData("cpu0 drain\ncpu2 drain", 2, 1, "'cpu2' without 'cpu1'", "cpus without gaps")]
    [InlineData("cpu3", 1, 1, "'cpu3' without 'cpu0'", "cpus without gaps")]
    public void Sections_out_of_place_are_named(string text, int line, int column, string problem, string expected) =>
        Same(Parse(text), line, column, problem, expected);

    [Fact]
    public void The_call_after_the_last_allowed_one_is_the_error()
    {
        string calls = string.Join("; ", Enumerable.Repeat("drain", 16));
        Assert.Equal(16, ProgramText.Parse(MmLanguage.Instance, $"cpu0 {calls}").Cpus[0].Length);
        Same(Parse($"cpu0 {calls}\n  drain"), 2, 3, "'cpu0' has too many calls", "at most 16");
    }

    [Fact]
    public void The_message_is_one_line_for_a_person()
    {
        InputException error = Parse("cpu0 reed mm0 p0");
        Assert.StartsWith(
            "x.program:1:6: unknown call 'reed'; expected a known call", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("; the nearest is 'read'", error.Message, StringComparison.Ordinal);
        Assert.Equal("x.program", error.File);
    }

    [Fact]
    public void A_word_that_is_no_text_at_all_is_shortened()
    {
        InputException error = Parse("cpu0 " + new string('\u0001', 5000));
        Assert.Equal($"unknown call '{new string('?', 40)}...'", error.Problem);
    }

    private static InputException Parse(string text) =>
        Assert.Throws<InputException>(() => ProgramText.Parse(MmLanguage.Instance, text, "x.program"));

    private static void Same(InputException error, int line, int column, string problem, string expected) =>
        Assert.Equal((line, column, problem, expected), (error.Line, error.Column, error.Problem, error.Expected));
}
