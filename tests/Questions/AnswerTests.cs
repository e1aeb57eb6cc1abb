using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Questions;
using Fuzz.Reporting;
using Generators;
using Tests.Defects;
using Xunit;

namespace Tests.Questions;

/// <summary>The checked-in answers: what they say is what a search says.</summary>
public class AnswerTests
{
    private static readonly string Folder = Path.Combine(CorpusFolder.Root, "corpus", "answers");

    public static TheoryData<string> Questions => [.. Question.All.Select(question => question.Name)];

    [Theory]
    [MemberData(nameof(Questions))]
    public void An_enumeration_alone_says_of_each_cell_what_the_sheet_says(string name)
    {
        Question question = Find(name);
        Asker asker = new(question, () => new ProgramSource(), new AskBudget(Enumerated: 1000, Sampled: 0));
        Asker patient = new(question, () => new ProgramSource(), new AskBudget(Enumerated: 50_000, Sampled: 0));
        string sheet = Sheet(question);
        foreach (Cell cell in question.Cells)
        {
            // What takes more preemptions is found late.
            bool safe = asker.Ask(cell).Safe;
            safe = safe && (Says(sheet, cell, safe) || patient.Ask(cell).Safe);
            Assert.True(Says(sheet, cell, safe), AnswerSheet.Head(cell, safe));
        }
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public void Each_broken_cell_has_a_reproducer_that_fails_with_its_kernel_and_passes_on_v6_18(string name)
    {
        Question question = Find(name);
        string sheet = Sheet(question);
        foreach (Cell cell in question.Cells)
        {
            string file = Path.Combine(Folder, AnswerSheet.FileOf(question, cell));
            bool broken = sheet.Contains($"\n{AnswerSheet.Head(cell, safe: false)}", StringComparison.Ordinal);
            Assert.Equal(broken, File.Exists(file));
            if (!broken)
            {
                continue;
            }

            Reproducer reproducer = Reproducer.Parse(
                Fuzz.Programs.MmLanguage.Instance, File.ReadAllText(file), file);
            Assert.Equal(cell.Variants, reproducer.Variants);
            Assert.Equal(
                ReplayEnd.Fails,
                new ReproducerRunner(reproducer, new MmEngine(reproducer.Variants), strict: true).Run().End);
            Assert.Equal(
                ReplayEnd.Passes, new ReproducerRunner(reproducer, new MmEngine(), strict: false).Run().End);
        }
    }

    [Fact]
    public void Each_file_of_the_answers_belongs_to_a_question()
    {
        string[] expected =
        [
            .. Question.All.Select(question => question.Name + AnswerSheet.Suffix),
            .. Question.All.SelectMany(question => question.Cells
                .Select(cell => AnswerSheet.FileOf(question, cell))
                .Where(file => File.Exists(Path.Combine(Folder, file)))),
        ];
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            Directory.GetFiles(Folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public void Cells_have_names_of_their_own_and_variants_that_exist(string name)
    {
        Question question = Find(name);
        Assert.Equal(question.Cells.Count, question.Cells.Select(cell => cell.Slug).Distinct().Count());
        Assert.All(question.Cells, cell => Assert.Equal(cell.Variants, new MmEngine(cell.Variants).Variants));
        Assert.All(question.Cells, cell => Assert.NotEmpty(cell.Programs));
    }

    [Fact]
    public void Random_programs_alone_find_what_is_broken()
    {
        Question question = Find("first-mapper");
        Cell cell = question.Cells.First(c => c.Column == "always exclusive");
        Asker asker = new(question, () => new ProgramSource(), new AskBudget(0, 200_000));
        Answer answer = asker.Ask(cell with { Programs = [] });
        Assert.False(answer.Safe);
        Assert.InRange(answer.Sampled, 1, 200_000);
    }

    private static bool Says(string sheet, Cell cell, bool safe) =>
        sheet.Contains($"\n{AnswerSheet.Head(cell, safe)}", StringComparison.Ordinal);

    private static Question Find(string name) => Question.All.First(question => question.Name == name);

    private static string Sheet(Question question) =>
        File.ReadAllText(Path.Combine(Folder, question.Name + AnswerSheet.Suffix));
}
