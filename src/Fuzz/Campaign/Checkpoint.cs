using System.Text.Json;

namespace Fuzz.Campaign;

/// <summary>What a worker had counted when it was last asked: <c>state.json</c>. Nothing depends on it but that totals
/// go on after a restart: what was seen comes back by replaying the queue.</summary>
/// <param name="Seconds">That it has worked.</param>
/// <param name="Found">Test cases that it has found itself.</param>
/// <param name="Imported">Test cases that it has taken over from others.</param>
/// <param name="LastFind">When it kept a test case last, in seconds since 1970; 0 for never.</param>
/// <param name="LastFailure">When it met a new signature last, in seconds since 1970; 0 for never.</param>
/// <param name="Counts">What it has executed.</param>
/// <param name="Edges">Code edges that it has seen: not all come back.</param>
public sealed record Checkpoint(
    double Seconds, long Found, long Imported, long LastFind, long LastFailure, StatisticsCounts Counts,
    long Edges = 0)
{
    /// <summary>Name of the file in the worker's folder.</summary>
    public const string FileName = "state.json";

    private const int LengthMax = 1 << 20;
    private const int DepthMax = 8;

    /// <summary>Far above what can be counted, far below what overflows when many are added.</summary>
    private const long CountMax = 1L << 53;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { MaxDepth = DepthMax };

    /// <summary>Nothing was done yet.</summary>
    public static Checkpoint None { get; } =
        new(0, 0, 0, 0, 0, new StatisticsCounts(0, 0, new Dictionary<string, long[]>(), [], [], []));

    /// <summary>Reads one; <see cref="None"/> when there is none, or it makes no sense.</summary>
    public static Checkpoint Load(string folder)
    {
        string file = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(file)
                && JsonSerializer.Deserialize<Checkpoint>(Disk.ReadRegular(file, LengthMax), Options) is { } read
                && read.MakesSense() ? read : None;
        }
        catch (Exception error) when (error is JsonException or Programs.InputException
            || StorageException.IsAboutFiles(error))
        {
            return None;
        }
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public void Save(string folder) =>
        Disk.WriteWhole(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, Options));

    private bool MakesSense()
    {
        if (Counts is not { Calls: not null, ByCpus: not null, ByCalls: not null, BySetup: not null })
        {
            return false;
        }

        IEnumerable<long> counts =
        [
            Found, Imported, LastFind, LastFailure, Edges, Counts.Executions, Counts.Programs, .. Counts.ByCpus,
            .. Counts.ByCalls, .. Counts.BySetup, .. Counts.Calls.Values.SelectMany(three => three ?? [-1]),
        ];
        return Seconds is >= 0 and < CountMax && counts.All(count => count is >= 0 and < CountMax);
    }
}
