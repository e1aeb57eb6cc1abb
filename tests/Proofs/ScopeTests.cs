using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Shrinking;
using Tests.Defects;
using Tests.Toys;
using Xunit;

namespace Tests.Proofs;

/// <summary>All programs up to a size: how many there are, and that those which are left out would have shown
/// nothing else.</summary>
public class ScopeTests
{
    private const long Budget = 200_000;

    /// <summary>One lane: 2^n; several, of a language that says nothing of what is alike: 2^n for each way to cut n
    /// calls into two.</summary>
    [Theory]
    [InlineData(1, 2, 2)]
    [InlineData(2, (2 + 1) * 4, 4 + 4)]
    [InlineData(3, (3 + 3) * 8, 8 + 2 * 8)]
    [InlineData(4, (4 + 6) * 16, 16 + 3 * 16)]
    public void Programs_of_a_language_of_which_nothing_is_known_differ_in_all_but_their_setup(
        int size, double programs, int explored)
    {
        ProgramEnumerator all = new(MapcountEngine.Mapcounts, [1], ["fault", "zap"], lanesMax: 2);
        Assert.Equal(programs, all.Count(size));
        Assert.Equal(Everything(MapcountEngine.Mapcounts, [1], all, size).Distinct().Count(), all.Count(size));
        Assert.Equal(explored, all.Representatives(size).Count());
    }

    /// <summary>Two pages, two lanes, read and write: the pages change places in all programs (16 to 8 of one lane),
    /// and so do the lanes, which leaves (16 + 0 + 4 + 4) / 4 by Burnside's lemma. Calls that drain all cpus in turn
    /// tell the lanes apart. Of read and fork, mm1 is in those that have forked into it before or beside, and its fork
    /// after a read, which makes the cpu forget.</summary>
    [Theory]
    [InlineData("read,write", "pages 2", 4, 8 + 6)]
    [InlineData("read,write", "pages 1", 2, 4 + 3)]
    [InlineData("poison,softoffline", "pages 1", 2, 4 + 4)]
    [InlineData("read,fork", "mms 2", 4, 3 + 4 + 5)]
    public void Programs_of_two_calls_are_as_many_as_can_be_told_apart(
        string names, string shape, int calls, int explored)
    {
        ProgramEnumerator all = Of(names, shape);
        Assert.Equal(calls, all.Calls.Count);
        Program[] representatives = [.. all.Representatives(2)];
        Assert.Equal(explored, representatives.Length);
        Assert.All(representatives, program =>
            Assert.DoesNotContain(Twins.Of(program), twin => SimplerThan.Holds(twin, program)));
    }

    [Fact]
    public void Ranges_that_end_at_the_last_page_are_there_once_and_nobody_forks_into_himself()
    {
        ProgramEnumerator all = new(
            MmLanguage.Instance, ShapeOf("mms 2  pages 2"), ["dontneed", "fork"], lanesMax: 1, numbersMax: 4);
        Assert.Equal(
            [
                "fork mm0 mm1", "fork mm1 mm0", "dontneed mm0 p0 1", "dontneed mm0 p0 2", "dontneed mm0 p1 1",
                "dontneed mm1 p0 1", "dontneed mm1 p0 2", "dontneed mm1 p1 1",
            ],
            all.Calls.Select(call => ProgramText.Print(MmLanguage.Instance, call)));
    }

    [Theory]
    [InlineData("read,write,fork", "mms 2", 2, "fork-without-flush")]
    [InlineData("write,migrate", "pages 1", 3, "migrate-without-flush")]
    [InlineData("write,munmap", "pages 1", 3, "delayed-anon-rmap")]
    public void Those_that_are_explored_break_what_any_program_breaks(
        string names, string shape, int size, string variant)
    {
        ProgramEnumerator all = Of(names, shape);
        SortedSet<string> any = Broken(Everything(MmLanguage.Instance, ShapeOf(shape), all, size), variant);
        Assert.NotEmpty(any);
        Assert.Equal(any, Broken(all.Representatives(size), variant));
    }

