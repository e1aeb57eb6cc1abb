using System.Globalization;
using System.Text;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>What was in a corpus.</summary>
/// <param name="Programs">The test cases in text, by file name.</param>
/// <param name="Reproducers">The reproducers by file name.</param>
/// <param name="Quarantined">Files that could not be read.</param>
public sealed record CorpusContents(
    IReadOnlyList<(string File, TestCase TestCase)> Programs,
    IReadOnlyList<(string File, Reproducer Reproducer)> Reproducers,
    IReadOnlyList<Quarantined> Quarantined);

/// <summary>A folder of programs (<c>*.program</c>), reproducers (<c>*.reproducer</c>) and their reports.</summary>
/// <remarks>
/// A file is there whole or not at all: it is written under another name, forced to the disk, and renamed. What
/// cannot be read is named and put aside in <c>quarantine/</c>, never deleted. Thread-safe.
/// </remarks>
public sealed class CorpusStore
{
    /// <summary>How names of programs end.</summary>
    public const string ProgramSuffix = ".program";

    /// <summary>How names of reproducers end.</summary>
    public const string ReproducerSuffix = ".reproducer";

    /// <summary>How names of reports end.</summary>
    public const string ReportSuffix = ".report.txt";

    /// <summary>The folder for files that cannot be read.</summary>
    public const string QuarantineFolder = "quarantine";
    private const int FileMax = 1 << 20;
    private readonly System.Threading.Lock gate = new();

    /// <summary>A store in a folder, which is made when it is not there.</summary>
    /// <exception cref="StorageException">The folder cannot be made or written.</exception>
    public CorpusStore(string folder)
    {
        Folder = folder;
        Disk.Attempt(folder, "write", () =>
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".probe-{Environment.ProcessId}{Disk.TemporarySuffix}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        });
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Reads everything; files that cannot be read are moved aside and named in the result.</summary>
    /// <param name="language">What programs are written in.</param>
    /// <param name="points">When given, points of schedules must be among them.</param>
    /// <param name="variants">When given, variants must be among them.</param>
    /// <exception cref="StorageException">The folder itself cannot be read.</exception>
    public CorpusContents Load(
        Language language, PointTable? points = null, IReadOnlyCollection<string>? variants = null)
    {
        lock (gate)
        {
            List<(string, TestCase)> programs = [];
            List<(string, Reproducer)> reproducers = [];
            List<Quarantined> bad = [];
            foreach (string file in Files())
            {
                try
                {
                    if (file.EndsWith(ProgramSuffix, StringComparison.Ordinal))
                    {
                        programs.Add((file, TestCaseText.Parse(language, ReadStranger(file), file, points)));
                    }
                    else
                    {
                        reproducers.Add((file, Reproducer.Parse(language, ReadStranger(file), file, points, variants)));
                    }
                }
                catch (Exception error) when (error is InputException or StorageException)
                {
                    bad.Add(Quarantined.PutAside(file, error.Message, Path.Combine(Folder, QuarantineFolder)));
                }
            }

            return new CorpusContents(programs, reproducers, bad);
        }
    }

    /// <summary>The name of a test case, made of its contents.</summary>
    public static string NameOf(TestCase testCase) => NameOf(TestCaseText.Print(testCase));

    /// <summary>Keeps a test case under its name. Returns whether it was not there yet.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public bool Add(TestCase testCase)
    {
        string text = TestCaseText.Print(testCase);
        string file = Path.Combine(Folder, NameOf(text));
        lock (gate)
        {
            if (File.Exists(file))
            {
                return false;
            }

            WriteWhole(file, text);
            return true;
        }
    }

    /// <summary>Keeps a reproducer, and its report beside it if there is one. Replaces one of the same name.</summary>
    /// <returns>The reproducer's file.</returns>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public string Add(string name, Reproducer reproducer, Func<string, string>? report = null)
    {
        string file = FileOf(name);
        lock (gate)
        {
            WriteWhole(file, reproducer.Print());
            if (report is not null)
            {
                WriteWhole(Path.Combine(Folder, name + ReportSuffix), report(file));
            }
        }

        return file;
    }

    /// <summary>Where a reproducer of that name is kept.</summary>
    public string FileOf(string name) => Path.Combine(Folder, name + ReproducerSuffix);

    /// <summary>Reads a reproducer; null when it is gone or none.</summary>
    public static Reproducer? Read(Language language, string file)
    {
        try
        {
            return Reproducer.Parse(language, ReadStranger(file), file);
        }
        catch (Exception error) when (error is InputException or StorageException)
        {
            return null;
        }
    }

    /// <summary>Eight digits that tell texts apart.</summary>
    internal static string ShortHash(string text) => Hash(text).ToString("x8", CultureInfo.InvariantCulture)[^8..];

    /// <summary>A file name for a signature: its words, joined by dashes.</summary>
    public static string NameOf(Execution.Signature signature)
    {
        const int LengthMax = 80;
        StringBuilder name = new();
        foreach (char letter in $"{signature.Oracle} {signature.Law} {signature.Routine}")
        {
            bool plain = char.IsAsciiLetterOrDigit(letter) || letter == '_';
            if (plain || (name.Length > 0 && name[^1] != '-'))
            {
                name.Append(plain ? char.ToLowerInvariant(letter) : '-');
            }
        }

        string text = name.ToString().Trim('-');
        return text.Length <= LengthMax
            ? text
            : $"{text[..LengthMax].Trim('-')}-{ShortHash(text)}";
    }

    /// <summary>Writes a file so that it is there whole or not at all.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void WriteWhole(string file, string text) => Disk.WriteWhole(file, Encoding.UTF8.GetBytes(text));

    /// <summary>Reads a text file that a person names.</summary>
    /// <exception cref="InputException">It is not text, or too large to be one of ours.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static string ReadText(string file)
    {
        byte[] bytes = Disk.Attempt(file, "read", () =>
        {
            long length = new FileInfo(file).Length;
            return length <= FileMax
                ? File.ReadAllBytes(file)
                : throw new InputException(file, 0, 0, $"{length} bytes", $"a file of at most {FileMax} bytes");
        });
        return Decode(file, bytes);
    }

    internal static string ReadStranger(string file) =>
        Decode(file, Disk.Attempt(file, "read", () => Disk.ReadRegular(file, FileMax)));

    private static string Decode(string file, byte[] bytes)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            int odd = text.AsSpan().IndexOfAnyInRange('\0', '\b');
            return odd < 0 ? text : throw NotText(file, text.AsSpan(0, odd).Count('\n') + 1);
        }
        catch (DecoderFallbackException error)
        {
            throw NotText(file, bytes.AsSpan(0, Math.Max(error.Index, 0)).Count((byte)'\n') + 1);
        }
    }

    private static InputException NotText(string file, int line) =>
        new(file, line, 1, "not a text: there are binary bytes in this line", "UTF-8 text");

    private static string NameOf(string text) => $"{Hash(text):x16}{ProgramSuffix}";

    private static ulong Hash(string text) => Fnv.Hash(Encoding.UTF8.GetBytes(text));

    private string[] Files() => Disk.Attempt<string[]>(Folder, "read", () => [.. Directory.GetFiles(Folder)
        .Where(f => f.EndsWith(ProgramSuffix, StringComparison.Ordinal)
            || f.EndsWith(ReproducerSuffix, StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)]);
}
