using Spectre.Console;

namespace Fuzz.Cli;

/// <summary>Where a command prints: text, tables, errors, and a live line that is rewritten on terminals and repeated
/// now and then elsewhere.</summary>
public sealed class Screen
{
    private const int RedirectedWidth = 160;
    private const double PlainLineSeconds = 5;
    private readonly System.Threading.Lock gate = new();
    private double nextPlain;
    private int liveLength;

    /// <summary>A screen.</summary>
    /// <param name="output">Results.</param>
    /// <param name="error">Progress and errors.</param>
    /// <param name="interactive">Whether a person looks at both on a terminal.</param>
    public Screen(TextWriter output, TextWriter error, bool interactive)
    {
        Out = output;
        Error = error;
        Interactive = interactive;
    }

    /// <summary>Whether output and errors of this process go to a terminal.</summary>
    public static bool IsTerminal => !Console.IsOutputRedirected && !Console.IsErrorRedirected;

    /// <summary>Results.</summary>
    public TextWriter Out { get; }

    /// <summary>Progress and errors.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a person looks at it on a terminal.</summary>
    public bool Interactive { get; }

    /// <summary>Prints a table. Not for JSON: that goes to <see cref="Out"/> as a line.</summary>
    internal void Print(Table table)
    {
        EndLive();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Out),
            Ansi = Interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = Interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!Interactive)
        {
            console.Profile.Width = RedirectedWidth;
        }

        console.Write(table);
    }

    /// <summary>Prints a line of results.</summary>
    internal void Line(string text)
    {
        EndLive();
        Out.WriteLine(text);
    }

    /// <summary>Prints lines that end in newlines already.</summary>
    internal void Text(string text)
    {
        EndLive();
        Out.Write(text);
    }

    /// <summary>Shows progress.</summary>
    /// <param name="text">One line.</param>
    /// <param name="seconds">Since the start.</param>
    /// <param name="last">Whether no other will follow.</param>
    internal void Live(string text, double seconds, bool last = false)
    {
        lock (gate)
        {
            if (Interactive)
            {
                Error.Write($"\r{text.PadRight(liveLength)}");
                liveLength = text.Length;
            }
            else if (last || seconds >= nextPlain)
            {
                Error.WriteLine(text);
                nextPlain = seconds + PlainLineSeconds;
            }
        }
    }

    /// <summary>Prints one line of progress that stays.</summary>
    internal void Note(string text)
    {
        EndLive();
        Error.WriteLine(text);
    }

    /// <summary>Says why nothing can be done.</summary>
    internal void Fail(string message)
    {
        EndLive();
        Error.WriteLine($"fuzz: {message}");
    }

    private void EndLive()
    {
        lock (gate)
        {
            if (liveLength > 0)
            {
                Error.Write($"\r{new string(' ', liveLength)}\r");
                liveLength = 0;
            }
        }
    }
}
