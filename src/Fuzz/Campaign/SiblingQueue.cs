using System.Buffers.Binary;

namespace Fuzz.Campaign;

/// <summary>How far the queue of another worker has been read, and what is new in it.</summary>
/// <remarks>
/// The other one may be of ours, an <c>afl-fuzz</c> or a libFuzzer (whose names have no numbers), live on another host
/// and be copied here file by file, in any order, or not be what it seems: names are read as bytes of no meaning but
/// their number, and only plain files of a bounded length are opened. What was read is known by name while this process
/// lives; the number below which everything was read is kept in <c>.synced/NAME</c>, as AFL++ keeps it. An entry may
/// be read twice after a restart, never not at all.
/// </remarks>
internal sealed class SiblingQueue
{
    /// <summary>Entries of one folder that are looked at, ever.</summary>
    public const int EntriesMax = 1_000_000;

    /// <summary>Names that are taken from the folder at once.</summary>
    private const int BacklogMax = 50_000;

    /// <summary>A folder that was written so shortly before it was listed may have been written after, too. Else it
    /// has been written when its time is another one, later or not: rsync sets it to that of where it comes from.
    /// </summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    private readonly string folder;
    private readonly string? cursorFile;
    private readonly int lengthMax;
    private readonly HashSet<ulong> seen = [];
    private readonly HashSet<int> ahead = [];
    private readonly Queue<string> backlog = new();
    private DateTime listed;
    private DateTime changed;

    /// <summary>Below it everything was read by processes before this one.</summary>
    private int floor;

    /// <summary>Below it everything was read.</summary>
    private int cursor;
    private int written;

    /// <summary>A queue of another worker.</summary>
    /// <param name="folder">The folder of entries.</param>
    /// <param name="cursorFile">Where it is kept how far it has been read, or null.</param>
    /// <param name="lengthMax">Longer entries are passed over.</param>
    public SiblingQueue(string folder, string? cursorFile, int lengthMax)
    {
        this.folder = folder;
        this.cursorFile = cursorFile;
        this.lengthMax = lengthMax;
        floor = cursor = written = ReadCursor(cursorFile);
    }

    /// <summary>Entries that could not be used: no plain file, empty or too long.</summary>
    public int Skipped { get; private set; }

    /// <summary>What has come since it was read last, by name; at most so many.</summary>
    public IEnumerable<QueueEntry> Read(int countMax)
    {
        List();
        for (int count = 0; count < countMax && backlog.TryDequeue(out string? name);)
        {
            string file = Path.Combine(folder, name);
            byte[] content = TryRead(file);
            if (content.Length == 0 && IsBeingWritten(file))
            {
                listed = default;
                continue;
            }

            if (content.Length > 0)
            {
                count++;
                yield return new QueueEntry(QueueEntry.IdOf(name), name, content);
            }
            else
            {
                Skipped++;
            }

            MarkRead(name);
        }
    }

    /// <summary>Keeps on the disk how far it has been read. To be called when what was made of the entries is there,
    /// too.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public void Save()
    {
        if (cursorFile is not null && cursor != written)
        {
            byte[] number = new byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)cursor);
            Disk.WriteWhole(cursorFile, number);
            written = cursor;
        }
    }

    private static int ReadCursor(string? file)
    {
        try
        {
            byte[] number = file is null || !File.Exists(file) ? [] : Disk.ReadRegular(file, sizeof(uint));
            return number.Length == sizeof(uint)
                ? (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(number), QueueEntry.IdMax + 1)
                : 0;
        }
        catch (Exception error) when (error is Programs.InputException || StorageException.IsAboutFiles(error))
        {
            return 0;
        }
    }

    private void MarkRead(string name)
    {
        seen.Add(Programs.Fnv.Hash(name));
        if (QueueEntry.IdOf(name) is { } id && id >= cursor)
        {
            ahead.Add(id);
            while (ahead.Remove(cursor))
            {
                cursor++;
            }
        }
    }

    /// <summary>AFL++ makes the file and writes it in two steps.</summary>
    private static bool IsBeingWritten(string file)
    {
        FileInfo info = new(file);
        return info.Exists && info.Length == 0 && DateTime.UtcNow - info.LastWriteTimeUtc < Settled;
    }

    private byte[] TryRead(string file)
    {
        try
        {
            return Disk.ReadRegular(file, lengthMax);
        }
        catch (Exception error) when (error is Programs.InputException || StorageException.IsAboutFiles(error))
        {
            return [];
        }
    }

    /// <summary>Takes names from the folder when the last ones are used up and it has changed.</summary>
    private void List()
    {
        if (backlog.Count > 0 || seen.Count >= EntriesMax)
        {
            return;
        }

        if (!Disk.IsFolder(folder))
        {
            return;
        }

        try
        {
            DateTime now = DateTime.UtcNow;
            DateTime change = Directory.GetLastWriteTimeUtc(folder);
            if (change == changed && change + Settled < listed)
            {
                return;
            }

            bool first = cursor > 0 && seen.Count == 0;
            if (first && !(Names().Max(QueueEntry.IdOf) >= cursor - 1))
            {
                // It was begun anew: it has fewer entries than were read of it.
                floor = cursor = 0;
            }

            string[] names = [.. Names().Where(IsNew).Take(BacklogMax)];
            Array.Sort(names, StringComparer.Ordinal);
            Array.ForEach(names, backlog.Enqueue);
            (listed, changed) = (names.Length < BacklogMax ? now : default, change);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            // It is gone, or not there yet.
        }
    }

    private IEnumerable<string> Names() => Directory.EnumerateFiles(folder)
        .Select(file => Path.GetFileName(file)).Where(name => name[0] != '.' && name != "README.txt");

    private bool IsNew(string name) => !(QueueEntry.IdOf(name) < floor) && !seen.Contains(Programs.Fnv.Hash(name));
}
