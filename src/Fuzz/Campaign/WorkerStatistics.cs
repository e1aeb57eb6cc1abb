using System.Globalization;
using System.Text;

namespace Fuzz.Campaign;

/// <summary>What one worker has done so far: the file <c>fuzzer_stats</c> of AFL++ and keys of our own below.</summary>
/// <remarks>
/// The form is that of AFL++ 4.04c (afl-fuzz-stats.c, write_stats_file), key by key in its order, because afl-fuzz
/// finds keys by the number of their line when it resumes; afl-whatsup and afl-plot read it as it is. Reading is
/// tolerant, as the file may be another fuzzer's, older, cut short or hostile: what is missing or makes no sense stays
/// as it was, unknown keys are passed over.
/// </remarks>
public sealed record WorkerStatistics
{
    /// <summary>Name of the file in the worker's folder.</summary>
    public const string FileName = "fuzzer_stats";

    /// <summary>Most characters of a text that is kept.</summary>
    public const int TextMax = 400;

    private const int KeyWidth = 18;

    private static readonly Key[] Keys =
    [
        Key.Count("start_time", s => s.StartTime, (s, v) => s with { StartTime = v }),
        Key.Count("last_update", s => s.LastUpdate, (s, v) => s with { LastUpdate = v }),
        Key.Count("run_time", s => s.RunTime, (s, v) => s with { RunTime = v }),
        Key.Count("fuzzer_pid", s => s.ProcessId, (s, v) => s with { ProcessId = v }),
        Key.Count("cycles_done", s => s.CyclesDone, (s, v) => s with { CyclesDone = v }),
        Key.Count("cycles_wo_finds", s => s.CyclesWithoutFinds, (s, v) => s with { CyclesWithoutFinds = v }),
        Key.Count("execs_done", s => s.Executions, (s, v) => s with { Executions = v }),
        Key.Share("execs_per_sec", "", s => s.Rate, (s, v) => s with { Rate = v }),
        Key.Share("execs_ps_last_min", "", s => s.RateOfLastMinute, (s, v) => s with { RateOfLastMinute = v }),
        Key.Count("corpus_count", s => s.CorpusCount, (s, v) => s with { CorpusCount = v }),
        Key.Count("corpus_favored", s => s.CorpusFavored, (s, v) => s with { CorpusFavored = v }),
        Key.Count("corpus_found", s => s.CorpusFound, (s, v) => s with { CorpusFound = v }),
        Key.Count("corpus_imported", s => s.CorpusImported, (s, v) => s with { CorpusImported = v }),
        Key.Fixed("corpus_variable"),
        Key.Count("max_depth", s => s.MaxDepth, (s, v) => s with { MaxDepth = v }),
        Key.Count("cur_item", s => s.CurrentItem, (s, v) => s with { CurrentItem = v }),
        Key.Count("pending_favs", s => s.PendingFavored, (s, v) => s with { PendingFavored = v }),
        Key.Count("pending_total", s => s.PendingTotal, (s, v) => s with { PendingTotal = v }),
        Key.Share("stability", "%", s => s.Stability, (s, v) => s with { Stability = v }),
        Key.Share("bitmap_cvg", "%", s => s.MapCoverage, (s, v) => s with { MapCoverage = v }),
        Key.Count("saved_crashes", s => s.SavedCrashes, (s, v) => s with { SavedCrashes = v }),
        Key.Count("saved_hangs", s => s.SavedHangs, (s, v) => s with { SavedHangs = v }),
        Key.Count("last_find", s => s.LastFind, (s, v) => s with { LastFind = v }),
        Key.Count("last_crash", s => s.LastCrash, (s, v) => s with { LastCrash = v }),
        Key.Fixed("last_hang"),
        Key.Fixed("execs_since_crash"),
        Key.Fixed("exec_timeout"),
        Key.Fixed("slowest_exec_ms"),
        Key.Count("peak_rss_mb", s => s.PeakMemory, (s, v) => s with { PeakMemory = v }),
        Key.Affinity("cpu_affinity", s => s.CpuAffinity, (s, v) => s with { CpuAffinity = v }),
        Key.Count("edges_found", s => s.EdgesFound, (s, v) => s with { EdgesFound = v }),
        Key.Count("total_edges", s => s.TotalEdges, (s, v) => s with { TotalEdges = v }),
        Key.Fixed("var_byte_count"),
        Key.Fixed("havoc_expansion"),
        Key.Fixed("auto_dict_entries"),
        Key.Fixed("testcache_size"),
        Key.Fixed("testcache_count"),
        Key.Fixed("testcache_evict"),
        Key.Words("afl_banner", s => s.Banner, (s, v) => s with { Banner = v }),
        Key.Words("afl_version", s => s.Version, (s, v) => s with { Version = v }),
        Key.Words("target_mode", s => s.TargetMode, (s, v) => s with { TargetMode = v }),
        Key.Words("command_line", s => s.CommandLine, (s, v) => s with { CommandLine = v }),
        Key.Maybe("handoffs", s => s.Handoffs, (s, v) => s with { Handoffs = v }),
        Key.Maybe("near_misses", s => s.NearMisses, (s, v) => s with { NearMisses = v }),
        Key.Maybe("signatures_found", s => s.SignaturesFound, (s, v) => s with { SignaturesFound = v }),
        Key.MaybeWords("variants", s => s.Variants, (s, v) => s with { Variants = v }),
    ];

