namespace Conformance.Guest;

/// <summary>What of this machine is there to run real kernels, and what is not.</summary>
/// <param name="Missing">Programs that are missing; empty when guests can be run.</param>
/// <param name="Kernels">Releases in the cache, as they call themselves.</param>
/// <param name="Cache">The cache.</param>
public sealed record Setup(IReadOnlyList<HostTool> Missing, IReadOnlyList<string> Kernels, CacheFolder Cache)
{
    /// <summary>Whether guests can be run here.</summary>
    public bool IsComplete => Missing.Count == 0;

    /// <summary>The command that gets what is missing; empty when nothing is.</summary>
    public string Command => IsComplete ? "" : HostTool.InstallCommand(Missing);

    /// <summary>Looks.</summary>
    /// <param name="cache">Where kernels are kept.</param>
    /// <param name="path">Folders of programs, as in <c>PATH</c>; null for that of the environment.</param>
    public static Setup Of(CacheFolder cache, string? path = null)
    {
        path ??= Environment.GetEnvironmentVariable("PATH") ?? "";
        return new Setup([.. HostTool.All.Where(tool => tool.Find(path) is null)], KernelStore.Kept(cache), cache);
    }

    /// <summary>In words, a line for each thing.</summary>
    public IEnumerable<string> Describe()
    {
        foreach (HostTool tool in HostTool.All)
        {
            string state = Missing.Contains(tool) ? "missing" : "found";
            yield return $"{state,-8} {tool.Name,-20} {tool.Purpose}";
        }

        yield return Kernels.Count == 0
            ? $"no kernel in {Cache.Root} yet: the first use fetches it"
            : $"kernels in {Cache.Root}: {string.Join(", ", Kernels)}";
        if (!IsComplete)
        {
            yield return $"to have what is missing: {Command}";
        }
    }
}
