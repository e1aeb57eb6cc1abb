using System.Text;

namespace Fuzz.Questions;

/// <summary>The answers to one question as a page: the table, then each cell with what it rests on.</summary>
public static class AnswerSheet
{
    /// <summary>The folder of the checked-in answers.</summary>
    public const string Folder = "corpus/answers";

    /// <summary>How a sheet's file name ends.</summary>
    public const string Suffix = ".md";

    private const string Broken = "BROKEN";
    private const string Differs = " (!)";

    /// <summary>The file of a cell's reproducer, from <see cref="Folder"/>.</summary>
    public static string FileOf(Question question, Cell cell) => $"{question.Name}/{cell.Slug}.reproducer";

    /// <summary>How the line of a cell begins in the list of cells.</summary>
    public static string Head(Cell cell, bool safe) => $"- **{cell.Row} x {cell.Column}**: {Word(safe)}, ";

    /// <summary>The sheet.</summary>
    /// <param name="question">The question.</param>
    /// <param name="answers">One for each cell, in the question's order.</param>
    /// <param name="command">The command line that gives the same sheet.</param>
    public static string Print(Question question, IReadOnlyList<Answer> answers, string command)
    {
        StringBuilder text = new();
        text.Append("# ").Append(question.Name).Append("\n\n").Append(question.Title).Append("\n\n");
        text.Append("Written by `").Append(command).Append("`.\n\n");
        Lines(text, "> ", question.Asked);
        PrintTable(text, answers);
        text.Append('\n').Append(Summary(answers)).Append("\n\n");
        Lines(text, "- ", question.Legend);
        text.Append("Broken are ").Append(question.Counts).Append(".\n\n");
        Lines(text, "", question.Finding);
        text.Append("## Cells\n\n");
        foreach (Answer answer in answers)
        {
            PrintCell(text, question, answer);
        }

        return text.ToString();
    }

    private static void Lines(StringBuilder text, string first, IReadOnlyList<string> lines)
    {
        foreach (string line in lines)
        {
            text.Append(first).Append(line).Append('\n');
        }

        text.Append(lines.Count == 0 ? "" : "\n");
    }

    private static void PrintTable(StringBuilder text, IReadOnlyList<Answer> answers)
    {
        string[] rows = [.. answers.Select(answer => answer.Cell.Row).Distinct(StringComparer.Ordinal)];
        string[] columns = [.. answers.Select(answer => answer.Cell.Column).Distinct(StringComparer.Ordinal)];
        int[] widths = [.. columns.Select(column => Math.Max(column.Length, (Broken + Differs).Length))];
        int first = rows.Max(row => row.Length);
        Line(text, "".PadRight(first), columns.Select((column, i) => column.PadRight(widths[i])));
        Line(text, new string('-', first), widths.Select(width => new string('-', width)));
        foreach (string row in rows)
        {
            Line(
                text, row.PadRight(first),
                columns.Select((column, i) => Mark(answers, row, column).PadRight(widths[i])));
        }
    }

    private static void Line(StringBuilder text, string first, IEnumerable<string> rest) =>
        text.Append("| ").Append(string.Join(" | ", rest.Prepend(first))).Append(" |\n");

    private static string Mark(IReadOnlyList<Answer> answers, string row, string column)
    {
        Answer? answer = answers.FirstOrDefault(a => a.Cell.Row == row && a.Cell.Column == column);
        return answer is null ? "-" : Word(answer.Safe) + (answer.Agrees == false ? Differs : "");
    }

    private static string Word(bool safe) => safe ? "safe" : Broken;

    private static string Summary(IReadOnlyList<Answer> answers)
    {
        int differ = answers.Count(answer => answer.Agrees == false);
        int agree = answers.Count(answer => answer.Agrees == true);
        return $"{answers.Count} cells, {answers.Count(a => !a.Safe)} broken: {agree} as was concluded, {differ} "
            + $"otherwise{(differ == 0 ? "" : $" (those with{Differs})")}, {answers.Count - agree - differ} that"
            + " nobody had concluded anything about.";
    }

    private static void PrintCell(StringBuilder text, Question question, Answer answer)
    {
        string variants = answer.Cell.Variants.Count == 0
            ? "plain v6.18" : string.Join(", ", answer.Cell.Variants.Select(variant => $"`{variant}`"));
        text.Append(Head(answer.Cell, answer.Safe)).Append(Describe(answer)).Append(".\n");
        text.Append("  ").Append(variants).Append(": ").Append(answer.Basis).Append(".\n");
        if (!answer.Safe)
        {
            string file = FileOf(question, answer.Cell);
            text.Append("  [").Append(file).Append("](").Append(file).Append(")\n");
        }
    }

    private static string Describe(Answer answer) => (answer.Cell.Said, answer.Agrees) switch
    {
        (Conclusion.Open, _) => "which was left open",
        (_, true) => "as was concluded",
        (_, false) => "which is not what was concluded",
        _ => "about which nothing was said",
    };
}
