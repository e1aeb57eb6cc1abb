using System.Security.Cryptography;
using System.Text;

namespace Conformance.Guest;

/// <summary>The agent's program, built from the sources that this assembly carries.</summary>
public static class AgentBuild
{
    private const string SourcePrefix = "agent/";
    private const int HashLength = 16;

    /// <summary>Options of the compiler. The program lies above the memory under test, so that this comes first in
    /// what the kernel lists of a process.</summary>
    private static readonly string[] Options =
    [
        "-static", "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wl,-Ttext-segment=0x40000000",
    ];

    /// <summary>The program; it is built unless the cache has it from these very sources.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="GuestException">It cannot be built.</exception>
    public static string Get(CacheFolder cache)
    {
        SortedDictionary<string, byte[]> sources = Sources();
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Join(' ', Options)));
        foreach ((string name, byte[] text) in sources)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(name));
            hash.AppendData(text);
        }

        string key = Convert.ToHexStringLower(hash.GetHashAndReset())[..HashLength];
        return Path.Combine(cache.Folder(Path.Combine("agents", key), folder => Build(folder, sources)), "agent");
    }

    /// <summary>The sources, by name.</summary>
    public static SortedDictionary<string, byte[]> Sources()
    {
        SortedDictionary<string, byte[]> sources = new(StringComparer.Ordinal);
        foreach (string resource in typeof(AgentBuild).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(SourcePrefix, StringComparison.Ordinal)))
        {
            sources.Add(resource[SourcePrefix.Length..], Resource(resource));
        }

        return sources;
    }

    /// <summary>A file that this assembly carries.</summary>
    internal static byte[] Resource(string name)
    {
        using Stream stream = typeof(AgentBuild).Assembly.GetManifestResourceStream(name)!;
        byte[] text = new byte[stream.Length];
        stream.ReadExactly(text);
        return text;
    }

    private static void Build(string folder, SortedDictionary<string, byte[]> sources)
    {
        foreach ((string name, byte[] text) in sources)
        {
            File.WriteAllBytes(Path.Combine(folder, name), text);
        }

        HostTool.Gcc.Run(
            [.. Options, "-o", "agent", .. sources.Keys.Where(name => name.EndsWith(".c", StringComparison.Ordinal))],
            folder);
    }
}
