using Fuzz.Campaign;

namespace Conformance.Guest;

/// <summary>The folder in which downloaded and built things stay: <c>$FUZZ_CACHE</c>, or
/// <c>~/.cache/fuzz</c>.</summary>
/// <param name="Root">Its path.</param>
public sealed record CacheFolder(string Root)
{
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(200);

    /// <summary>The one that the environment names.</summary>
    public static CacheFolder Default { get; } = new(
        Environment.GetEnvironmentVariable("FUZZ_CACHE") is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "fuzz"));

    /// <summary>A path below it; the folders up to there exist afterwards.</summary>
    /// <exception cref="StorageException">They cannot be made.</exception>
    public string Place(params ReadOnlySpan<string> names)
    {
        string path = Path.Combine([Root, .. names]);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(Root, "make folders", error);
        }

        return path;
    }

    /// <summary>A folder that is there whole, or not at all, whoever else makes it at the same time.</summary>
    /// <param name="name">Its path below the root.</param>
    /// <param name="fill">Fills an empty folder.</param>
    /// <returns>Its path.</returns>
    public string Folder(string name, Action<string> fill)
    {
        string path = Place(name);
        if (Directory.Exists(path))
        {
            return path;
        }

        using FileStream mine = Lock($"{path}.lock");
        if (Directory.Exists(path))
        {
            return path;
        }

        string unfinished = $"{path}.new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        Directory.CreateDirectory(unfinished);
        fill(unfinished);
        Directory.Move(unfinished, path);
        return path;
    }

    /// <summary>Waits until nobody else has that file open.</summary>
    internal static FileStream Lock(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException))
            {
                Thread.Sleep(LockPause);
            }
        }
    }
}
