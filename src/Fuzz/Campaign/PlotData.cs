namespace Fuzz.Campaign;

/// <summary>Reads a whole <c>plot_data</c>, thinned out when it is long.</summary>
/// <remarks>Columns are found by the names in the header, the first is the time; without a header they are AFL++'s. A
/// line that was cut short by a crash, or is none at all, is passed over; so is time that goes backwards.</remarks>
public static class PlotData
{
    /// <summary>Name of the file in the worker's folder.</summary>
    public const string FileName = "plot_data";

    /// <summary>Most rows of one file that are kept: more than a chart has pixels.</summary>
    public const int RowsMax = 2048;

    /// <summary>Reads what there is to read; never fails.</summary>
    /// <param name="lines">The lines of the file, without one that does not end in a newline.</param>
    public static IReadOnlyList<PlotRow> Parse(IEnumerable<string> lines)
    {
        IReadOnlyList<PlotColumn?> columns = PlotColumn.All;
        List<PlotRow> rows = [];
        PlotRow last = default;
        int stride = 1;
        int number = 0;
        foreach (string line in lines)
        {
            if (line.StartsWith('#'))
            {
                columns = [.. line[1..].Split(',').Select(PlotColumn.Find)];
                continue;
            }

            if (Read(columns, line) is not { } row || (number > 0 && row.Seconds < last.Seconds))
            {
                continue;
            }

            last = row;
            if (number++ % stride == 0)
            {
                rows.Add(row);
            }

            if (rows.Count > RowsMax)
            {
                rows = [.. rows.Where((_, i) => i % 2 == 0)];
                stride *= 2;
            }
        }

        if (rows.Count > 0 && rows[^1] != last)
        {
            rows.Add(last);
        }

        return rows;
    }

    private static PlotRow? Read(IReadOnlyList<PlotColumn?> columns, string line)
    {
        string[] cells = line.Split(',');
        if (cells.Length < Math.Min(columns.Count, PlotColumn.AflColumns) || Figures.Count(cells[0]) is null)
        {
            return null;
        }

        PlotRow row = default;
        for (int i = 0; i < Math.Min(cells.Length, columns.Count); i++)
        {
            row = columns[i] is { } column ? column.Read(row, cells[i]) : row;
        }

        return row;
    }
}
