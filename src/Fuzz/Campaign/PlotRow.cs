using System.Globalization;

namespace Fuzz.Campaign;

/// <summary>What one worker had done at one moment: a line of AFL++'s file <c>plot_data</c>, with three columns of our
/// own.</summary>
/// <remarks>The columns are those of AFL++ 4.04c (afl-fuzz-init.c, afl-fuzz-stats.c), in its order; afl-plot reads the
/// file as it is. See <see cref="PlotData"/> for reading a whole file.</remarks>
public readonly record struct PlotRow
{
    /// <summary>The first line of the file, with its newline.</summary>
    public static readonly string Header = $"# {string.Join(", ", Columns.Select(column => column.Name))}\n";

    /// <summary>Seconds that the worker has worked, earlier runs included.</summary>
    public long Seconds { get; init; }

    /// <summary>See <see cref="WorkerStatistics.CyclesDone"/>.</summary>
    public long CyclesDone { get; init; }

    /// <summary>See <see cref="WorkerStatistics.CurrentItem"/>.</summary>
    public long CurrentItem { get; init; }

    /// <summary>See <see cref="WorkerStatistics.CorpusCount"/>.</summary>
    public long CorpusCount { get; init; }

    /// <summary>See <see cref="WorkerStatistics.PendingTotal"/>.</summary>
    public long PendingTotal { get; init; }

    /// <summary>See <see cref="WorkerStatistics.PendingFavored"/>.</summary>
    public long PendingFavored { get; init; }

    /// <summary>See <see cref="WorkerStatistics.MapCoverage"/>: percent; AFL calls the column map_size.</summary>
    public double MapCoverage { get; init; }

    /// <summary>See <see cref="WorkerStatistics.SavedCrashes"/>.</summary>
    public long SavedCrashes { get; init; }

    /// <summary>See <see cref="WorkerStatistics.SavedHangs"/>.</summary>
    public long SavedHangs { get; init; }

    /// <summary>See <see cref="WorkerStatistics.MaxDepth"/>.</summary>
    public long MaxDepth { get; init; }

    /// <summary>Executions a second just now.</summary>
    public double Rate { get; init; }

    /// <summary>Executions so far.</summary>
    public long Executions { get; init; }

    /// <summary>Edges seen so far.</summary>
    public long Edges { get; init; }

    /// <summary>Different hand-offs seen so far; null from fuzzers that do not see any.</summary>
    public long? Handoffs { get; init; }

    /// <summary>Different near misses seen so far; null from fuzzers that do not see any.</summary>
    public long? NearMisses { get; init; }

    /// <summary>Different signatures met so far; null from fuzzers that know none.</summary>
    public long? Signatures { get; init; }

    /// <summary>The columns, those of AFL++ first.</summary>
    internal static IReadOnlyList<PlotColumn> Columns => PlotColumn.All;

    /// <summary>The line, with its newline. Our own columns are there in each line or in none: write 0, not
    /// null.</summary>
    public string Print()
    {
        PlotRow row = this;
        return string.Join(", ", Columns.Select(column => column.Print(row)).OfType<string>()) + "\n";
    }
}

/// <summary>How one column of <c>plot_data</c> is written and read.</summary>
internal sealed record PlotColumn(string Name, Func<PlotRow, string?> Print, Func<PlotRow, string, PlotRow> Read)
{
    /// <summary>All of them, in their order.</summary>
    public static readonly PlotColumn[] All =
    [
        Count("relative_time", r => r.Seconds, (r, v) => r with { Seconds = v }),
        Count("cycles_done", r => r.CyclesDone, (r, v) => r with { CyclesDone = v }),
        Count("cur_item", r => r.CurrentItem, (r, v) => r with { CurrentItem = v }),
        Count("corpus_count", r => r.CorpusCount, (r, v) => r with { CorpusCount = v }),
        Count("pending_total", r => r.PendingTotal, (r, v) => r with { PendingTotal = v }),
        Count("pending_favs", r => r.PendingFavored, (r, v) => r with { PendingFavored = v }),
        Share("map_size", "%", r => r.MapCoverage, (r, v) => r with { MapCoverage = v }),
        Count("saved_crashes", r => r.SavedCrashes, (r, v) => r with { SavedCrashes = v }),
        Count("saved_hangs", r => r.SavedHangs, (r, v) => r with { SavedHangs = v }),
        Count("max_depth", r => r.MaxDepth, (r, v) => r with { MaxDepth = v }),
        Share("execs_per_sec", "", r => r.Rate, (r, v) => r with { Rate = v }),
        Count("total_execs", r => r.Executions, (r, v) => r with { Executions = v }),
        Count("edges_found", r => r.Edges, (r, v) => r with { Edges = v }),
        Count("handoffs", r => r.Handoffs, (r, v) => r with { Handoffs = v }),
        Count("near_misses", r => r.NearMisses, (r, v) => r with { NearMisses = v }),
        Count("signatures", r => r.Signatures, (r, v) => r with { Signatures = v }),
    ];

    /// <summary>How many of them are AFL++'s own.</summary>
    public const int AflColumns = 13;

    /// <summary>The column of that name, or null.</summary>
    public static PlotColumn? Find(string name) => Array.Find(All, column => column.Name == name.Trim());

    private static PlotColumn Count(string name, Func<PlotRow, long?> get, Func<PlotRow, long, PlotRow> set) => new(
        name, row => get(row) is { } value ? Figures.Print(value) : null,
        (row, text) => Figures.Count(text) is { } value ? set(row, value) : row);

    private static PlotColumn Share(
        string name, string unit, Func<PlotRow, double> get, Func<PlotRow, double, PlotRow> set) => new(
        name, row => Figures.Print(get(row)) + unit,
        (row, text) => Figures.Share(text) is { } value ? set(row, value) : row);
}
