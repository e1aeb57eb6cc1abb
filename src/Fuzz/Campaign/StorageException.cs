using System.Diagnostics.CodeAnalysis;

namespace Fuzz.Campaign;

/// <summary>A folder or disk does not do what is asked of it. The message is meant for a person, as it
/// stands.</summary>
[SuppressMessage("Design", "RCS1194", Justification = "An error that does not name the place is of no use.")]
public sealed class StorageException : IOException
{
    private const int DiskFullWindows = unchecked((int)0x80070070);
    private const int HandleDiskFullWindows = unchecked((int)0x80070027);
    private const int NoSpaceUnix = 28;

    private StorageException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Whether there is no room left on the disk.</summary>
    public bool IsDiskFull { get; private init; }

    /// <summary>Says what went wrong at <paramref name="path"/> and what to do about it.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="doing">What was tried: <c>write</c>, <c>read</c>.</param>
    /// <param name="error">What the system said.</param>
    public static StorageException From(string path, string doing, Exception error)
    {
        bool full = error is IOException && error.HResult is DiskFullWindows or HandleDiskFullWindows or NoSpaceUnix;
        string advice = full
            ? "free some space or name another folder with --corpus; what was stored before is complete"
            : "make the folder writable or name another one with --corpus";
        string problem = full ? "no space left on the disk" : ProblemOf(error);
        return new StorageException($"{path}: cannot {doing}: {problem}; {advice}", error) { IsDiskFull = full };
    }

    /// <summary>Whether the exception is the system's answer about a file, rather than a defect of ours.</summary>
    public static bool IsAboutFiles(Exception error) =>
        error is (IOException and not StorageException) or UnauthorizedAccessException or NotSupportedException
            or System.Security.SecurityException;

    private static string ProblemOf(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        DirectoryNotFoundException => "there is no such folder",
        FileNotFoundException => "there is no such file",
        PathTooLongException => "the path is too long",
        _ => error.Message.TrimEnd('.').ReplaceLineEndings(" "),
    };
}
