using System.Globalization;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Schedules;
using Mm;

namespace Tests.Durability;

/// <summary>An entry of a worker's queue, as its name and its bytes tell of it.</summary>
/// <param name="Worker">Whose it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="From">The worker from which it was taken over, or null.</param>
/// <param name="FromId">Its number there.</param>
/// <param name="Program">The program in it.</param>
internal sealed record SharedEntry(string Worker, string Name, string? From, int? FromId, Program Program)
{
    /// <summary>Whether it was there from the beginning.</summary>
    public bool IsSeed => Name.Contains(",orig:", StringComparison.Ordinal);

    /// <summary>Whether its worker has found it.</summary>
    public bool IsFound => From is null && !IsSeed;
}

/// <summary>Who found what, and who took it over from whom: the queues of the workers of a campaign, ours and AFL++'s,
/// by the names of their entries.</summary>
internal sealed class SharedFinds
{
    private readonly Dictionary<string, IReadOnlyDictionary<int, SharedEntry>> queues = [];

    /// <summary>Reads the queues; nothing may run.</summary>
    /// <param name="workers">The folders of the workers, each where it works.</param>
    public SharedFinds(IEnumerable<string> workers)
    {
        Points.DefineAll();
        Workers = [.. workers.Select(worker => Path.GetFileName(worker))];
        foreach (string worker in workers)
        {
            queues.Add(Path.GetFileName(worker), Directory.GetFiles(Path.Combine(worker, "queue"), "id:*")
                .Select(file => Read(Path.GetFileName(worker), file))
                .ToDictionary(entry => QueueEntry.IdOf(entry.Name)!.Value));
        }
    }

    /// <summary>The names of the workers.</summary>
    public IReadOnlyList<string> Workers { get; }

    /// <summary>The entries of a worker.</summary>
    public IEnumerable<SharedEntry> Of(string worker) => queues[worker].Values;

    /// <summary>How many a worker has taken over from another.</summary>
    public int Imported(string by, string from) => Of(by).Count(entry => entry.From == from);

    /// <summary>How an entry went from the worker that found it by way of others to the one that took it over last;
    /// the first that <paramref name="by"/> took over from <paramref name="from"/> and whose program is still the same,
    /// rather one that <paramref name="from"/> itself had found.</summary>
    /// <returns>From its finder on, or nothing.</returns>
    public IReadOnlyList<SharedEntry> Chain(string from, string by) => Of(by)
        .Where(entry => entry.From == from)
        .OrderBy(entry => entry.Name, StringComparer.Ordinal)
        .Select(Trace)
        .Where(chain => chain.Count > 1 && chain[0].IsFound)
        .Where(chain => chain.All(entry => entry.Program.Equals(chain[^1].Program)))
        .OrderBy(chain => chain.Count)
        .FirstOrDefault([]);

    private static SharedEntry Read(string worker, string file)
    {
        string name = Path.GetFileName(file);
        string[] fields = name.Split(',');
        return new SharedEntry(
            worker, name, Field(fields, "sync:"),
            int.TryParse(Field(fields, "src:"), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id : null,
            TestCaseBinary.Decode(MmLanguage.Instance, Points.Table, File.ReadAllBytes(file)).Program);
    }

    private static string? Field(string[] fields, string key) =>
        fields.FirstOrDefault(field => field.StartsWith(key, StringComparison.Ordinal))?[key.Length..];

    private List<SharedEntry> Trace(SharedEntry entry)
    {
        List<SharedEntry> chain = [entry];
        while (chain[0] is { From: { } from, FromId: { } id } && chain.Count <= queues.Count
            && queues.TryGetValue(from, out IReadOnlyDictionary<int, SharedEntry>? queue)
            && queue.TryGetValue(id, out SharedEntry? origin))
        {
            chain.Insert(0, origin);
        }

        return chain;
    }
}
