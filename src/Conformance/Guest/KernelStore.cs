using System.Text.RegularExpressions;

namespace Conformance.Guest;

/// <summary>Real kernels: Debian's packages, by name, unpacked into the cache and prepared to be booted. Nothing is
/// installed.</summary>
public static class KernelStore
{
    /// <summary>A kernel's file in its folder.</summary>
    internal const string KernelFile = "vmlinuz";

    /// <summary>The folder beside it with its modules.</summary>
    internal const string ModulesFolder = "modules";

    /// <summary>The folder in the cache with a folder for each kernel.</summary>
    internal const string KernelsFolder = "kernels";

    private const string DiskFile = "disk.img";
    private const int DiskBytes = 512 << 10;

    /// <summary>Newer packages than there are: of those that are listed the newest may be gone already.</summary>
    private const int AttemptsMax = 3;

    /// <summary>What guests need and some kernels have as modules; zram of 6.1 compresses with lzo-rle.</summary>
    private static readonly string[] Modules =
        ["virtio_pci", "virtio_console", "virtio_blk", "lzo-rle", "zram", "brd"];

    private static readonly Regex PackageName = new(
        @"^linux-(?<kind>image|binary)-(?<release>\d+\.\d+\.\d+(\+deb\d+|-\d+)-cloud-amd64)$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static readonly Regex Number = new(@"\d+", RegexOptions.NonBacktracking);

    /// <summary>The newest kernel of a version; the cache's own when it has one.</summary>
    /// <param name="name">As in <c>6.18</c>, or <c>6.18.5</c>; or <c>7.2-strict</c>, which is built here.</param>
    /// <param name="patch">What a strict kernel is changed by, or null.</param>
    /// <param name="cache">Where it is kept, or null for the default one.</param>
    /// <exception cref="GuestException">It cannot be had; the message says why.</exception>
    public static KernelImage Get(string name, byte[]? patch = null, CacheFolder? cache = null)
    {
        cache ??= CacheFolder.Default;
        if (Find(name, patch, cache) is { } kept)
        {
            return Prepare(kept, cache);
        }

        if (patch is not null && !IsStrict(name))
        {
            throw new GuestException($"only a kernel that is built here can be patched: {name}{KernelBuild.Suffix}");
        }

        return Prepare(
            IsStrict(name) ? KernelBuild.Fetch(VersionOf(name), patch, cache) : Fetch(name, cache),
            cache);
    }

    /// <summary>Whether getting a kernel means to build it, which takes minutes.</summary>
    public static bool NeedsBuild(string name, byte[]? patch, CacheFolder? cache = null) =>
        IsStrict(name) && Find(name, patch, cache ?? CacheFolder.Default) is null;

    /// <summary>The releases in a cache.</summary>
    public static IReadOnlyList<string> Kept(CacheFolder cache)
    {
        string folder = Path.Combine(cache.Root, KernelsFolder);
        return !Directory.Exists(folder)
            ? []
            : [.. Directory.GetDirectories(folder).Where(path => !path.EndsWith(".new", StringComparison.Ordinal))
                .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Of some releases those of a version, by their numbers.</summary>
    internal static IEnumerable<string> NewestFirst(IEnumerable<string> releases, string version) => releases
        .Where(release => release.StartsWith(version, StringComparison.Ordinal)
            && !release.Contains(KernelBuild.Suffix, StringComparison.Ordinal)
            && release.Length > version.Length && !char.IsAsciiDigit(release[version.Length]))
        .OrderByDescending(release => string.Concat(Number.Matches(release).Select(n => n.Value.PadLeft(6, '0'))),
            StringComparer.Ordinal);

    /// <summary>Releases for which there are packages of a kernel for virtual machines, with those packages: one, or
    /// since 6.19 one for the kernel and one for its modules.</summary>
    internal static IReadOnlyDictionary<string, string[]> Releases(IEnumerable<string> names)
    {
        SortedDictionary<string, string[]> found = new(StringComparer.Ordinal);
        foreach (Match match in names.Select(name => PackageName.Match(name)).Where(match => match.Success))
        {
            string release = match.Groups["release"].Value;
            bool split = match.Groups["kind"].Value == "binary";
            if (split || !found.ContainsKey(release))
            {
                found[release] = split
                    ? [$"linux-binary-{release}", $"linux-modules-{release}"] : [$"linux-image-{release}"];
            }
        }

        return found;
    }

    private static bool IsStrict(string name) => name.EndsWith(KernelBuild.Suffix, StringComparison.Ordinal);

    private static string VersionOf(string strict) => strict[..^KernelBuild.Suffix.Length];

    private static string? Find(string name, byte[]? patch, CacheFolder cache)
    {
        string suffix = KernelBuild.SuffixOf(patch);
        return (IsStrict(name)
            ? Kept(cache).Where(release => release.EndsWith(suffix, StringComparison.Ordinal)
                && release.StartsWith($"{VersionOf(name)}.", StringComparison.Ordinal))
            : NewestFirst(Kept(cache), name))
            .Select(release => cache.Place(KernelsFolder, release)).FirstOrDefault();
    }

    private static string Fetch(string version, CacheFolder cache)
    {
        DebianArchive archive = DebianArchive.Open(cache);
        IReadOnlyDictionary<string, string[]> releases =
            Releases(archive.Names("linux-image-").Concat(archive.Names("linux-binary-")));
        GuestException? last = null;
        foreach (string release in NewestFirst(releases.Keys, version).Take(AttemptsMax))
        {
            try
            {
                return cache.Folder(
                    Path.Combine(KernelsFolder, release), folder => Fill(folder, archive, releases[release], cache));
            }
            catch (GuestException error)
            {
                last = error;
            }
        }

        throw last ?? new GuestException($"Debian has no kernel {version} any more: name another version");
    }

    private static void Fill(string folder, DebianArchive archive, string[] packages, CacheFolder cache)
    {
        string unpacked = Path.Combine(folder, "unpacked");
        foreach (string package in packages)
        {
            string file = archive.Download(package, Path.GetDirectoryName(cache.Place("debs", package))!);
            HostTool.Dpkg.Run(["-x", file, unpacked]);
        }

        string kernel = Directory.EnumerateFiles(unpacked, $"{KernelFile}*", SearchOption.AllDirectories)
            .FirstOrDefault() ?? throw new GuestException($"{string.Join(' ', packages)}: no {KernelFile} in them");
        File.Move(kernel, Path.Combine(folder, KernelFile));
        string modules = Directory.CreateDirectory(Path.Combine(folder, ModulesFolder)).FullName;
        int number = 0;
        foreach ((string name, byte[] content) in new KernelModules(unpacked).WithDependencies(Modules))
        {
            File.WriteAllBytes(Path.Combine(modules, $"{number++:00}-{name}.ko"), content);
        }

        Directory.Delete(unpacked, recursive: true);
    }

    /// <summary>The first files hold the agent, so they are made anew when that changes.</summary>
    private static KernelImage Prepare(string folder, CacheFolder cache)
    {
        HostTool.Qemu.Require();
        string agent = AgentBuild.Get(cache);
        string release = Path.GetFileName(folder);
        string key = Path.GetFileName(Path.GetDirectoryName(agent)!);
        string guest = cache.Folder(Path.Combine("guests", $"{release}-{key}"), made =>
        {
            CpioArchive archive = new();
            archive.AddFile("init", File.ReadAllBytes(agent));
            archive.AddFile(DiskFile, MakeDisk(made));
            archive.AddFolder(ModulesFolder);
            foreach (string module in
                Directory.GetFiles(Path.Combine(folder, ModulesFolder)).Order(StringComparer.Ordinal))
            {
                archive.AddFile($"{ModulesFolder}/{Path.GetFileName(module)}", File.ReadAllBytes(module));
            }

            File.WriteAllBytes(Path.Combine(made, "first.cpio"), archive.ToArray());
        });
        return new KernelImage(release, Path.Combine(folder, KernelFile), Path.Combine(guest, "first.cpio"), folder);
    }

    /// <summary>An empty file system; no journal, so that nothing is written behind our back.</summary>
    private static byte[] MakeDisk(string folder)
    {
        string path = Path.Combine(folder, DiskFile);
        using (FileStream file = File.Create(path))
        {
            file.SetLength(DiskBytes);
        }

        HostTool.MakeFileSystem.Run(["-q", "-F", "-t", "ext2", "-b", "4096", "-I", "256", path]);
        byte[] disk = File.ReadAllBytes(path);
        File.Delete(path);
        return disk;
    }
}
