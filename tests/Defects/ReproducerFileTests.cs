using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;
using Mm.History;
using Xunit;

namespace Tests.Defects;

public class ReproducerFileTests
{
    private const int Times = 1000;

    public static TheoryData<string> Stories => [.. Story.All.Select(story => story.Name)];

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_story_has_its_reproducer_in_its_canonical_form_and_its_report(string name)
    {
        Story story = Find(name);
        Reproducer reproducer = CorpusFolder.Read(story);
        Assert.Equal(reproducer.Print(), File.ReadAllText(CorpusFolder.FileOf(story)));
        Assert.Equal(story.Variants, reproducer.Variants);
        Assert.True(story.Matches(new Violation(reproducer.Violates, LawKind.Symptom, "", 0, null)));
        Assert.False(string.IsNullOrEmpty(reproducer.Remark));
        Assert.True(File.Exists(Path.ChangeExtension(CorpusFolder.FileOf(story), ".report.txt")));
    }

    [Fact]
    public void Each_reproducer_belongs_to_a_story() => Assert.Equal(
        Story.All.Select(story => story.Name).Order(StringComparer.Ordinal),
        Directory.GetFiles(CorpusFolder.Defects, $"*{CorpusStore.ReproducerSuffix}")
            .Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_reproducer_fails_with_its_variant_1000_times_of_1000_in_the_same_steps(string name)
    {
        Reproducer reproducer = CorpusFolder.Read(Find(name));
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
        Assert.Equal(new Replay(ReplayEnd.Fails), runner.Run());
        TraceStep[] trace = runner.Engine.Machine.Trace.ToArray();
        Violation[] broken = [.. runner.Engine.Verdict.Violations];
        Assert.Equal(reproducer.Schedule, Schedule.FromTrace(runner.Engine.Machine));
        for (int i = 1; i < Times; i++)
        {
            Assert.Equal(new Replay(ReplayEnd.Fails), runner.Run());
            Assert.True(runner.Engine.Machine.Trace.SequenceEqual(trace));
            Assert.Equal(broken, runner.Engine.Verdict.Violations);
        }
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_reproducer_passes_without_its_variant_1000_times_of_1000_in_the_same_steps(string name)
    {
        Reproducer reproducer = CorpusFolder.Read(Find(name));
        ReproducerRunner runner = new(reproducer, new MmEngine(), strict: false);
        Assert.Equal(new Replay(ReplayEnd.Passes), runner.Run());
        TraceStep[] trace = runner.Engine.Machine.Trace.ToArray();
        for (int i = 1; i < Times; i++)
        {
            Assert.Equal(new Replay(ReplayEnd.Passes), runner.Run());
            Assert.True(runner.Engine.Machine.Trace.SequenceEqual(trace));
        }
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_reproducer_says_what_proves_its_fix_whom_to_blame_and_how_far_the_symptom_is(string name)
    {
        Story story = Find(name);
        Reproducer reproducer = CorpusFolder.Read(story);
        Assert.Contains("v6.18 passes", reproducer.Proof, StringComparison.Ordinal);
        Assert.NotNull(reproducer.Distance);
        Assert.NotNull(reproducer.Caught);
        if (!Chronicle.Knows(story.Variant))
        {
            // Its program may well fail in the history, too, with something else.
            Assert.Matches(
                $"^(no commit: variant {story.Variant}|first bad .+|bad from the beginning.+)$", reproducer.Blame);
            return;
        }

        // Its program may well fail before: with a form of the routine that has the same flaw, and others.
        Commit? begin = Chronicle.BeginOf(story.Variant);
        Commit? first = Chronicle.All.FirstOrDefault(
            commit => reproducer.Blame!.StartsWith($"first bad {commit.Name} ", StringComparison.Ordinal));
        Assert.True(
            first is null
                ? reproducer.Blame!.StartsWith("bad from the beginning", StringComparison.Ordinal)
                : begin is not null && string.CompareOrdinal(first.Date, begin.Date) <= 0, reproducer.Blame);
        Commit? end = Chronicle.EndOf(story.Variant);
        Assert.EndsWith(
            end is null ? "not fixed where it was tried" : $"fixed by {end.Name} ({end.Release})", reproducer.Blame,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_of_the_stories_says_what_the_files_say() => Assert.Equal(
        CorpusTable.Print(Story.All.Select(story => (story, CorpusFolder.Read(story)))),
        CorpusTable.Find(File.ReadAllText(Path.Combine(CorpusFolder.Root, "corpus", "README.md"))));

    [Theory]
    [InlineData("lost-pg-lru", 2)]
    [InlineData("double-first-map", 2)]
    [InlineData("slot-aba", 4)]
    public void A_reproducer_is_no_larger_than_it_has_to_be(string name, int callsMax)
    {
        Reproducer reproducer = CorpusFolder.Read(Find(name));
        Assert.Equal(2, reproducer.Program.Cpus.Length);
        Assert.True(reproducer.Program.ConcurrentCalls <= callsMax);
    }

    private static Story Find(string name) => Story.All.First(story => story.Name == name);
}
