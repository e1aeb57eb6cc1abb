using System.Runtime.InteropServices;
using Fuzz.Programs;
using Microsoft.Win32.SafeHandles;

namespace Fuzz.Campaign;

/// <summary>Files as campaigns need them: there whole or not at all, and read without trust in what they are.</summary>
/// <remarks>On Windows folders are not forced to the disk: there is no such call, and NTFS journals renames.</remarks>
internal static class Disk
{
    /// <summary>How names of files end that are not finished yet.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>Does something to a file or folder, and says of what the system answers where that was.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="doing">What is tried: <c>write</c>, <c>read</c>.</param>
    /// <param name="action">It.</param>
    /// <exception cref="StorageException">It cannot be done.</exception>
    public static T Attempt<T>(string path, string doing, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(path, doing, error);
        }
    }

    /// <inheritdoc cref="Attempt{T}(string, string, Func{T})" />
    public static void Attempt(string path, string doing, Action action) => Attempt(path, doing, () =>
    {
        action();
        return true;
    });

    /// <summary>Writes a file under another name, forces it to the disk, and renames it.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void WriteWhole(string file, ReadOnlySpan<byte> content)
    {
        string temporary = $"{file}.{Environment.ProcessId}{TemporarySuffix}";
        try
        {
            WriteSynced(temporary, content);
            File.Move(temporary, file, overwrite: true);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            DeleteQuietly(temporary);
            throw StorageException.From(file, "write", error);
        }
    }

    /// <summary>Writes a file and forces its contents to the disk. Its name may still be lost with the power; see
    /// <see cref="SyncFolder"/>.</summary>
    public static void WriteSynced(string file, ReadOnlySpan<byte> content)
    {
        using FileStream stream = new(file, FileMode.Create, FileAccess.Write);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Makes a folder unless it is there.</summary>
    /// <exception cref="StorageException">It cannot be made.</exception>
    public static void MakeFolder(string folder) =>
        Attempt(folder, "write", () => Directory.CreateDirectory(folder));

    /// <summary>Forces the names in a folder to the disk.</summary>
    public static void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            using SafeFileHandle handle = OpenUnix(folder);
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Writes files and forces all of them to the disk, which takes hardly longer than with one where the
    /// system can do it at once.</summary>
    public static void WriteSynced(IReadOnlyList<(string File, byte[] Content)> files)
    {
        const int ManyMin = 8;
        List<SafeFileHandle> open = [];
        try
        {
            foreach ((string file, byte[] content) in files)
            {
                open.Add(File.OpenHandle(file, FileMode.Create, FileAccess.Write));
                RandomAccess.Write(open[^1], content, 0);
            }

            bool allAtOnce = OperatingSystem.IsLinux() && open.Count >= ManyMin && SyncFileSystem(open[0]) == 0;
            if (!allAtOnce)
            {
                open.ForEach(RandomAccess.FlushToDisk);
            }
        }
        finally
        {
            open.ForEach(handle => handle.Dispose());
        }
    }

    /// <summary>Reads a file that anybody may have put there. Never waits, as opening a FIFO would.</summary>
    /// <param name="file">The file.</param>
    /// <param name="lengthMax">Longer ones are not read.</param>
    /// <exception cref="InputException">It is a link, no regular file, or too long.</exception>
    /// <exception cref="IOException">The system does not let us.</exception>
    public static byte[] ReadRegular(string file, int lengthMax)
    {
        FileAttributes attributes = File.GetAttributes(file);
        if (attributes.HasFlag(FileAttributes.ReparsePoint) || attributes.HasFlag(FileAttributes.Directory))
        {
            throw new InputException(file, 0, 0, "a link or a folder", "a regular file");
        }

        using SafeFileHandle handle = OperatingSystem.IsWindows() ? File.OpenHandle(file) : OpenUnix(file);
        long length = LengthOf(handle) ?? throw new InputException(file, 0, 0, "no regular file", "one");
        if (length > lengthMax)
        {
            throw new InputException(file, 0, 0, $"{length} bytes", $"a file of at most {lengthMax} bytes");
        }

        byte[] content = new byte[length];
        int read = 0;
        while (read < content.Length && RandomAccess.Read(handle, content.AsSpan(read), read) is int more and > 0)
        {
            read += more;
        }

        return content[..read];
    }

    /// <summary>Whether there is such a folder, and no link to one: that could lead anywhere.</summary>
    public static bool IsFolder(string path)
    {
        try
        {
            FileAttributes attributes = File.GetAttributes(path);
            return attributes.HasFlag(FileAttributes.Directory) && !attributes.HasFlag(FileAttributes.ReparsePoint);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            return false;
        }
    }

    /// <summary>Deletes a file; one that stays does no harm.</summary>
    public static void DeleteQuietly(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            // Whoever asks has something more important to say.
        }
    }

    private static long? LengthOf(SafeFileHandle handle)
    {
        try
        {
            return RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Opens for reading, folders too, and never waits for the other end of a FIFO.</summary>
    private static SafeFileHandle OpenUnix(string path)
    {
        const int LinuxNonBlockCloseOnExec = 0x80800;
        const int BsdNonBlockCloseOnExec = 0x1000004;
        int descriptor = Open(path, OperatingSystem.IsLinux() ? LinuxNonBlockCloseOnExec : BsdNonBlockCloseOnExec);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage(), Marshal.GetLastPInvokeError());
    }

    [DllImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SyncFileSystem(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
