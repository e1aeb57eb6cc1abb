using System.Text;
using Fuzz.Programs;

namespace Fuzz.Reporting;

/// <summary>Steps that are only counted: one function, or several in a row.</summary>
internal sealed record CountedSteps(string First, string Last, int Functions, int Steps)
{
    /// <summary>With the steps of the function that came next.</summary>
    public CountedSteps Plus(string function, int steps) => new(First, function, Functions + 1, Steps + steps);

    /// <inheritdoc />
    public override string ToString()
    {
        string range = Functions switch
        {
            1 => DiagramLayout.Call(First),
            2 => $"{DiagramLayout.Call(First)}, {DiagramLayout.Call(Last)}",
            _ => $"{DiagramLayout.Call(First)} .. {DiagramLayout.Call(Last)}",
        };
        return $"{range}: {RaceDiagram.Steps(Steps)}";
    }
}

/// <summary>One line of a diagram.</summary>
/// <param name="Cpu">The column.</param>
/// <param name="Step">Number of the step, or -1 when the line is about none or several.</param>
/// <param name="Text">What the lane does.</param>
/// <param name="Marks">Laws broken by it.</param>
public sealed record DiagramRow(int Cpu, int Step, string Text, IReadOnlyList<string> Marks)
{
    /// <summary>The steps that the line is about; none when it is about a call or a wait.</summary>
    public (int First, int Count) Covered { get; init; } = (Step, Step < 0 ? 0 : 1);

    /// <summary>Whether it is about one step, rather than about a call, a wait or a number of steps.</summary>
    public bool IsStep => Step >= 0 && Counted is null;

    /// <summary>Set when the line counts steps.</summary>
    internal CountedSteps? Counted { get; private init; }

    /// <summary>The same line counting these steps.</summary>
    internal DiagramRow With(CountedSteps counted) => this with { Counted = counted, Text = counted.ToString() };
}

/// <summary>Puts the lines of a diagram into columns.</summary>
internal static class DiagramLayout
{
    private const int Gutter = 6;
    private const int WidthMax = 118;
    private const int ColumnMin = 24;

    /// <summary>The whole text. Only one column has text in a line, so long text may run into the next one.</summary>
    public static string Print(Program program, IReadOnlyList<DiagramRow> rows)
    {
        int columns = Math.Max(program.Cpus.Length, 1);
        string[][] heads = program.Cpus
            .Select((calls, cpu) => HeadOf(program.Language, calls, cpu)).DefaultIfEmpty(["CPU0"]).ToArray();
        int[] widths = new int[columns];
        int share = Share(columns);
        for (int cpu = 0; cpu < columns; cpu++)
        {
            int content = rows.Where(row => row.Cpu == cpu).Select(row => row.Text.Length).DefaultIfEmpty(0).Max();
            widths[cpu] = Math.Clamp(Math.Max(content, heads[cpu].Max(line => line.Length)), ColumnMin, share);
        }

        StringBuilder text = new();
        for (int line = 0; line < heads.Max(head => head.Length); line++)
        {
            AddLine(text, "", heads.Select(head => line < head.Length ? head[line] : ""), widths);
        }

        AddLine(text, "", widths.Select(width => new string('-', width)), widths);
        foreach (DiagramRow row in rows)
        {
            AddRow(text, row, widths);
        }

        return text.ToString();
    }

    /// <summary>Most characters of a column that does not run into the next one.</summary>
    public static int Share(int columns) => Math.Max(ColumnMin, (WidthMax - Gutter) / Math.Max(columns, 1) - 2);

    /// <summary>A kernel function with its brackets; what is no function (a user's load) without.</summary>
    public static string Call(string function) =>
        function.Contains(' ', StringComparison.Ordinal) ? function : $"{function}()";

    private static string[] HeadOf(Language language, Call[] calls, int cpu) =>
        [$"CPU{cpu}", .. calls.Select(call => $"  {ProgramText.Print(language, call)}")];

    private static void AddRow(StringBuilder text, DiagramRow row, int[] widths)
    {
        string step = row.Step < 0 || row.Counted is not null ? "" : $"{row.Step}";
        int indent = Gutter + widths.Take(row.Cpu).Sum(width => width + 2);
        string start = $"{step.PadLeft(Gutter - 2)}  ".PadRight(indent) + row.Text;
        foreach (string mark in row.Marks)
        {
            bool fits = start.Length + 2 + mark.Length <= WidthMax;
            if (!fits)
            {
                text.Append(start.TrimEnd()).Append('\n');
                start = new string(' ', Math.Max(Math.Min(indent + 2, WidthMax - mark.Length), 0));
            }

            text.Append(start).Append(fits ? "  " : "").Append(mark).Append('\n');
            start = new string(' ', indent);
        }

        if (row.Marks.Count == 0)
        {
            text.Append(start.TrimEnd()).Append('\n');
        }
    }

    private static void AddLine(StringBuilder text, string gutter, IEnumerable<string> cells, int[] widths)
    {
        StringBuilder line = new(gutter.PadRight(Gutter));
        int column = 0;
        foreach (string cell in cells)
        {
            line.Append(cell.PadRight(widths[column++])).Append("  ");
        }

        text.Append(line.ToString().TrimEnd()).Append('\n');
    }
}
