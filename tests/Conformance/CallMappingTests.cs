using Conformance;
using Fuzz.Programs;
using Tests.Defects;
using Xunit;

namespace Tests.Conformance;

public class CallMappingTests
{
    [Fact]
    public void Every_call_of_the_language_has_its_row() => Assert.Equal(
        MmLanguage.Instance.Calls.Select(call => (MmCall)call.Kind), CallMapping.Rows.Select(row => row.Call));

    [Fact]
    public void A_call_is_made_somehow_or_there_is_a_reason_why_not() => Assert.All(
        CallMapping.Rows, row => Assert.NotEqual(row.SystemCall.Length == 0, row.Reason.Length == 0));

    [Fact]
    public void The_page_of_the_folder_has_the_same_table()
    {
        string[] page = File.ReadAllLines(Path.Combine(CorpusFolder.Root, "src", "Conformance", "README.md"));
        IEnumerable<string> expected = CallMapping.Rows.Select(row =>
            $"| `{MmLanguage.Instance.Calls[(int)row.Call].Name}` | {row.SystemCall} | {row.Reason} |");
        Assert.Equal(expected, page.Where(line => expected.Contains(line, StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("write mm0 p1", "write 0 1 V")]
    [InlineData("fork mm0 mm1", "fork 0 1")]
    [InlineData("dontneed mm0 p2 4", "madvise 0 2 2 dontneed")]
    [InlineData("munmap mm0 p1 2; map mm0 p0 4", "map 0 1 2")]
    [InlineData("munmap mm0 p1 1; munmap mm0 p3 1; map mm0 p0 4", "map 0 1 1", "map 0 3 1")]
    [InlineData("mremap mm0 p0 p1 4", "mremap 0 0 1 1")]
    [InlineData("mremap mm0 p0 p2 4", "mremap 0 0 2 2")]
    [InlineData("mapshared mm0 p3 f1 i0", "munmap 0 3 1", "mapshared 0 3 1 0 1")]
    [InlineData("mapprivate mm0 p1 f0 i1", "munmap 0 1 1", "mapprivate 0 1 0 1 1")]
    [InlineData("punch f0 i1 4", "punch 0 1 1")]
    [InlineData("truncate f0 4", "truncate 0 2")]
    [InlineData("pinwrite mm0 p1", "pin 0 1 0")]
    [InlineData("pinwrite mm0 p1; pinwrite mm0 p2", "pin 0 2 1")]
    [InlineData("pinwrite mm0 p1; pinwrite mm0 p2; dma mm0 p2", "dmawrite 0 1 V")]
    [InlineData("pinwrite mm0 p1; mremap mm0 p1 p2 1; unpin mm0 p2", "unpin 0 0")]
    [InlineData("write mm0 p1; getpage mm0 p1", "getpage 0 1 0")]
    [InlineData("write mm0 p1; getpage mm0 p1; putpage mm0 p1", "putpage 0 0")]
    [InlineData("attach mm0 memcg1", "attach 0 1")]
    [InlineData("attach mm0 memcg1; attach mm0 memcg0; offline memcg1", "offline 1")]
    [InlineData("move mm0 p0 p3 4", "uffdmove 0 0 3 1")]
    [InlineData("pageoutrange mm0 p3", "madvise 0 0 4 pageout")]
    [InlineData("migrate mm0 p3", "migrate 0 3 1 all")]
    [InlineData("merge mm0 p0 mm0 p2", "madvise 0 0 4 mergeable", "ksm")]
    [InlineData("fork mm0 mm1; munmap mm1 p1 1; merge mm1 p0 mm0 p2", "madvise 1 0 1 mergeable",
        "madvise 1 2 2 mergeable", "madvise 0 0 4 mergeable", "ksm")]
    [InlineData("merge mm0 p0 mm0 p2; munmap mm0 p1 1; map mm0 p0 4", "map 0 1 1", "madvise 0 1 1 mergeable")]
    [InlineData("merge mm0 p0 mm0 p2; mapprivate mm0 p1 f0 i1", "munmap 0 1 1", "mapprivate 0 1 0 1 1",
        "madvise 0 1 1 mergeable")]
    [InlineData("merge mm0 p0 mm0 p2; unmerge mm0 p2 1", "madvise 0 2 1 unmergeable", "madvise 0 2 1 mergeable")]
    public void The_last_call_is_made_by_these_operations(string calls, params string[] operations)
    {
        Assert.Equal(operations, Plan(calls)?.Operations);
    }

    [Theory]
    [InlineData("read mm1 p0")]
    [InlineData("fork mm0 mm0")]
    [InlineData("fork mm0 mm1; fork mm0 mm1")]
    [InlineData("map mm0 p0 4")]
    [InlineData("munmap mm0 p0 1; mremap mm0 p0 p1 1")]
    [InlineData("mapshared mm0 p0 f0 i0; mremap mm0 p0 p3 1")]
    [InlineData("move mm0 p1 p1 1")]
    [InlineData("swapon")]
    [InlineData("read mm0 p0; poison mm0 p0")]
    [InlineData("mapshared mm0 p0 f0 i0; write mm0 p0; softoffline mm0 p0")]
    [InlineData("unpin mm0 p0")]
    [InlineData("dma mm0 p0")]
    [InlineData("mapshared mm0 p0 f0 i0; pinwrite mm0 p0")]
    [InlineData("offline memcg0")]
    [InlineData("merge mm0 p0 mm1 p2")]
    [InlineData("unmerge mm0 p0 4")]
    [InlineData("offline memcg1; attach mm0 memcg1")]
    [InlineData("mapshared mm0 p0 f0 i0; invalidate f0 i0")]
    [InlineData("mapshared mm0 p0 f0 i0; write mm0 p0; writeback f0")]
    public void A_call_that_finds_nothing_to_do_is_not_made(string calls) => Assert.Null(Plan(calls));

    [Theory]
    [InlineData("mapshared mm0 p0 f0 i0; read mm0 p0; invalidate f0 i0", "invalidate 0 0 1")]
    [InlineData("mapshared mm0 p0 f0 i0; write mm0 p0; invalidate f0 i0")]
    [InlineData("mapshared mm0 p0 f0 i0; write mm0 p0; writeback f0; invalidate f0 i0", "invalidate 0 0 1")]
    [InlineData("truncate f0 0; invalidate f0 i0")]
    public void A_page_on_disk_is_invalidated_while_it_is_clean(string calls, params string[] operations) =>
        Assert.Equal(operations, Plan(calls, " filetype disk")?.Operations ?? []);

    [Theory]
    [InlineData("thp mthp", false)]
    [InlineData("thp pmd", true)]
    public void What_may_come_back_from_swap_as_part_of_a_large_folio_is_not_broken(string thp, bool asked) =>
        Assert.Equal(asked, Plan(
            "write mm0 p0; pageoutrange mm0 p0; poison mm0 p0", $" pmd 2 {thp}") is not null);

    [Fact]
    public void Zeroes_that_go_to_a_slow_device_end_a_program()
    {
        Program program = ProgramText.Parse(
            MmLanguage.Instance, "shape device async\nsetup writezero mm0 p0; pageout mm0 p0; read mm0 p0");
        Trial trial = Sides.With().Run(program);
        Assert.Equal((2, TrialEnd.Outside), (trial.Calls, trial.End));
    }

    [Theory]
    [InlineData("read mm0 p0", "0")]
    [InlineData("write mm0 p0", "ok")]
    [InlineData("munmap mm0 p0 1; read mm0 p0", "sig11")]
    [InlineData("readonly mm0 p0 1; write mm0 p0", "sig11")]
    [InlineData("mapshared mm0 p0 f0 i0; truncate f0 0; write mm0 p0", "sig7")]
    [InlineData("munmap mm0 p1 1; dontneed mm0 p0 4", "-ENOMEM")]
    [InlineData("mlock mm0 p1 1; dontneed mm0 p0 4", "-EINVAL")]
    [InlineData("mlock mm0 p1 1; dontneed mm0 p0 1", "ok")]
    [InlineData("mapshared mm0 p0 f0 i0; free mm0 p0 1", "-EINVAL")]
    [InlineData("munmap mm0 p1 1; mlock mm0 p0 4", "-ENOMEM")]
    [InlineData("mapshared mm0 p0 f0 i0; truncate f0 0; mlock mm0 p0 1", null)]
    [InlineData("swapoff; swapoff", "-EINVAL")]
    [InlineData("swapoff; swapon", "ok")]
    [InlineData("attach mm0 memcg1; offline memcg1", "-EBUSY")]
    [InlineData("offline memcg1", "ok")]
    [InlineData("pinwrite mm0 p0", "ok")]
    [InlineData("readonly mm0 p0 1; pinwrite mm0 p0", "-EFAULT")]
    [InlineData("migrate mm0 p0", null)]
    public void The_answer_to_the_last_call_is_what_the_manual_page_says(string calls, string? answer) =>
        Assert.Equal(answer, Sides.After(Text(calls)).Answer);

    [Fact]
    public void What_the_engine_has_stored_is_what_is_stored_and_what_a_load_returns()
    {
        using EngineSide engine = new(judged: true);
        Program program = ProgramText.Parse(MmLanguage.Instance, Text("write mm0 p0; write mm0 p1; read mm0 p0"));
        engine.Reset(program.Shape);
        string[] operations = new string[program.Setup.Length];
        string? answer = null;
        for (int i = 0; i < program.Setup.Length; i++)
        {
            CallPlan plan = engine.Plan(program.Setup[i])!;
            answer = engine.Run(plan)!.Answer;
            operations[i] = Assert.Single(plan.OperationsWithValue(engine.Kernel));
        }

        string first = operations[0].Split(' ')[^1];
        Assert.Equal($"write 0 0 {first}", operations[0]);
        Assert.NotEqual(first, operations[1].Split(' ')[^1]);
        Assert.Equal(first, answer);
    }

    private static string Text(string calls, string more = "") =>
        $"shape mms 2 pages 4 slots 4 device sync files 2 filepages 2 memcgs 2{more}\nsetup {calls}";

    private static CallPlan? Plan(string calls, string more = "")
    {
        Program program = ProgramText.Parse(MmLanguage.Instance, Text(calls, more));
        using EngineSide engine = new(judged: true);
        engine.Reset(program.Shape);
        foreach (Call call in program.Setup[..^1])
        {
            Assert.NotNull(engine.Run(engine.Plan(call)!));
        }

        return engine.Plan(program.Setup[^1]);
    }
}
