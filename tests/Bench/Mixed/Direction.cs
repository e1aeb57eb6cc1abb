namespace Tests.Bench.Mixed;

/// <summary>A way on which finds go.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">Workers that find.</param>
/// <param name="To">Workers that take over.</param>
internal sealed record Direction(string Name, string[] From, string[] To)
{
    /// <summary>Whether a worker has something by now, as the names in its queue tell.</summary>
    /// <param name="campaigns">The folders of the hosts.</param>
    public bool IsSeen(params string[] campaigns) => campaigns.Any(campaign => To.Any(to => From.Any(from =>
        Directory.Exists(Path.Combine(campaign, to, "queue")) && Directory.EnumerateFiles(
            Path.Combine(campaign, to, "queue"), $"id:*,sync:{from},src:*").Any())));
}
