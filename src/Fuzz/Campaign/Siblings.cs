namespace Fuzz.Campaign;

/// <summary>A test case that another worker has found.</summary>
/// <param name="Sibling">The other worker's name.</param>
/// <param name="IsCrash">Whether it comes from its folder of crashes.</param>
/// <param name="Entry">The test case.</param>
public sealed record Import(string Sibling, bool IsCrash, QueueEntry Entry)
{
    /// <summary>What the name of an entry says that was taken over, as AFL++ says it: <c>sync:w1,src:000012</c>.
    /// Crashes have numbers of their own: <c>sync:main,crash:000003</c>.</summary>
    public string Origin =>
        $"sync:{Sibling},{(IsCrash ? "crash" : "src")}:{(Entry.Id is { } id ? $"{id:D6}" : Entry.Name)}";

    /// <summary>Where it lies in the campaign's folder, up to its number: <c>main/crashes/id:000003</c>.</summary>
    public string Place =>
        $"{Sibling}/{(IsCrash ? "crashes" : "queue")}/{(Entry.Id is { } id ? $"id:{id:D6}" : Entry.Name)}";
}

/// <summary>The other workers of a campaign's directory, of whatever kind: all folders beside our own that have a
/// <c>queue</c> or <c>crashes</c>.</summary>
/// <remarks>As AFL++ 4.04c's <c>sync_fuzzers()</c>, with two deviations: crashes are read, too, and everybody reads
/// from everybody, for what is read twice costs one execution.</remarks>
public sealed class Siblings
{
    /// <summary>Other workers that are looked at.</summary>
    public const int SiblingsMax = 1000;

    private const int NameMax = 64;
    private readonly string campaign;
    private readonly string own;
    private readonly string synced;
    private readonly int lengthMax;
    private readonly SortedDictionary<string, (SiblingQueue Queue, SiblingQueue Crashes)> known =
        new(StringComparer.Ordinal);

    /// <summary>The workers beside one.</summary>
    /// <param name="campaign">The campaign's folder.</param>
    /// <param name="own">The name of the one that reads.</param>
    /// <param name="lengthMax">Longer test cases are passed over.</param>
    /// <param name="anew">Whether to begin at the beginning: what was read before is not there any more.</param>
    /// <exception cref="StorageException">The folder <c>.synced</c> cannot be made.</exception>
    public Siblings(string campaign, string own, int lengthMax, bool anew)
    {
        this.campaign = campaign;
        this.own = own;
        this.lengthMax = lengthMax;
        synced = Path.Combine(campaign, own, ".synced");
        Disk.Attempt(synced, "write", () =>
        {
            if (anew && Directory.Exists(synced))
            {
                Directory.Delete(synced, recursive: true);
            }

            Directory.CreateDirectory(synced);
        });
    }

    /// <summary>Entries of others that could not be used.</summary>
    public int Skipped => known.Values.Sum(folders => folders.Queue.Skipped + folders.Crashes.Skipped);

    /// <summary>Whether a name may be a worker's: that of a folder, in plain letters, as AFL++ demands of
    /// <c>-M</c> and <c>-S</c>, and dots.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= NameMax && name[0] is not ('.' or '-')
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.');

    /// <summary>What the others have found since, at most so much of each.</summary>
    public IEnumerable<Import> Read(int countMax)
    {
        Look();
        foreach ((string name, (SiblingQueue queue, SiblingQueue crashes)) in known)
        {
            foreach (QueueEntry entry in queue.Read(countMax))
            {
                yield return new Import(name, false, entry);
            }

            foreach (QueueEntry entry in crashes.Read(countMax))
            {
                yield return new Import(name, true, entry);
            }
        }
    }

    /// <summary>Keeps on the disk how far all have been read; see <see cref="SiblingQueue.Save"/>.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public void Save()
    {
        foreach ((SiblingQueue queue, _) in known.Values)
        {
            queue.Save();
        }
    }

    private void Look()
    {
        string[] folders = Disk.Attempt<string[]>(
            campaign, "read", () => [.. Directory.EnumerateDirectories(campaign).Take(SiblingsMax)]);

        foreach (string folder in folders)
        {
            string name = Path.GetFileName(folder);
            bool isWorker = name != own && name != CorpusStore.QuarantineFolder && IsName(name)
                && Disk.IsFolder(folder);
            if (isWorker && !known.ContainsKey(name) && Disk.IsFolder(Path.Combine(folder, "queue")))
            {
                known.Add(name, (
                    new SiblingQueue(Path.Combine(folder, "queue"), Path.Combine(synced, name), lengthMax),
                    new SiblingQueue(Path.Combine(folder, "crashes"), null, lengthMax)));
            }
        }
    }
}
