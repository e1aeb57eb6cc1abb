using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Generators;
using Xunit;

namespace Tests.Campaign;

public class AftermathTests
{
    [Fact]
    public void Distances_are_from_the_first_precursor_to_the_first_symptom()
    {
        Aftermath aftermath = new();
        aftermath.Add(Verdict((LawKind.Precursor, 10), (LawKind.Precursor, 12), (LawKind.Symptom, 44)));
        aftermath.Add(Verdict((LawKind.Precursor, 7)));
        aftermath.Add(Verdict());
        aftermath.Add(Verdict((LawKind.Symptom, 3)));
        Assert.Equal((4, 2, 2), (aftermath.Executions, aftermath.Precursors, aftermath.Symptoms));
        Assert.Equal(34, aftermath.Distance);
        Assert.Equal("34 steps", aftermath.DescribeDistance());
    }

    [Fact]
    public void Hunts_are_added_up_and_each_counts_once_for_what_it_showed()
    {
        Aftermath both = new();
        both.Add(Verdict((LawKind.Precursor, 1), (LawKind.Symptom, 3)));
        both.Add(Verdict((LawKind.Precursor, 1), (LawKind.Symptom, 9)));
        Aftermath early = new();
        early.Add(Verdict((LawKind.Precursor, 5)));
        early.Add(Verdict());
        Aftermath all = new();
        all.Add(both);
        all.Add(early);
        Assert.Equal("2 steps in the median, at most 8", all.DescribeDistance());
        Assert.Equal(
            "precursor in 75 % of executions (2 of 2 seeds), symptom in 50 % (1 of 2)", all.DescribeRates());
    }

    [Fact]
    public void What_never_shows_has_no_distance()
    {
        Aftermath aftermath = new();
        aftermath.Add(Verdict((LawKind.Precursor, 5)));
        Assert.Null(aftermath.Distance);
        Assert.Equal("no symptom in 1 executions", aftermath.DescribeDistance());
        aftermath.Add(Verdict((LawKind.Symptom, 5)));
        Assert.Equal("none: no precursor before the symptom", aftermath.DescribeDistance());
    }

    [Fact]
    public void A_precursor_does_not_end_an_execution_and_a_symptom_does()
    {
        Reproducer lost = Failures.Parse();
        Executor executor = new(new MmEngine(lost.Variants));
        executor.Run(lost.Program, new ReplayScheduler(lost.Schedule, executor.Engine.Machine.Points, strict: false));
        Violation precursor = executor.Engine.Verdict.Precursor!;
        Assert.Equal(lost.Violates, precursor.Signature);
        Assert.True(executor.Engine.Machine.Steps > precursor.Step + 1);
        Violation symptom = executor.Engine.Verdict.Symptom!;
        Assert.Equal(executor.Engine.Machine.Steps - 1, symptom.Step);
    }

    [Fact]
    public void A_hunt_follows_the_program_that_it_found()
    {
        Story story = Story.All.First(s => s.Name == "lost-pg-waiters");
        HuntOptions options = new(400_000, double.PositiveInfinity, AftermathExecutions: 100);
        HuntResult result = Hunter.Hunt(story, new ProgramSource(), 1, options, CancellationToken.None);
        Assert.Equal(101, result.Aftermath.Executions);
        Assert.InRange(result.Aftermath.Precursors, 1, 101);
    }

    [Fact]
    public void The_table_is_put_between_its_lines_and_found_there()
    {
        Story story = Story.All.First(s => s.Name == "lost-pg-waiters");
        string table = CorpusTable.Print([(story, Failures.Parse())]);
        Assert.Contains("| 2+2 | 2 | 1 |", table, StringComparison.Ordinal);
        string page = $"above\n{CorpusTable.Begin}\nold\n{CorpusTable.End}\nbelow\n";
        string put = CorpusTable.Put(table, page)!;
        Assert.Equal(table, CorpusTable.Find(put));
        Assert.Equal(put, CorpusTable.Put(table, put));
        Assert.StartsWith("above\n", put, StringComparison.Ordinal);
        Assert.EndsWith("\nbelow\n", put, StringComparison.Ordinal);
        Assert.Null(CorpusTable.Put(table, "no place"));
    }

    private static Verdict Verdict(params (LawKind Kind, int Step)[] violations)
    {
        Verdict verdict = new();
        foreach ((LawKind kind, int step) in violations)
        {
            verdict.Add(new Violation(new Signature("oracle", $"{kind} {step}", "f"), kind, "", step, null));
        }

        return verdict;
    }
}
