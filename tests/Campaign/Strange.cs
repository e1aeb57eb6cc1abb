using System.Diagnostics;

namespace Tests.Campaign;

/// <summary>Files that nobody expects in a corpus.</summary>
internal static class Strange
{
    public static void Link(string file, string target) => File.CreateSymbolicLink(file, target);

    public static void Fifo(string file)
    {
        using Process made = Process.Start("mkfifo", [file]);
        made.WaitForExit();
    }
}
