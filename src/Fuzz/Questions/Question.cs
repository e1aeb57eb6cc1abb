using Fuzz.Execution;
using Fuzz.Programs;

namespace Fuzz.Questions;

/// <summary>What somebody concluded about one cell before it was searched.</summary>
public enum Conclusion
{
    /// <summary>Nobody said anything.</summary>
    None,

    /// <summary>It is right.</summary>
    Safe,

    /// <summary>It is wrong.</summary>
    Broken,

    /// <summary>It was asked, and left open.</summary>
    Open,
}

/// <summary>One cell of a question's table: a kernel, and programs that look where it could be wrong.</summary>
/// <param name="Row">The row, as the table names it.</param>
/// <param name="Column">The column.</param>
/// <param name="Variants">The variants of that kernel.</param>
/// <param name="Said">What was concluded by those who asked.</param>
public sealed record Cell(string Row, string Column, IReadOnlyList<string> Variants, Conclusion Said)
{
    /// <summary>Programs whose schedules are enumerated.</summary>
    public IReadOnlyList<Program> Programs { get; init; } = [];

    /// <summary>Lower-case words with dashes, for file names.</summary>
    public string Slug => $"{Words(Row)}-{Words(Column)}";

    private static string Words(string text)
    {
        string letters = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' '));
        return string.Join('-', letters.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}

/// <summary>Something that was asked about the kernel in the mails, as a table to be filled by search.</summary>
/// <remarks>
/// <b>To add one</b>: a subclass, and a place in <see cref="All"/>. A cell says which kernel it is about, and gives
/// programs in which whatever is wrong could show; it never says what the answer is.
/// </remarks>
public abstract class Question
{
    /// <summary>The questions.</summary>
    public static IReadOnlyList<Question> All { get; } =
        [new MemcgLockQuestion(), new FirstMapperQuestion(), new ZapCallersQuestion()];

    /// <summary>The name on the command line and of the answer's files.</summary>
    public abstract string Name { get; }

    /// <summary>What is asked, in one sentence.</summary>
    public abstract string Title { get; }

    /// <summary>Who asked, and what was concluded then; lines of a text.</summary>
    public abstract IReadOnlyList<string> Asked { get; }

    /// <summary>What rows and columns of the table are; a list.</summary>
    public abstract IReadOnlyList<string> Legend { get; }

    /// <summary>What to make of the table, for whoever reads it; lines, none if it speaks for itself.</summary>
    public virtual IReadOnlyList<string> Finding => [];

    /// <summary>Which broken laws count, in words: "Broken are ...".</summary>
    public abstract string Counts { get; }

    /// <summary>The cells, row by row.</summary>
    public abstract IReadOnlyList<Cell> Cells { get; }

    /// <summary>Whether random programs say something about a cell; not where cells differ in what the programs
    /// do.</summary>
    public virtual bool TakesRandomPrograms => true;

    /// <summary>Whether the violation is of the sort that is asked about.</summary>
    public abstract bool Matches(Violation violation);

    /// <summary>Programs of the folio engine.</summary>
    protected static IReadOnlyList<Program> Parse(params string[] texts) =>
        [.. texts.Select(text => ProgramText.Parse(MmLanguage.Instance, text))];
}
