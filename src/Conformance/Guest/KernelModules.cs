using System.Text;

namespace Conformance.Guest;

/// <summary>The modules of an unpacked kernel package.</summary>
internal sealed class KernelModules
{
    private readonly Dictionary<string, string> files;

    /// <summary>Looks for modules below a folder.</summary>
    public KernelModules(string folder) => files = Directory
        .EnumerateFiles(folder, "*.ko*", SearchOption.AllDirectories)
        .GroupBy(file => Normal(Path.GetFileName(file).Split(".ko")[0]), StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    /// <summary>Some modules and all that they depend on, which come first. What there is no module for is built
    /// in.</summary>
    public IReadOnlyList<(string Name, byte[] Content)> WithDependencies(params ReadOnlySpan<string> names)
    {
        List<(string Name, byte[] Content)> loaded = [];
        foreach (string name in names)
        {
            Add(name, loaded);
        }

        return loaded;
    }

    /// <summary>What a module says it depends on (.modinfo).</summary>
    internal static string[] DependenciesOf(ReadOnlySpan<byte> module)
    {
        ReadOnlySpan<byte> key = "\0depends="u8;
        int at = module.IndexOf(key);
        if (at < 0)
        {
            return [];
        }

        ReadOnlySpan<byte> rest = module[(at + key.Length)..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)])
            .Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Normal(string name) => name.Replace('-', '_');

    private static byte[] Read(string file) => Path.GetExtension(file) switch
    {
        ".ko" => File.ReadAllBytes(file),
        ".xz" => HostTool.Xz.Run(["-dc", file]),
        _ => throw new GuestException($"{file}: neither .ko nor .ko.xz; this compression is not known here"),
    };

    private void Add(string name, List<(string Name, byte[] Content)> loaded)
    {
        string normal = Normal(name);
        if (loaded.Any(module => module.Name == normal) || !files.TryGetValue(normal, out string? file))
        {
            return;
        }

        byte[] content = Read(file);
        foreach (string dependency in DependenciesOf(content))
        {
            Add(dependency, loaded);
        }

        loaded.Add((normal, content));
    }
}
