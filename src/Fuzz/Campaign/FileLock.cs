namespace Fuzz.Campaign;

/// <summary>A lock between processes: a file that one of them has open. The system gives it back when that process
/// ends, however it ends.</summary>
/// <remarks>flock(2), as .NET takes it for <see cref="FileShare.None"/>: advisory, and on network file systems only as
/// good as theirs. The file stays; it is empty.</remarks>
public sealed class FileLock : IDisposable
{
    private readonly FileStream stream;

    private FileLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock unless somebody has it.</summary>
    /// <param name="file">Made when it is not there.</param>
    /// <returns>The lock, or null.</returns>
    /// <exception cref="StorageException">The file cannot be made.</exception>
    public static FileLock? TryTake(string file)
    {
        try
        {
            return new FileLock(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(file) && !File.GetAttributes(file).HasFlag(FileAttributes.ReadOnly))
        {
            return null;
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(file, "lock", error);
        }
    }

    /// <summary>Gives it back.</summary>
    public void Dispose() => stream.Dispose();
}