    private static readonly Dictionary<string, Key> ByName = Keys.ToDictionary(key => key.Name, StringComparer.Ordinal);

    /// <summary>When it was started, in seconds since 1970; the time of earlier runs is counted back from it.</summary>
    public long StartTime { get; init; }

    /// <summary>When this was written, in seconds since 1970.</summary>
    public long LastUpdate { get; init; }

    /// <summary>Seconds that it has worked, earlier runs included.</summary>
    public long RunTime { get; init; }

    /// <summary>Its process.</summary>
    public long ProcessId { get; init; }

    /// <summary>Passes over its queue that were completed.</summary>
    public long CyclesDone { get; init; }

    /// <summary>Passes in a row that found nothing.</summary>
    public long CyclesWithoutFinds { get; init; }

    /// <summary>Executions, earlier runs included.</summary>
    public long Executions { get; init; }

    /// <summary>Executions a second since its start.</summary>
    public double Rate { get; init; }

    /// <summary>Executions a second in the last minute.</summary>
    public double RateOfLastMinute { get; init; }

    /// <summary>Test cases in its queue.</summary>
    public long CorpusCount { get; init; }

    /// <summary>Those of them that cover everything between them.</summary>
    public long CorpusFavored { get; init; }

    /// <summary>Test cases that it found itself.</summary>
    public long CorpusFound { get; init; }

    /// <summary>Test cases that others found.</summary>
    public long CorpusImported { get; init; }

    /// <summary>Most mutations in a row from a seed to a test case, plus one.</summary>
    public long MaxDepth { get; init; }

    /// <summary>Number of the test case it works on.</summary>
    public long CurrentItem { get; init; }

    /// <summary>Favoured test cases that have not had their turn.</summary>
    public long PendingFavored { get; init; }

    /// <summary>Test cases that have not had their turn.</summary>
    public long PendingTotal { get; init; }

    /// <summary>Percent of edges that show alike each time; ours: 100, or the run fails.</summary>
    public double Stability { get; init; } = 100;

    /// <summary>Percent of the map's edges that were seen.</summary>
    public double MapCoverage { get; init; }

    /// <summary>Failing inputs that were kept; ours: the same as <see cref="SignaturesFound"/>.</summary>
    public long SavedCrashes { get; init; }

    /// <summary>Inputs that ran too long and were kept.</summary>
    public long SavedHangs { get; init; }

    /// <summary>When a test case was last found, in seconds since 1970; 0 for never.</summary>
    public long LastFind { get; init; }

    /// <summary>When a failure was last found, in seconds since 1970; 0 for never.</summary>
    public long LastCrash { get; init; }

    /// <summary>Most memory that it had in use, in MiB.</summary>
    public long PeakMemory { get; init; }

