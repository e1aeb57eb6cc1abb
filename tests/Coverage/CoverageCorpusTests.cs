using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Mm;
using Tests.Defects;
using Xunit;

namespace Tests.Coverage;

/// <summary>What campaigns have found worth keeping, run again with every change.</summary>
public class CoverageCorpusTests
{
    /// <summary>Nine tenths of what it showed when it was written: points come and go.</summary>
    private const int HandoffsMin = 3600;

    private static string Folder => Path.Combine(CorpusFolder.Root, "corpus", "coverage");

    [Fact]
    public void The_corpus_runs_the_same_twice_and_breaks_no_law_but_those_that_are_known()
    {
        MmEngine engine = new();
        CorpusReader reader = new(engine.Language, engine.Machine.Points);
        (Executor first, Executor second) = (new Executor(engine), new Executor(new MmEngine()));
        (TestCaseRunner one, TestCaseRunner other) = (new TestCaseRunner(first), new TestCaseRunner(second));
        FeatureSet features = new(engine.Machine.Points, Feedback.Handoffs);
        HashSet<Signature> known = [.. reader.Reproducers(Path.Combine(CorpusFolder.Root, "corpus", "regressions"))
            .Select(entry => entry.Reproducer.Violates)];
        foreach (CorpusEntry entry in reader.Read(Folder))
        {
            one.Begin(entry.TestCase);
            other.Begin(entry.TestCase);
            while (one.Next() | other.Next())
            {
                Assert.Null(DeterminismCheck.Compare(first, second));
                Assert.All(engine.Verdict.Violations.Take(1), broken => Assert.Contains(broken.Signature, known));
                features.Add(engine.Machine);
            }
        }

        Assert.Empty(reader.Problems);
        Assert.InRange(features.Handoffs, HandoffsMin, int.MaxValue);
    }

    [Fact]
    public void Nobody_but_min_writes_it()
    {
        Points.DefineAll();
        Assert.All(Directory.GetFiles(Folder), file =>
        {
            string text = File.ReadAllText(file);
            TestCase testCase = TestCaseText.Parse(MmLanguage.Instance, text, file, Points.Table);
            Assert.Equal(TestCaseText.Print(testCase), text);
            Assert.Equal(CorpusStore.NameOf(testCase), Path.GetFileName(file));
        });
    }
}
