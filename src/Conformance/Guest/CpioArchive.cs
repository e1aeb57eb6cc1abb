using System.Text;

namespace Conformance.Guest;

/// <summary>An archive of the kind that the kernel unpacks as its first file system: cpio's "newc"
/// (Documentation/driver-api/early-userspace/buffer-format.rst, v6.18).</summary>
public sealed class CpioArchive
{
    private const int Directory = 0x41ED;
    private const int Program = 0x81ED;
    private const int Alignment = 4;
    private const string End = "TRAILER!!!";

    private readonly List<byte> bytes = [];
    private int files;

    /// <summary>Adds a folder; those above it have to come first.</summary>
    public void AddFolder(string path) => Add(path, Directory, []);

    /// <summary>Adds a file that may be run.</summary>
    public void AddFile(string path, ReadOnlySpan<byte> content) => Add(path, Program, content);

    /// <summary>The archive; nothing can be added to it any more.</summary>
    public byte[] ToArray()
    {
        Add(End, 0, []);
        return [.. bytes];
    }

    /// <summary>The files and folders of an archive, in order.</summary>
    /// <exception cref="FormatException">It is none, or not whole.</exception>
    public static IEnumerable<(string Path, bool IsFolder, byte[] Content)> Read(byte[] archive)
    {
        const int HeaderSize = 110;
        for (int at = 0; ;)
        {
            if (at + HeaderSize > archive.Length || Encoding.ASCII.GetString(archive, at, 6) != "070701")
            {
                throw new FormatException($"no header of a cpio archive at byte {at}");
            }

            int mode = Field(archive, at, 1);
            int size = Field(archive, at, 6);
            int nameSize = Field(archive, at, 11);
            int data = Aligned(at + HeaderSize + nameSize);
            if (data + size > archive.Length)
            {
                throw new FormatException($"the file at byte {at} is not whole");
            }

            string name = Encoding.ASCII.GetString(archive, at + HeaderSize, nameSize - 1);
            if (name == End)
            {
                yield break;
            }

            yield return (name, mode == Directory, archive[data..(data + size)]);
            at = Aligned(data + size);
        }
    }

    private static int Field(byte[] archive, int at, int number) =>
        Convert.ToInt32(Encoding.ASCII.GetString(archive, at + 6 + number * 8, 8), 16);

    private static int Aligned(int position) => (position + Alignment - 1) & -Alignment;

    private void Add(string path, int mode, ReadOnlySpan<byte> content)
    {
        // Magic; inode, mode, uid, gid, links, mtime, size, device and its own (major, minor), name, check sum.
        int[] fields = [++files, mode, 0, 0, 1, 0, content.Length, 0, 0, 0, 0, path.Length + 1, 0];
        string numbers = string.Concat(fields.Select(field => $"{field:X8}"));
        bytes.AddRange(Encoding.ASCII.GetBytes($"070701{numbers}{path}\0"));
        Pad();
        bytes.AddRange(content);
        Pad();
    }

    private void Pad()
    {
        bytes.AddRange(new byte[Aligned(bytes.Count) - bytes.Count]);
    }
}
