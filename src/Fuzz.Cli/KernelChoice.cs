using System.CommandLine;
using Conformance;
using Conformance.Guest;
using Fuzz.Campaign;
using Fuzz.Programs;

namespace Fuzz.Cli;

/// <summary>The options that name a real kernel.</summary>
internal sealed class KernelChoice
{
    private static readonly string[] names = [.. Release.All.Select(release => release.Name)];

    /// <summary>--kernel.</summary>
    public Option<string?> Version { get; } = new("--kernel")
    {
        Description = $"The kernel ({Release.Text.Name} unless said): a version ({string.Join(", ", names)}), one "
            + "release of it as in 6.18.5, or 7.2-strict, which is built from Debian's sources with CONFIG_DEBUG_VM.",
        HelpName = "VERSION",
    };

    /// <summary>--patch.</summary>
    public Option<string?> Patch { get; } = new("--patch")
    {
        Description = "A patch (-p1) that the kernel is built with; for a strict one.", HelpName = "FILE",
    };

    /// <summary>What a command line chooses.</summary>
    /// <exception cref="InputException">There is no such version, or the patch cannot be read.</exception>
    public ChosenKernel Of(ParseResult line)
    {
        string name = line.GetValue(Version) ?? Release.Text.Name;
        Release release = Release.Find(name) ?? Release.Find(Inputs.Known(name, "kernel", names))!;
        return new ChosenKernel(release, line.GetValue(Patch) is { } file ? Read(file) : null);
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw new InputException(file, 0, 0, error.Message, "a patch that can be read");
        }
    }
}

/// <summary>A real kernel that was chosen.</summary>
/// <param name="Release">Its version.</param>
/// <param name="Patch">What it is changed by, or null.</param>
internal sealed record ChosenKernel(Release Release, byte[]? Patch)
{
    /// <summary>Gets it, and says so when that takes minutes.</summary>
    /// <exception cref="GuestException">It cannot be had.</exception>
    public KernelImage Get(Screen screen)
    {
        if (KernelStore.NeedsBuild(Release.Name, Patch))
        {
            screen.Note($"building {Release.Name}: ten minutes or more; one for each patch after that");
        }

        return KernelStore.Get(Release.Name, Patch);
    }
}
