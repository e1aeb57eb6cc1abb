using System.Text;
using System.Text.RegularExpressions;

namespace Conformance.Guest;

/// <summary>Debian's packages, from the mirror that this machine uses anyway, by an apt state of our own: the machine's
/// own is neither read nor changed.</summary>
internal sealed class DebianArchive
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    /// <summary>Suites that have kernels of interest: 6.1 and 6.12, and all since.</summary>
    private static readonly string[] MainSuites = ["bookworm", "trixie-backports"];
    private static readonly string[] SecuritySuites = ["bookworm-security"];

    /// <summary>Names of a suite that has Debian's own packages, rather than additions to it.</summary>
    private static readonly Regex MainSuite = new(
        "^(bookworm|trixie|forky|sid|stable|testing|unstable)$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private readonly string folder;

    private DebianArchive(string folder) => this.folder = folder;

    /// <summary>The archive as it is now.</summary>
    /// <exception cref="GuestException">This is no Debian system, or the mirror does not answer.</exception>
    public static DebianArchive Open(CacheFolder cache)
    {
        string sources = cache.Place("apt", "sources.list");
        DebianArchive archive = new(Path.GetDirectoryName(sources)!);
        Directory.CreateDirectory(cache.Place("apt", "state", "lists", "partial"));
        Directory.CreateDirectory(cache.Place("apt", "cache", "archives", "partial"));
        File.WriteAllLines(sources, Sources(Targets()));
        archive.Apt("update", "-q");
        return archive;
    }

    /// <summary>The lines of our own list of sources.</summary>
    /// <param name="targets">What the machine takes packages from: <c>URI suite</c>.</param>
    /// <exception cref="GuestException">None of it is Debian's.</exception>
    internal static IEnumerable<string> Sources(IEnumerable<string> targets)
    {
        string[][] all = [.. targets.Select(target => target.Split(' ')).Where(words => words.Length == 2)];
        string? main = all.FirstOrDefault(words => MainSuite.IsMatch(words[1]))?[0];
        string? security = all.FirstOrDefault(words => words[1].EndsWith("-security", StringComparison.Ordinal))?[0];
        if (main is null)
        {
            throw new GuestException(
                "apt knows no Debian suite on this machine: kernels are taken from Debian's packages");
        }

        return MainSuites.Select(suite => (Uri: main, Suite: suite))
            .Concat(SecuritySuites.Where(_ => security is not null).Select(suite => (Uri: security!, Suite: suite)))
            .Select(source => $"deb [signed-by={Keyring}] {source.Uri} {source.Suite} main");
    }

    /// <summary>The names of all packages that begin so.</summary>
    public IEnumerable<string> Names(string prefix) =>
        Text("apt-cache", "pkgnames", prefix).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Downloads a package into a folder.</summary>
    /// <returns>The file's path.</returns>
    public string Download(string package, string into)
    {
        Directory.CreateDirectory(into);
        HostTool.Apt.Run([.. Options(), "-q", "download", package], into);
        return Directory.GetFiles(into, $"{package}_*.deb").Order(StringComparer.Ordinal).Last();
    }

    private static string[] Targets() =>
        Encoding.UTF8.GetString(HostTool.Apt.Run(
            ["indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string[] Options() =>
    [
        "-o", $"Dir::State={folder}/state", "-o", "Dir::State::status=/var/lib/dpkg/status",
        "-o", $"Dir::Cache={folder}/cache", "-o", $"Dir::Etc::sourcelist={folder}/sources.list",
        "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "APT::Sandbox::User=root",
    ];

    private void Apt(params string[] arguments) => HostTool.Apt.Run([.. Options(), .. arguments]);

    private string Text(string tool, params string[] arguments) =>
        Encoding.UTF8.GetString((HostTool.Apt with { Name = tool }).Run([.. Options(), .. arguments]));
}
