using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>A test case and where it lies.</summary>
/// <param name="File">Where it lies.</param>
/// <param name="TestCase">What it is.</param>
/// <param name="Bytes">Its binary form as it lies there; null when it lies there in text.</param>
public sealed record CorpusEntry(string File, TestCase TestCase, byte[]? Bytes);

/// <summary>Reads test cases from whatever people have: the folder of a campaign, of one worker, a queue of any fuzzer,
/// a folder of programs in text, one file.</summary>
/// <remarks>Files are strangers': see <see cref="Disk.ReadRegular"/>. Nothing is moved or changed.</remarks>
public sealed class CorpusReader
{
    private static readonly string[] Queues = ["queue", "crashes"];
    private readonly Language language;
    private readonly PointTable points;
    private readonly List<string> problems = [];

    /// <summary>A reader.</summary>
    /// <param name="language">What programs are written in.</param>
    /// <param name="points">The points of the engine, all defined.</param>
    public CorpusReader(Language language, PointTable points)
    {
        this.language = language;
        this.points = points;
    }

    /// <summary>Files that could not be read: one line each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>The test cases of a folder or file, by name.</summary>
    /// <exception cref="InputException">There is no such thing.</exception>
    /// <exception cref="StorageException">The folder cannot be read.</exception>
    public IEnumerable<CorpusEntry> Read(string path)
    {
        if (File.Exists(path))
        {
            return ReadFile(path) is { } entry ? [entry] : [];
        }

        if (!Directory.Exists(path))
        {
            throw new InputException(path, 0, 0, "there is no such folder", "a folder of test cases, or one of them");
        }

        IEnumerable<string> folders = Queues.Contains(Path.GetFileName(Path.GetFullPath(path)))
            ? [path]
            : [.. Below(path), .. Folders(path).SelectMany(Below)];
        return Texts(path).Concat(folders.SelectMany(Files)).Select(ReadFile).OfType<CorpusEntry>();
    }

    /// <summary>The reproducers of a folder, by name.</summary>
    /// <exception cref="StorageException">The folder cannot be read.</exception>
    public IEnumerable<(string File, Reproducer Reproducer)> Reproducers(string folder)
    {
        foreach (string file in Files(folder).Where(IsReproducer))
        {
            if (Try(file, () => Reproducer.Parse(language, CorpusStore.ReadStranger(file), file, points)) is { } read)
            {
                yield return (file, read);
            }
        }
    }

    /// <summary>The one test case of a file.</summary>
    public CorpusEntry? ReadFile(string file) => Try(file, () =>
    {
        if (IsReproducer(file))
        {
            Reproducer reproducer = Reproducer.Parse(language, CorpusStore.ReadStranger(file), file, points);
            return new CorpusEntry(file, new TestCase(reproducer.Program, reproducer.Schedule), null);
        }

        if (file.EndsWith(CorpusStore.ProgramSuffix, StringComparison.Ordinal))
        {
            return new CorpusEntry(
                file, TestCaseText.Parse(language, CorpusStore.ReadStranger(file), file, points), null);
        }

        byte[] bytes = Disk.ReadRegular(file, TestCaseBinary.LengthMax(language));
        return bytes.Length == 0 ? null : new CorpusEntry(file, TestCaseBinary.Decode(language, points, bytes), bytes);
    });

    private static bool IsReproducer(string file) =>
        file.EndsWith(CorpusStore.ReproducerSuffix, StringComparison.Ordinal);

    private static IEnumerable<string> Below(string folder) =>
        Queues.Select(name => Path.Combine(folder, name)).Where(Disk.IsFolder);

    private static string[] Folders(string folder) => List(
        folder, () => Directory.GetDirectories(folder).Where(
            name => Disk.IsFolder(name) && Siblings.IsName(Path.GetFileName(name))));

    private static IEnumerable<string> Texts(string folder) =>
        Files(folder).Where(file => file.EndsWith(CorpusStore.ProgramSuffix, StringComparison.Ordinal));

    private static string[] Files(string folder) => List(
        folder, () => Directory.GetFiles(folder).Where(
            file => Path.GetFileName(file) is not "README.txt" and not ['.', ..]));

    private static string[] List(string folder, Func<IEnumerable<string>> list) => Disk.Attempt<string[]>(
        folder, "read", () => [.. list().Order(StringComparer.Ordinal).Take(SiblingQueue.EntriesMax)]);

    private T? Try<T>(string file, Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is InputException or StorageException)
        {
            problems.Add(error.Message);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            problems.Add(StorageException.From(file, "read", error).Message);
        }

        return null;
    }
}
