using System.Security.Cryptography;
using System.Text;

namespace Conformance.Guest;

/// <summary>Strict kernels: built from Debian's linux-source packages with CONFIG_DEBUG_VM and what else makes a kernel
/// complain, and with a patch if one is given.</summary>
/// <remarks>Each version has one tree in the cache, which patches are applied to and taken out of again, so that a
/// patched kernel takes a minute where the first of a version takes ten.</remarks>
public static class KernelBuild
{
    /// <summary>What the names of such kernels have after the version.</summary>
    public const string Suffix = "-strict";

    private const string ConfigResource = "strict.config";
    private const string Applied = "applied.patch";
    private const int HashLength = 8;

    private static readonly HostTool[] Tools =
    [
        HostTool.Make, HostTool.Flex, HostTool.Bison, HostTool.Bc, HostTool.Pahole, HostTool.Patch, HostTool.Tar,
        HostTool.Xz, HostTool.Gcc,
    ];

    /// <summary>Name of the folder in the cache that a kernel is in, less the numbers behind its version.</summary>
    /// <param name="patch">The patch's text, or null.</param>
    internal static string SuffixOf(byte[]? patch) => patch is null
        ? Suffix : $"{Suffix}-{Convert.ToHexStringLower(SHA256.HashData(patch))[..HashLength]}";

    /// <summary>Builds a kernel into the cache.</summary>
    /// <param name="version">As in <c>7.2</c>.</param>
    /// <param name="patch">Applied with <c>patch -p1</c>, or null.</param>
    /// <param name="cache">The cache.</param>
    /// <returns>The kernel's folder.</returns>
    /// <exception cref="GuestException">There is no such source, a tool is missing, the patch does not apply, or what
    /// it makes does not compile.</exception>
    internal static string Fetch(string version, byte[]? patch, CacheFolder cache)
    {
        if (Tools.Where(tool => !tool.IsHere).ToArray() is { Length: > 0 } missing)
        {
            throw new GuestException(
                $"to build a kernel, {string.Join(", ", missing.Select(tool => tool.Name))} must be there: "
                + HostTool.InstallCommand(missing));
        }

        string sources = cache.Folder(Path.Combine("sources", version), folder => Unpack(folder, version, cache));
        string tree = Directory.GetDirectories(sources).Single();
        using FileStream mine = CacheFolder.Lock($"{tree}.lock");
        string release = Encoding.ASCII.GetString(Make(tree, "-s", "kernelversion")).Trim();
        return cache.Folder(Path.Combine(KernelStore.KernelsFolder, release + SuffixOf(patch)), folder =>
        {
            TakeOut(tree);
            Configure(tree);
            try
            {
                Apply(tree, patch);
                Make(tree, "-s", $"-j{Environment.ProcessorCount}", "bzImage");
                File.Copy(
                    Path.Combine(tree, "arch", "x86", "boot", "bzImage"), Path.Combine(folder, KernelStore.KernelFile));
                Directory.CreateDirectory(Path.Combine(folder, KernelStore.ModulesFolder));
            }
            finally
            {
                TakeOut(tree);
            }
        });
    }

    private static void Unpack(string folder, string version, CacheFolder cache)
    {
        string name = $"linux-source-{version}";
        DebianArchive archive = DebianArchive.Open(cache);
        if (!archive.Names(name).Contains(name, StringComparer.Ordinal))
        {
            string[] others = [.. archive.Names("linux-source-").Select(n => n["linux-source-".Length..])
                .Order(StringComparer.Ordinal)];
            throw new GuestException(
                $"Debian has no sources of {version}; of these it has: {string.Join(", ", others)}");
        }

        string package = archive.Download(name, folder);
        HostTool.Dpkg.Run(["-x", package, Path.Combine(folder, "unpacked")]);
        HostTool.Tar.Run(
            ["-xf", Directory.GetFiles(folder, "linux-source-*.tar.xz", SearchOption.AllDirectories).Single()], folder);
        Directory.Delete(Path.Combine(folder, "unpacked"), recursive: true);
        File.Delete(package);
    }

    /// <summary>tinyconfig, and what is said otherwise; nothing if that has not changed.</summary>
    private static void Configure(string tree)
    {
        byte[] wanted = AgentBuild.Resource(ConfigResource);
        string used = Path.Combine(tree, ConfigResource);
        if (File.Exists(used) && File.ReadAllBytes(used).AsSpan().SequenceEqual(wanted))
        {
            return;
        }

        Make(tree, "-s", "tinyconfig");
        File.AppendAllText(Path.Combine(tree, ".config"), Encoding.ASCII.GetString(wanted));
        Make(tree, "-s", "olddefconfig");
        File.WriteAllBytes(used, wanted);
    }

    /// <summary>The patch is kept in the tree while it is in force, also when nobody lives to take it out.</summary>
    private static void Apply(string tree, byte[]? patch)
    {
        if (patch is not null)
        {
            string file = Path.Combine(tree, Applied);
            File.WriteAllBytes(file, patch);
            HostTool.Patch.Run(["-p1", "--dry-run", "--forward", "--silent", "-i", file], tree);
            HostTool.Patch.Run(["-p1", "--forward", "--silent", "-i", file], tree);
        }
    }

    /// <summary>Takes out what was applied.</summary>
    private static void TakeOut(string tree)
    {
        string file = Path.Combine(tree, Applied);
        if (File.Exists(file))
        {
            if (HostTool.Patch.TryRun(["-p1", "--dry-run", "--reverse", "--force", "--silent", "-i", file], tree))
            {
                HostTool.Patch.Run(["-p1", "--reverse", "--force", "--silent", "-i", file], tree);
            }

            File.Delete(file);
        }
    }

    private static byte[] Make(string tree, params string[] arguments) => HostTool.Make.Run(arguments, tree);
}
