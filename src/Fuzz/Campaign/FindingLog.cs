using System.Text;

namespace Fuzz.Campaign;

/// <summary>Which failures a worker has met, when and how often, over all its runs: the file <c>findings</c>.</summary>
public sealed class FindingLog
{
    private const int BytesMax = 1 << 22;
    private readonly string file;
    private readonly Dictionary<string, FindingRow> before = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> metAt = new(StringComparer.Ordinal);
    private string written = "";

    /// <summary>That of a worker which begins or goes on.</summary>
    /// <param name="folder">The worker's folder.</param>
    public FindingLog(string folder)
    {
        file = Path.Combine(folder, FindingRow.FileName);
        foreach (FindingRow row in FindingRow.Parse(BoundedText.Lines(file, BytesMax)))
        {
            before[row.Reproducer] = row;
        }
    }

    /// <summary>Writes it, if anything is new.</summary>
    /// <param name="findings">What this run has met.</param>
    /// <param name="seconds">That the worker has worked, in all its runs.</param>
    /// <param name="earlier">Executions of its earlier runs.</param>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public void Write(IEnumerable<Finding> findings, double seconds, long earlier)
    {
        SortedDictionary<string, FindingRow> rows = new(before, StringComparer.Ordinal);
        foreach (Finding finding in findings)
        {
            // What v6.18 is known to have wrong lies elsewhere.
            if (finding.File is null || finding.IsRegression)
            {
                continue;
            }

            string name = Path.GetFileName(finding.File);
            metAt.TryAdd(name, seconds);
            rows[name] = before.TryGetValue(name, out FindingRow known)
                ? known with { Met = known.Met + finding.Count }
                : new FindingRow(
                    (long)metAt[name], earlier + finding.FoundAt, finding.Count, !finding.IsKnown, name)
                {
                    From = finding.From,
                };
        }

        string text = FindingRow.Print(rows.Values);
        if (text != written && rows.Count > 0)
        {
            Disk.WriteWhole(file, Encoding.UTF8.GetBytes(text));
            written = text;
        }
    }
}
