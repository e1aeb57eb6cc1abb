using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The kernel prints nothing about its own state.</summary>
/// <remarks>
/// Each BUG, WARN and bad-page line is a symptom; its law is the message up to the particulars in brackets, blamed on
/// the function that prints it.
/// </remarks>
public sealed class ConsoleOracle : IOracle
{
    /// <inheritdoc />
    public string Name => "kernel";

    /// <summary>Reports one line.</summary>
    public void Tell(KernelMessage line, IJudge judge)
    {
        string subject = line.Subject.Length == 0 ? "" : $" ({line.Subject})";
        judge.Noticed(this, LawOf(line.Text), line.Function, $"{line.Function}: {line.Text}{subject}", line.Text);
    }

    /// <summary>The message up to the first " (" that is not inside a macro's own brackets.</summary>
    internal static string LawOf(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '(')
            {
                if (depth == 0 && i > 0 && text[i - 1] == ' ')
                {
                    return text[..(i - 1)].TrimEnd();
                }

                depth++;
            }
            else if (text[i] == ')')
            {
                depth--;
            }
        }

        return text;
    }
}
