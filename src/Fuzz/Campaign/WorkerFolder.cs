namespace Fuzz.Campaign;

/// <summary>The folder of one worker, which nobody else works in as long as this is not disposed of.</summary>
public sealed class WorkerFolder : IDisposable
{
    private readonly FileLock taken;

    /// <summary>A folder that was taken.</summary>
    internal WorkerFolder(CampaignFolder campaign, string name, FileLock taken)
    {
        Campaign = campaign;
        Name = name;
        this.taken = taken;
    }

    /// <summary>The campaign.</summary>
    public CampaignFolder Campaign { get; }

    /// <summary>The worker's name.</summary>
    public string Name { get; }

    /// <summary>The folder.</summary>
    public string Folder => Path.Combine(Campaign.Folder, Name);

    /// <summary>Lets others work in it.</summary>
    public void Dispose() => taken.Dispose();
}
