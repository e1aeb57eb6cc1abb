using System.Diagnostics;
using Xunit;

namespace Tests.StandIns;

public sealed class SharpFuzzTests
{
    private const int Crash = 2;

    [Theory]
    [InlineData("stream")]
    [InlineData("string")]
    [InlineData("out of process")]
    public void Without_a_fuzzer_the_body_runs_once_on_standard_input(string entry) =>
        Assert.Equal(("an input", 0), FakeFuzzer.RunAlone(entry, "", "an input"));

    [Fact]
    public void Without_a_fuzzer_an_exception_of_the_body_ends_the_program() =>
        Assert.NotEqual(0, FakeFuzzer.RunAlone("stream", "", "!").ExitCode);

    [Fact]
    public void Without_libFuzzer_the_body_runs_on_the_file_of_the_first_argument()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "a file");
        Assert.Equal(("a file", 0), FakeFuzzer.RunAlone("libFuzzer", path, ""));
        File.Delete(path);
    }

    [Fact]
    public void RunOnce_insists_on_AFL() => Assert.NotEqual(0, FakeFuzzer.RunAlone("once", "", "").ExitCode);

    [Fact]
    public void RunOnce_leaves_its_trace_in_the_memory_of_AFL()
    {
        using var fuzzer = new FakeFuzzer("once");
        Assert.Equal(0, fuzzer.Leave());
        Assert.Equal("0:1", fuzzer.Edges());
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("string")]
    public void Under_AFL_each_execution_reports_its_trace_and_its_crash(string entry)
    {
        using var fuzzer = new FakeFuzzer(entry, "A");
        Assert.Equal(0, fuzzer.Hello());
        foreach (var (text, status) in new[] { ("A", 0), ("BB", 0), ("!", Crash), ("C", 0) })
        {
            Assert.Equal((fuzzer.TargetId, status), fuzzer.Execute(text));
            Assert.Equal($"{(int)text[0]}:1", fuzzer.Edges());
        }
    }

    [Fact]
    public void Out_of_process_the_child_executes_and_reports()
    {
        using var fuzzer = new FakeFuzzer("out of process", "A");
        Assert.Equal(0, fuzzer.Hello());
        var (child, first) = fuzzer.Execute("A");
        Assert.NotEqual(fuzzer.TargetId, child);
        Assert.Equal((0, "65:1"), (first, fuzzer.Edges()));
        Assert.Equal((child, Crash), fuzzer.Execute("!"));
        Assert.Equal((child, 0), fuzzer.Execute("B"));
        Assert.Equal("66:1", fuzzer.Edges());
    }

    [Fact]
    public void Out_of_process_a_dead_child_is_a_crash_and_has_a_successor()
    {
        using var fuzzer = new FakeFuzzer("out of process", "A");
        fuzzer.Hello();
        var (first, _) = fuzzer.Execute("A");
        Assert.Equal((first, Crash), fuzzer.Execute("#"));

        var (second, status) = fuzzer.Execute("~", process => Process.GetProcessById(process).Kill());
        Assert.NotEqual(first, second);
        Assert.Equal(Crash, status);

        var (third, last) = fuzzer.Execute("B");
        Assert.NotEqual(second, third);
        Assert.Equal((0, "66:1"), (last, fuzzer.Edges()));
    }

    [Fact]
    public void Under_libFuzzer_each_input_lies_behind_the_map_and_a_crash_ends_the_loop()
    {
        using var fuzzer = new FakeFuzzer("libFuzzer");
        Assert.Equal(0, fuzzer.Hello());
        Assert.Equal(0, fuzzer.ExecuteShared("A"u8.ToArray()));
        Assert.Equal("65:1", fuzzer.Edges());
        Assert.Equal(0, fuzzer.ExecuteShared([]));
        Assert.Equal("0:1", fuzzer.Edges());
        Assert.Equal(Crash, fuzzer.ExecuteShared("!"u8.ToArray()));
        Assert.Equal("33:1", fuzzer.Edges());
        Assert.Equal(0, fuzzer.Leave());
    }
}
