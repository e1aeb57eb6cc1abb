using System.Text;

namespace Fuzz.Campaign;

/// <summary>Reads lines of files that anybody may have written, within bounds.</summary>
internal static class BoundedText
{
    private const int LineMax = 4096;

    /// <summary>Whether this is a file of its own that has something in it: no link, no pipe, no device.</summary>
    public static bool IsPlainFile(string path)
    {
        // Pipes and devices have no length; opening one could wait for ever.
        FileInfo file = new(path);
        return file.Exists && file.LinkTarget is null && file.Length > 0;
    }

    /// <summary>The lines that end in a newline, without those longer than a page; none when there is no such
    /// file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytesMax">Where to stop.</param>
    public static IEnumerable<string> Lines(string path, int bytesMax)
    {
        if (!IsPlainFile(path))
        {
            yield break;
        }

        // Its writer may rename another one over it, or be in the middle of a line.
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] buffer = new byte[1 << 16];
        byte[] line = new byte[LineMax];
        int length = 0;
        for (long read = 0; read < bytesMax;)
        {
            int got = stream.Read(buffer);
            if (got == 0)
            {
                yield break;
            }

            read += got;
            for (int i = 0; i < got; i++)
            {
                if (buffer[i] != (byte)'\n')
                {
                    line[Math.Min(length, LineMax - 1)] = buffer[i];
                    length++;
                    continue;
                }

                if (length < LineMax)
                {
                    yield return Encoding.UTF8.GetString(line, 0, length).TrimEnd('\r');
                }

                length = 0;
            }
        }
    }
}