    /// <summary>The processor it is pinned to, or -1.</summary>
    public long CpuAffinity { get; init; } = -1;

    /// <summary>Edges seen.</summary>
    public long EdgesFound { get; init; }

    /// <summary>Edges there are: the size of the map.</summary>
    public long TotalEdges { get; init; }

    /// <summary>What is fuzzed, in a word.</summary>
    public string Banner { get; init; } = "";

    /// <summary>The fuzzer and its version; AFL++ writes a bare version.</summary>
    public string Version { get; init; } = "";

    /// <summary>How the target runs: <c>default</c>, <c>persistent</c>; ours: <c>in-process</c>.</summary>
    public string TargetMode { get; init; } = "";

    /// <summary>How it was started.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>Different hand-offs seen; null from fuzzers that do not see any.</summary>
    public long? Handoffs { get; init; }

    /// <summary>Different near misses seen; null from fuzzers that do not see any.</summary>
    public long? NearMisses { get; init; }

    /// <summary>Different signatures that this worker met; null from fuzzers that know none.</summary>
    public long? SignaturesFound { get; init; }

    /// <summary>The variants in force, separated by commas; empty for plain v6.18, null when it does not say.</summary>
    public string? Variants { get; init; }

    /// <summary>The file: one <c>key : value</c> a line. What is null is left out.</summary>
    public string Print()
    {
        StringBuilder text = new();
        foreach (Key key in Keys)
        {
            if (key.Print(this) is { } value)
            {
                text.Append(key.Name.PadRight(KeyWidth)).Append(": ").Append(value).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Reads what there is to read; never fails.</summary>
    /// <param name="lines">The lines of the file.</param>
    public static WorkerStatistics Parse(IEnumerable<string> lines)
    {
        WorkerStatistics read = new();
        foreach (string line in lines)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && ByName.TryGetValue(line[..colon].Trim(), out Key? key))
            {
                read = key.Read(read, line[(colon + 1)..].Trim());
            }
        }

        return read;
    }

    /// <summary>How one key is written and read.</summary>
    private sealed record Key(
        string Name, Func<WorkerStatistics, string?> Print, Func<WorkerStatistics, string, WorkerStatistics> Read)
    {
        public static Key Count(
            string name, Func<WorkerStatistics, long> get, Func<WorkerStatistics, long, WorkerStatistics> set) =>
            new(name, s => Figures.Print(get(s)), (s, text) => Figures.Count(text) is { } v ? set(s, v) : s);

        public static Key Maybe(
            string name, Func<WorkerStatistics, long?> get, Func<WorkerStatistics, long, WorkerStatistics> set) =>
            new(
                name, s => get(s) is { } v ? Figures.Print(v) : null,
                (s, text) => Figures.Count(text) is { } v ? set(s, v) : s);

        public static Key Share(
            string name, string unit, Func<WorkerStatistics, double> get,
            Func<WorkerStatistics, double, WorkerStatistics> set) =>
            new(name, s => Figures.Print(get(s)) + unit, (s, text) => Figures.Share(text) is { } v ? set(s, v) : s);

        public static Key Affinity(
            string name, Func<WorkerStatistics, long> get, Func<WorkerStatistics, long, WorkerStatistics> set) =>
            new(
                name, s => get(s).ToString(CultureInfo.InvariantCulture),
                (s, text) => set(s, Figures.Count(text) ?? -1));

        public static Key Words(
            string name, Func<WorkerStatistics, string> get, Func<WorkerStatistics, string, WorkerStatistics> set) =>
            new(name, s => Figures.Plain(get(s), TextMax), (s, text) => set(s, Figures.Plain(text, TextMax)));

        public static Key MaybeWords(
            string name, Func<WorkerStatistics, string?> get, Func<WorkerStatistics, string, WorkerStatistics> set) =>
            new(
                name, s => get(s) is { } v ? Figures.Plain(v, TextMax) : null,
                (s, text) => set(s, Figures.Plain(text, TextMax)));

        /// <summary>A key whose line must be there, and that means nothing to our workers.</summary>
        public static Key Fixed(string name) => new(name, _ => "0", (s, _) => s);
    }
}
