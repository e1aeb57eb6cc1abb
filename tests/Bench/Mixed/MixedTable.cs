using System.Globalization;
using Fuzz.Campaign;
using Tests.Durability;

namespace Tests.Bench.Mixed;

/// <summary>Prints who found what and who took it over.</summary>
internal sealed class MixedTable
{
    private readonly string here;
    private readonly string there;
    private readonly string[] hereWorkers;
    private readonly string[] thereWorkers;
    private readonly SharedFinds finds;

    /// <summary>The table of a campaign on two hosts, which does not run any more.</summary>
    /// <param name="here">The folder of one host.</param>
    /// <param name="there">The folder of the other one.</param>
    /// <param name="hereWorkers">Who worked on the one host.</param>
    /// <param name="thereWorkers">Who worked on the other.</param>
    public MixedTable(string here, string there, string[] hereWorkers, string[] thereWorkers)
    {
        (this.here, this.there, this.hereWorkers, this.thereWorkers) = (here, there, hereWorkers, thereWorkers);
        finds = new SharedFinds([.. hereWorkers.Select(worker => Path.Combine(here, worker)),
            .. thereWorkers.Select(worker => Path.Combine(there, worker))]);
    }

    /// <summary>Prints, as a table of Markdown, what each has in its queue, what of it it found, and from whom the rest
    /// is.</summary>
    public void Print()
    {
        Row(["instance", "host", "queue", "found", .. finds.Workers.Select(worker => $"from {worker}")]);
        Row([.. Enumerable.Repeat("---", finds.Workers.Count + 4)]);
        foreach (string worker in finds.Workers)
        {
            Row([worker, hereWorkers.Contains(worker) ? "A" : "B", Text(finds.Of(worker).Count()),
                Text(finds.Of(worker).Count(entry => entry.IsFound)),
                .. finds.Workers.Select(from => from == worker ? "" : Text(finds.Imported(worker, from)))]);
        }
    }

    /// <summary>Prints, for each direction, one find from its finder to who took it over.</summary>
    /// <returns>Whether there is one for each.</returns>
    public bool PrintChains(IEnumerable<Direction> directions)
    {
        bool isShared = true;
        foreach ((string name, string[] from, string[] to) in directions)
        {
            IReadOnlyList<SharedEntry> chain = to
                .SelectMany(by => from.Select(of => finds.Chain(of, by)))
                .Where(chain => chain.Count > 0)
                .OrderBy(chain => chain.Count)
                .FirstOrDefault([]);
            Console.WriteLine(chain.Count == 0 ? $"{name}: NOTHING" : $"{name}:");
            foreach (SharedEntry entry in chain)
            {
                string verb = entry.IsFound ? "found" : "took over";
                Console.WriteLine($"  {entry.Worker} {verb} {entry.Name}");
            }

            isShared &= chain.Count > 0;
        }

        return isShared;
    }

    /// <summary>Prints what our workers know of failures, and by whose test cases they met them.</summary>
    /// <returns>Whether there is a reproducer that was made of a crash of an <c>afl-fuzz</c>.</returns>
    public bool PrintFailures()
    {
        bool isShared = false;
        foreach ((string folder, string worker) in hereWorkers.Select(worker => (here, worker))
            .Concat(thereWorkers.Select(worker => (there, worker))))
        {
            string crashes = Path.Combine(folder, worker, "crashes");
            if (Directory.Exists(crashes))
            {
                Console.WriteLine($"{worker}: {Directory.GetFiles(crashes, "id:*").Length} crashes");
            }

            string findings = Path.Combine(folder, worker, FindingRow.FileName);
            foreach (FindingRow row in File.Exists(findings) ? FindingRow.Parse(File.ReadLines(findings)) : [])
            {
                bool isStored = File.Exists(Path.Combine(folder, row.Reproducer));
                isShared |= isStored && row.First && row.From?.Contains("/crashes/", StringComparison.Ordinal) == true;
                Console.WriteLine(
                    $"{worker}: {row.Reproducer}{(isStored ? "" : " (missing)")} after {Text(row.Executions)} "
                    + $"executions, {(row.First ? "first" : "known")}, by {row.From ?? "a test case of its own"}");
            }
        }

        return isShared;
    }

    private static string Text(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static void Row(IEnumerable<string> cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");
}
