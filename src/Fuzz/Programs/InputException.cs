using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Fuzz.Programs;

/// <summary>Something a person wrote cannot be understood. The message is meant for that person, as it
/// stands.</summary>
/// <remarks>Reads <c>file:line:column: problem; expected ...; the nearest is '...'</c>. Never a defect of this
/// project.</remarks>
[SuppressMessage("Design", "RCS1194", Justification = "An error without a place and an expectation is of no use.")]
public sealed class InputException : FormatException
{
    private const int QuotedMax = 40;

    /// <summary>An error in a text.</summary>
    /// <param name="file">Where the text came from.</param>
    /// <param name="line">1-based; 0 when the input has no lines.</param>
    /// <param name="column">1-based, in characters; 0 when the input has no lines.</param>
    /// <param name="problem">What is there.</param>
    /// <param name="expected">What should be there; empty when that is plain from the problem.</param>
    /// <param name="nearest">The known name closest to an unknown one, or null.</param>
    public InputException(string file, int line, int column, string problem, string expected, string? nearest = null)
        : base(Describe(file, line, column, problem, expected, nearest))
    {
        File = file;
        Line = line;
        Column = column;
        Problem = problem;
        Expected = expected;
        Nearest = nearest;
    }

    /// <summary>Where the text came from.</summary>
    public string File { get; }

    /// <summary>1-based line; 0 when the input has no lines.</summary>
    public int Line { get; }

    /// <summary>1-based column in characters; 0 when the input has no lines.</summary>
    public int Column { get; }

    /// <summary>What is there.</summary>
    public string Problem { get; }

    /// <summary>What should be there.</summary>
    public string Expected { get; }

    /// <summary>The known name closest to an unknown one, or null.</summary>
    public string? Nearest { get; }

    /// <summary>A word of the input in quotes, short and without control characters: it may be anything.</summary>
    public static string Quote(string word)
    {
        StringBuilder text = new("'");
        foreach (char letter in word.AsSpan(0, Math.Min(word.Length, QuotedMax)))
        {
            text.Append(char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter);
        }

        return text.Append(word.Length > QuotedMax ? "...'" : "'").ToString();
    }

    private static string Describe(
        string file, int line, int column, string problem, string expected, string? nearest)
    {
        string at = line > 0 ? $"{file}:{line}:{column}" : file;
        string wanted = expected.Length > 0 ? $"; expected {expected}" : "";
        string meant = nearest is null ? "" : $"; the nearest is '{nearest}'";
        return $"{at}: {problem}{wanted}{meant}";
    }
}
