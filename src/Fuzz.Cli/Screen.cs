using Spectre.Console;

namespace Fuzz.Cli;

/// <summary>Where a command prints: text, tables, errors, and a live line that is rewritten on terminals and repeated
/// now and then elsewhere.</summary>
public sealed class Screen
{
    private const int RedirectedWidth = 160;
    private const double PlainLineSeconds = 5;
    private const double LiveSeconds = 0.2;
    private readonly System.Threading.Lock gate = new();
    private double nextPlain;
    private double nextLive;
    private string live = "";

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
        Print(table, Out);
    }

    private void Print(Table table, TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
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
    /// <param name="details">What is shown above it on a terminal, or null.</param>
    internal void Live(string text, double seconds, Func<Table>? details = null)
    {
        lock (gate)
        {
            if (Interactive && seconds >= nextLive)
            {
                nextLive = seconds + LiveSeconds;
                StringWriter block = new() { NewLine = "\n" };
                if (details is not null)
                {
                    Print(details(), block);
                }

                block.Write(Fitting(Plain(text)));
                Error.Write($"{Erasure}{block}");
                live = block.ToString();
            }
            else if (!Interactive && seconds >= nextPlain)
            {
                Error.WriteLine(Plain(text));
                nextPlain = seconds + PlainLineSeconds;
            }
        }
    }

    /// <summary>Prints one line of progress that stays.</summary>
    internal void Note(string text)
    {
        EndLive();
        Error.WriteLine(Plain(text));
    }

    /// <summary>Says why nothing can be done.</summary>
    internal void Fail(string message)
    {
        EndLive();
        Error.WriteLine($"fuzz: {Plain(message)}");
    }

    /// <summary>What goes back over the block that is shown and wipes it out.</summary>
    private string Erasure
    {
        get
        {
            int lines = live.Count(letter => letter == '\n');
            return live.Length == 0 ? "" : lines == 0 ? "\r\u001b[J" : $"\r\u001b[{lines}A\u001b[J";
        }
    }

    /// <summary>Names of files may hold what a terminal would act on.</summary>
    private static string Plain(string text) => text.AsSpan().ContainsAnyInRange('\0', '\u001f')
        || text.AsSpan().ContainsAnyInRange('\u007f', '\u009f')
            ? string.Concat(text.Select(letter => char.IsControl(letter) && letter != '\t' ? '?' : letter))
            : text;

    /// <summary>A line that breaks is two lines, of which one would stay.</summary>
    private static string Fitting(string line)
    {
        int width = IsTerminal ? Console.WindowWidth - 1 : RedirectedWidth;
        return width > 0 && line.Length > width ? line[..width] : line;
    }

    private void EndLive()
    {
        lock (gate)
        {
            Error.Write(Erasure);
            live = "";
        }
    }
}
