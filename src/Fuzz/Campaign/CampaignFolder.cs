using System.Text;
using System.Text.Json;
using Fuzz.Programs;

namespace Fuzz.Campaign;

/// <summary>The directory of a campaign: what is fuzzed there, the failures, and a folder for each worker.</summary>
/// <remarks>The layout is AFL++'s for parallel fuzzing (docs/fuzzing_in_depth.md, "Using multiple cores"), so that its
/// instances, and copies of those of other hosts, may be workers, too; see the README of this folder.</remarks>
public sealed class CampaignFolder
{
    /// <summary>The version of what is written in it.</summary>
    public const int Format = 1;

    private const string IdentityFile = "campaign.json";
    private const string LocksFolder = ".locks";
    private const int IdentityLengthMax = 1 << 16;
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private CampaignFolder(string folder) => Store = new CorpusStore(folder);

    /// <summary>The folder.</summary>
    public string Folder => Store.Folder;

    /// <summary>Its seeds, reproducers and reports.</summary>
    public CorpusStore Store { get; }

    /// <summary>Where files are put that cannot be read.</summary>
    public string Quarantine => Path.Combine(Folder, CorpusStore.QuarantineFolder);

    /// <summary>Opens the directory of a campaign, and makes it when it is not there.</summary>
    /// <param name="folder">The directory.</param>
    /// <param name="language">What programs are written in.</param>
    /// <param name="variants">What is fuzzed.</param>
    /// <exception cref="InputException">Something else is fuzzed there.</exception>
    /// <exception cref="StorageException">It cannot be made or written.</exception>
    public static CampaignFolder Open(string folder, Language language, IReadOnlyList<string> variants)
    {
        CampaignFolder campaign = new(folder);
        Identity ours = new(Format, language.Name, [.. variants.Order(StringComparer.Ordinal)]);
        string file = Path.Combine(folder, IdentityFile);
        if (!File.Exists(file))
        {
            Disk.WriteWhole(file, JsonSerializer.SerializeToUtf8Bytes(ours, Indented));
        }

        Identity there = Read(file);
        if (there.Format != ours.Format)
        {
            throw new InputException(
                file, 0, 0, $"the folder is of format {there.Format}", $"format {ours.Format}, or name another folder "
                + "with --corpus");
        }

        if (there.Describe() != ours.Describe())
        {
            throw new InputException(
                file, 0, 0, $"{InputException.Quote(there.Describe())} is fuzzed in this folder",
                $"{InputException.Quote(ours.Describe())}, or name another folder with --corpus");
        }

        Disk.MakeFolder(Path.Combine(folder, LocksFolder));
        return campaign;
    }

    /// <summary>What is fuzzed in a folder; null when it is no campaign's.</summary>
    /// <exception cref="InputException">It does not say so.</exception>
    public static IReadOnlyList<string>? VariantsOf(string folder)
    {
        string file = Path.Combine(folder, IdentityFile);
        return File.Exists(file) ? Read(file).Variants : null;
    }

    /// <summary>The first worker's name that begins so and that nobody works under: <c>w0</c>, <c>w1</c>
    /// ...</summary>
    /// <param name="prefix">How it begins.</param>
    /// <param name="from">The first number to try.</param>
    /// <exception cref="StorageException">The folder cannot be written.</exception>
    public int FirstFree(string prefix, int from)
    {
        while (true)
        {
            using WorkerFolder? free = TryTake($"{prefix}{from}");
            if (free is not null)
            {
                return from;
            }

            from++;
        }
    }

    /// <summary>Takes a worker's folder, unless somebody works in it.</summary>
    /// <exception cref="StorageException">It cannot be made.</exception>
    public WorkerFolder? TryTake(string name)
    {
        string folder = Path.Combine(Folder, name);
        Disk.MakeFolder(folder);
        FileLock? taken = FileLock.TryTake(Path.Combine(folder, ".lock"));
        return taken is null ? null : new WorkerFolder(this, name, taken);
    }

    /// <summary>Takes the right to make a reproducer, unless somebody is making it.</summary>
    /// <param name="name">The reproducer's file name without its ending.</param>
    /// <exception cref="StorageException">The folder cannot be written.</exception>
    internal FileLock? TryTakeReproducer(string name) =>
        FileLock.TryTake(Path.Combine(Folder, LocksFolder, name));

    private static Identity Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Identity>(Disk.ReadRegular(file, IdentityLengthMax), Indented) is
            { Language: not null, Variants: not null } identity
                ? identity
                : throw Unreadable(file, 0, 0);
        }
        catch (JsonException error)
        {
            throw Unreadable(file, (int)(error.LineNumber ?? -1) + 1, (int)(error.BytePositionInLine ?? -1) + 1);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(file, "read", error);
        }
    }

    private static InputException Unreadable(string file, int line, int column) => new(
        file, line, column, "does not say what is fuzzed here",
        "an object with format, language and variants; delete the file if you know that it is what you ask for");

    private sealed record Identity(int Format, string Language, string[] Variants)
    {
        public string Describe() => Variants.Length == 0 ? Language : $"{Language} with {string.Join(", ", Variants)}";
    }
}
