using System.Runtime.ExceptionServices;

namespace Fuzz.Campaign;

/// <summary>The test cases that one worker keeps: <c>WORKER/queue</c>, in AFL++'s layout and names.</summary>
/// <remarks>
/// An entry is written beside the queue under a name that begins with a dot, forced to the disk, and renamed into it,
/// so that whoever reads the queue sees it whole or not at all. Numbers follow each other without a gap, for AFL++
/// 4.04c's <c>sync_fuzzers()</c> waits for the very next one. A thread does the writing, for forcing one file and one
/// folder to the disk takes milliseconds: entries that have come together go together. One process at a time may have
/// it open.
/// </remarks>
public sealed class QueueFolder : IDisposable
{
    private const int BatchMax = 1024;

    /// <summary>How long entries gather: so often at most the disk is forced.</summary>
    private const int GatherMilliseconds = 200;

    private const int PendingMax = 100_000;
    private const string TemporaryPrefix = ".id:";
    private readonly System.Threading.Lock gate = new();
    private readonly Queue<(int Id, string Name, byte[] Content)> pending = new();
    private readonly AutoResetEvent arrived = new(false);
    private readonly ManualResetEventSlim idle = new(true);
    private readonly ManualResetEventSlim hurry = new(false);
    private readonly string worker;
    private readonly int lengthMax;
    private readonly Thread thread;
    private ExceptionDispatchInfo? failed;
    private bool ending;
    private int next;
    private volatile int stored;

    /// <summary>Opens the queue of a worker, and makes it when it is not there.</summary>
    /// <param name="worker">The worker's folder.</param>
    /// <param name="lengthMax">The longest entry, in bytes.</param>
    /// <exception cref="StorageException">The folder cannot be made or read.</exception>
    public QueueFolder(string worker, int lengthMax)
    {
        this.worker = worker;
        this.lengthMax = lengthMax;
        Folder = Path.Combine(worker, "queue");
        Disk.Attempt(Folder, "write", () =>
        {
            Directory.CreateDirectory(Folder);
            foreach (string left in Directory.EnumerateFiles(worker, $"{TemporaryPrefix}*{Disk.TemporarySuffix}"))
            {
                Disk.DeleteQuietly(left);
            }

            foreach (string file in Directory.EnumerateFileSystemEntries(Folder))
            {
                next = Math.Max(next, QueueEntry.IdOf(Path.GetFileName(file)) + 1 ?? 0);
            }
        });

        stored = next;
        thread = new Thread(WriteAll) { IsBackground = true, Name = "queue" };
        thread.Start();
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Entries so far, those on their way to the disk included: the number of the next one.</summary>
    public int Count => next;

    /// <summary>Entries that are on the disk.</summary>
    public int Stored => stored;

    /// <summary>Whether there is no room for more: see <see cref="QueueEntry.IdMax"/>.</summary>
    public bool IsFull => next > QueueEntry.IdMax;

    /// <summary>Reads what is on the disk, by name. What cannot be an entry is put aside; an empty file takes its
    /// place, which AFL++ passes over, so that the numbers stay without a gap.</summary>
    /// <param name="quarantine">Where it is put.</param>
    /// <param name="bad">Takes what was put aside.</param>
    /// <exception cref="StorageException">The folder cannot be read.</exception>
    public IEnumerable<QueueEntry> Read(string quarantine, ICollection<Quarantined> bad)
    {
        foreach (string file in Files())
        {
            string name = Path.GetFileName(file);
            byte[]? content = ReadOrPutAside(file, quarantine, bad);
            if (content is { Length: > 0 })
            {
                yield return new QueueEntry(QueueEntry.IdOf(name), name, content);
            }
        }
    }

    /// <summary>Adds an entry; it is on the disk soon, and at the latest after <see cref="Flush"/>.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="origin">Where it comes from; see <see cref="QueueEntry.NameOf"/>.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="StorageException">This one or an earlier one cannot be written.</exception>
    public int Add(byte[] content, string origin)
    {
        if (next - stored >= PendingMax)
        {
            Flush();
        }

        lock (gate)
        {
            failed?.Throw();
            int id = next++;
            pending.Enqueue((id, QueueEntry.NameOf(id, origin), content));
            idle.Reset();
            arrived.Set();
            return id;
        }
    }

    /// <summary>Waits until all entries are on the disk.</summary>
    /// <exception cref="StorageException">One of them cannot be written; those before it are there.</exception>
    public void Flush()
    {
        hurry.Set();
        idle.Wait();
        hurry.Reset();
        lock (gate)
        {
            failed?.Throw();
        }
    }

    /// <summary>Writes what is left, if it can be written, and ends.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ending = true;
        }

        hurry.Set();
        arrived.Set();
        thread.Join();
        arrived.Dispose();
        idle.Dispose();
        hurry.Dispose();
    }

    private string[] Files() => Disk.Attempt<string[]>(
        Folder, "read", () => [.. Directory.EnumerateFileSystemEntries(Folder).Order(StringComparer.Ordinal)]);

    private byte[]? ReadOrPutAside(string file, string quarantine, ICollection<Quarantined> bad)
    {
        try
        {
            return Disk.ReadRegular(file, lengthMax);
        }
        catch (Programs.InputException error)
        {
            Quarantined aside = Quarantined.PutAside(file, error.Message, quarantine);
            bad.Add(aside);
            if (aside.MovedTo != file && QueueEntry.IdOf(Path.GetFileName(file)) is not null)
            {
                File.WriteAllBytes(file, []);
            }

            return null;
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(file, "read", error);
        }
    }

    private void WriteAll()
    {
        List<(int Id, string Name, byte[] Content)> batch = [];
        while (true)
        {
            arrived.WaitOne();
            hurry.Wait(GatherMilliseconds);
            while (Take(batch))
            {
                Write(batch);
            }

            lock (gate)
            {
                if (ending && pending.Count == 0)
                {
                    return;
                }
            }
        }
    }

    private bool Take(List<(int Id, string Name, byte[] Content)> batch)
    {
        lock (gate)
        {
            batch.Clear();
            while (batch.Count < BatchMax && pending.TryDequeue(out (int, string, byte[]) entry))
            {
                batch.Add(entry);
            }

            if (batch.Count == 0)
            {
                idle.Set();
            }

            return batch.Count > 0;
        }
    }

    private void Write(List<(int Id, string Name, byte[] Content)> batch)
    {
        string current = worker;
        try
        {
            Disk.WriteSynced([.. batch.Select(entry => (Temporary(entry.Id), entry.Content))]);
            foreach ((int id, string name, _) in batch)
            {
                current = Path.Combine(Folder, name);
                File.Move(Temporary(id), current);
            }

            Disk.SyncFolder(Folder);
            stored = batch[^1].Id + 1;
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            Fail(StorageException.From(current, "write", error), batch);
        }
    }

    private void Fail(StorageException error, List<(int Id, string Name, byte[] Content)> batch)
    {
        batch.ForEach(entry => Disk.DeleteQuietly(Temporary(entry.Id)));
        lock (gate)
        {
            // Later numbers would leave a gap where these are missing.
            failed ??= ExceptionDispatchInfo.Capture(error);
            pending.Clear();
        }
    }

    private string Temporary(int id) =>
        Path.Combine(worker, string.Create(null, $"{TemporaryPrefix}{id:D6}{Disk.TemporarySuffix}"));
}
