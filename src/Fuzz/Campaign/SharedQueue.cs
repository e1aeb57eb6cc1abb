using Fuzz.Execution;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>The test cases of a campaign as one worker sees them: its own queue, and what the others have found.
/// </summary>
internal sealed class SharedQueue : IDisposable
{
    /// <summary>Entries of one other worker that are taken over at once: each takes one to four executions, and early
    /// campaigns keep some hundred a second.</summary>
    private const int ImportsMax = 2000;

    private readonly WorkerFolder folder;
    private readonly IEngine engine;
    private readonly QueueFolder queue;
    private readonly Siblings siblings;
    private readonly List<Quarantined> quarantined = [];

    /// <summary>Opens the queue of a worker.</summary>
    /// <param name="folder">The worker's folder.</param>
    /// <param name="engine">Whose language and points test cases are written in.</param>
    /// <exception cref="StorageException">A folder cannot be made or read.</exception>
    public SharedQueue(WorkerFolder folder, IEngine engine)
    {
        this.folder = folder;
        this.engine = engine;
        int lengthMax = TestCaseBinary.LengthMax(engine.Language);
        queue = new QueueFolder(folder.Folder, lengthMax);
        siblings = new Siblings(folder.Campaign.Folder, folder.Name, lengthMax, anew: queue.Count == 0);
    }

    /// <summary>Test cases in the worker's own queue that are on the disk.</summary>
    public int Stored => queue.Stored;

    /// <summary>Files of the queue that could not be read.</summary>
    public IReadOnlyList<Quarantined> Quarantined => quarantined;

    /// <summary>The worker's own test cases, in the order in which it kept them.</summary>
    /// <exception cref="StorageException">The queue cannot be read.</exception>
    public IEnumerable<TestCase> Own() =>
        queue.Read(folder.Campaign.Quarantine, quarantined).Select(entry => Decode(entry.Content));

    /// <summary>What others have found since, and where it comes from.</summary>
    /// <exception cref="StorageException">The campaign's folder cannot be read.</exception>
    public IEnumerable<(TestCase TestCase, Import From)> Imports() =>
        siblings.Read(ImportsMax).Select(import => (Decode(import.Entry.Content), import));

    /// <summary>Keeps a test case; see <see cref="QueueFolder.Add"/>.</summary>
    /// <returns>Whether there was room.</returns>
    /// <exception cref="StorageException">This one or an earlier one cannot be written.</exception>
    public bool Keep(TestCase testCase, string origin)
    {
        if (queue.IsFull)
        {
            return false;
        }

        queue.Add(TestCaseBinary.Encode(engine.Machine.Points, testCase), origin);
        return true;
    }

    /// <summary>Waits until all that was kept is on the disk, then takes down how far the others have been read.
    /// </summary>
    /// <exception cref="StorageException">Something cannot be written.</exception>
    public void Save()
    {
        queue.Flush();
        siblings.Save();
    }

    /// <inheritdoc />
    public void Dispose() => queue.Dispose();

    private TestCase Decode(byte[] content) =>
        TestCaseBinary.Decode(engine.Language, engine.Machine.Points, content);
}
