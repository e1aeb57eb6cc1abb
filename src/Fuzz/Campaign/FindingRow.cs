namespace Fuzz.Campaign;

/// <summary>A failure that one worker met: a line of the file <c>findings</c> in its folder.</summary>
/// <remarks>
/// Says who found what, and when: the reproducer itself lies in the campaign's folder, once for all workers. The form
/// is that of <c>plot_data</c>; the file is written anew, whole, with each change. Sorted by name of the reproducer.
/// </remarks>
/// <param name="Seconds">Seconds that the worker had worked when it met this first, earlier runs included.</param>
/// <param name="Executions">Executions that it had done by then.</param>
/// <param name="Met">Executions that have met it.</param>
/// <param name="First">Whether no worker had reported it before.</param>
/// <param name="Reproducer">Name of the file in the campaign's folder.</param>
public readonly record struct FindingRow(long Seconds, long Executions, long Met, bool First, string Reproducer)
{
    /// <summary>Name of the file in the worker's folder.</summary>
    public const string FileName = "findings";

    /// <summary>Most rows of one file that are read.</summary>
    public const int RowsMax = 10_000;

    private const string Header = "# relative_time, total_execs, met, first, from, reproducer";
    private const string Own = "-";
    private const int NameMax = 255;

    /// <summary>Whose test case it was that this worker met it by first, <c>main/crashes/id:000003</c>; null when it
    /// was its own.</summary>
    public string? From { get; init; }

    /// <summary>The whole file.</summary>
    public static string Print(IEnumerable<FindingRow> rows) => string.Concat(
        rows.OrderBy(row => row.Reproducer, StringComparer.Ordinal).Select(row => row.Line()).Prepend($"{Header}\n"));

    /// <summary>Reads what there is to read; never fails. Names are names of files, not paths.</summary>
    /// <param name="lines">The lines of the file, without one that does not end in a newline.</param>
    public static IReadOnlyList<FindingRow> Parse(IEnumerable<string> lines)
    {
        const int Cells = 6;
        List<FindingRow> rows = [];
        foreach (string line in lines.Where(line => !line.StartsWith('#')).Take(RowsMax))
        {
            string[] cells = line.Split(',', Cells, StringSplitOptions.TrimEntries);
            if (cells.Length == Cells && Figures.Count(cells[0]) is { } seconds
                && Figures.Count(cells[1]) is { } executions && Figures.Count(cells[2]) is { } met
                && IsName(cells[5]))
            {
                rows.Add(new FindingRow(seconds, executions, met, cells[3] == "1", cells[5])
                {
                    From = cells[4] == Own ? null : Figures.Plain(cells[4], NameMax),
                });
            }
        }

        return rows;
    }

    private static bool IsName(string text) => text.Length is > 0 and <= NameMax && text == Figures.Plain(text, NameMax)
        && !text.Contains('/', StringComparison.Ordinal) && !text.Contains('\\', StringComparison.Ordinal)
        && text is not ("." or "..");

    private string Line() =>
        $"{Figures.Print(Seconds)}, {Figures.Print(Executions)}, {Figures.Print(Met)}, {(First ? 1 : 0)}, "
        + $"{(From is null ? Own : Figures.Plain(From, NameMax).Replace(',', '_'))}, {Reproducer}\n";
}
