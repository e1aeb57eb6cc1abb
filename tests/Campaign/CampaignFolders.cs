using Fuzz.Campaign;
using Tests.Defects;

namespace Tests.Campaign;

/// <summary>A folder such as a campaign leaves: two workers of ours and an afl-fuzz, and real reproducers.</summary>
internal sealed class CampaignFolders : IDisposable
{
    public const long Start = 1_790_000_000;

    public CampaignFolders() => Path = Directory.CreateTempSubdirectory("fuzz-campaign-").FullName;

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>An hour of three workers, and these reproducers of the corpus.</summary>
    public CampaignFolders WithWorkers(params string[] stories)
    {
        string found = $"{stories.FirstOrDefault()}.reproducer";
        AddOurs("w0", 0, 20_000, [new FindingRow(60, 1_200_000, 7, true, found)]);
        AddOurs("w1", 30, 19_000, [new FindingRow(20, 380_000, 2, false, found)]);
        AddAfl("afl", 600, 1_500);
        foreach (string story in stories)
        {
            string file = $"{story}.reproducer";
            Add(file, File.ReadAllText(System.IO.Path.Combine(CorpusFolder.Defects, file)));
        }

        return this;
    }

    public CampaignFolders Add(string name, string text)
    {
        string file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return this;
    }

    private void AddOurs(string name, long delay, long rate, FindingRow[] findings)
    {
        WorkerStatistics statistics = Statistics(delay, rate) with
        {
            Version = "fuzz 1", CommandLine = "fuzz run --workers 2", Variants = "", Handoffs = 4000, NearMisses = 900,
            SignaturesFound = findings.Length,
        };
        Add($"{name}/{WorkerStatistics.FileName}", statistics.Print());
        Add($"{name}/{PlotData.FileName}", PlotRow.Header + string.Concat(Rows(delay, rate).Select(row =>
            (row with { Handoffs = row.Edges * 2, NearMisses = row.Edges / 2, Signatures = row.Seconds >= 60 ? 1 : 0 })
                .Print())));
        Add($"{name}/{FindingRow.FileName}", FindingRow.Print(findings));
    }

    private void AddAfl(string name, long delay, long rate)
    {
        WorkerStatistics statistics = Statistics(delay, rate) with
        {
            Version = "++4.04c", CommandLine = "afl-fuzz -M afl", Stability = 99.5,
        };
        Add($"{name}/{WorkerStatistics.FileName}", statistics.Print());
        string header = PlotRow.Header[..PlotRow.Header.IndexOf(", handoffs", StringComparison.Ordinal)];
        Add($"{name}/{PlotData.FileName}", $"{header}\n{string.Concat(Rows(delay, rate).Select(row => row.Print()))}");
    }

    private static WorkerStatistics Statistics(long delay, long rate) => new()
    {
        StartTime = Start + delay,
        LastUpdate = Start + 3600,
        RunTime = 3600 - delay,
        Executions = rate * (3600 - delay),
        Rate = rate,
        RateOfLastMinute = rate,
        CorpusCount = 300,
        CorpusFound = 280,
        CorpusImported = 20,
        EdgesFound = 2000,
        TotalEdges = 65_536,
    };

    private static IEnumerable<PlotRow> Rows(long delay, long rate)
    {
        for (long seconds = 0; seconds <= 3600 - delay; seconds += 30)
        {
            yield return new PlotRow
            {
                Seconds = seconds, CorpusCount = seconds / 12, MapCoverage = 3, Rate = rate,
                Executions = rate * seconds, Edges = seconds * 2000 / 3600,
            };
        }
    }
}