    [Fact]
    public void What_is_found_does_not_depend_on_the_number_of_threads()
    {
        ScopeResult one = Search(1);
        ScopeResult three = Search(3);
        Assert.Equal(one.Sizes, three.Sizes);
        Assert.Equal(one.Failures.Select(found => found.Program), three.Failures.Select(found => found.Program));
        Assert.Equal(one.Simplest!.Program, three.Simplest!.Program);
        Assert.Equal(one.Simplest.Schedule, three.Simplest.Schedule);

        static ScopeResult Search(int threads) => ScopeTests.Search(
            Of("read,write,fork", "mms 2"), 3, threads, "copy-without-flush");
    }

    [Fact]
    public void A_defect_of_history_ends_at_the_simplest_of_all_programs_that_fail()
    {
        // next-20221107: rmap is removed after the page table's lock is given back, and migration finds no anon_vma.
        string file = Path.Combine(CorpusFolder.Defects, "migrate-bug.reproducer");
        Reproducer known = Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(file), file);
        ScopeResult result = new SmallScope(
            Of("write,munmap,migrate", "pages 1"), Budget, () => new Executor(new MmEngine(known.Variants)), 2,
            verdict => verdict.Find(known.Violates) is not null).Search(3);
        Assert.Equal(2, result.Proven);
        Assert.Equal(known.Program, result.Simplest!.Program);
        Assert.Equal(known.Schedule.Preemptions, result.Simplest.Schedule.Preemptions);
    }

    [Fact]
    public void Nothing_of_at_most_two_calls_fails_on_v6_18()
    {
        ScopeResult result = Search(Of("read,write,fork,pageout,dontneed,migrate,exit", "mms 2"), 2, 1);
        Assert.Null(result.Simplest);
        Assert.Equal(2, result.Proven);
        Assert.Equal(14 * 1 + 14 * 14 * 3, result.Sizes.Sum(size => size.Programs));
    }

    [Fact]
    public void A_budget_that_ends_leaves_the_sizes_that_were_done_and_programs_that_are_too_large_are_counted()
    {
        ProgramEnumerator all = Of("write,pageout", "slots 1");
        SmallScope open = new(all, 50, () => new Executor(new MmEngine()), 1);
        ScopeResult result = open.Search(2);
        Assert.Equal(1, result.Proven);
        Assert.True(result.Sizes[1].Open > 0);

        ScopeResult ended = new SmallScope(all, Budget, () => new Executor(new MmEngine()), 1).Search(3, totalMax: 100);
        Assert.Single(ended.Sizes);
        Assert.True(ended.Beyond > 0);
    }

    private static ScopeResult Search(ProgramEnumerator all, int size, int threads, params string[] variants) =>
        new SmallScope(all, Budget, () => new Executor(new MmEngine(variants)), threads).Search(size);

    private static SortedSet<string> Broken(IEnumerable<Program> programs, string variant)
    {
        MmEngine engine = new(variant);
        return new(programs.SelectMany(program => EndStates.Of(program, engine).Broken), StringComparer.Ordinal);
    }

    private static ProgramEnumerator Of(string names, string shape) =>
        new(MmLanguage.Instance, ShapeOf(shape), names.Split(','), lanesMax: 2);

    private static int[] ShapeOf(string shape) =>
        ProgramText.Parse(MmLanguage.Instance, $"shape {shape}\n").Shape;

    /// <summary>All programs of that many calls, setups and lanes, one after the other: as one would count by
    /// hand.</summary>
    private static IEnumerable<Program> Everything(Language language, int[] shape, ProgramEnumerator all, int size) =>
        from word in Words(all.Calls, size)
        from setup in Enumerable.Range(0, size)
        from first in Enumerable.Range(setup + 1, size - setup)
        select new Program(
            language, shape, word[..setup],
            first == size ? [word[setup..]] : [word[setup..first], word[first..]]);

    private static IEnumerable<Call[]> Words(IReadOnlyList<Call> calls, int size) => size == 0 ? [[]] :
        from first in calls
        from rest in Words(calls, size - 1)
        select (Call[])[first, .. rest];
}
