using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Conformance.Guest;

/// <summary>A program of this machine that guests need, and the Debian packages that it comes in.</summary>
/// <param name="Name">As it is called.</param>
/// <param name="Packages">To be named to apt-get.</param>
/// <param name="Purpose">What it is needed for.</param>
public sealed record HostTool(string Name, string Packages, string Purpose)
{
    private const int QuotedLinesMax = 3;

    /// <summary>The emulator.</summary>
    public static HostTool Qemu { get; } = new("qemu-system-x86_64", "qemu-system-x86", "runs the guest");

    /// <summary>The compiler of the agent.</summary>
    public static HostTool Gcc { get; } = new("gcc", "gcc libc6-dev", "builds the guest's agent");

    /// <summary>Decompresses kernel modules.</summary>
    public static HostTool Xz { get; } = new("xz", "xz-utils", "unpacks kernel modules");

    /// <summary>Makes the disk that files with a backing store lie on.</summary>
    public static HostTool MakeFileSystem { get; } = new("mke2fs", "e2fsprogs", "makes the guest's disk");

    /// <summary>Fetches kernels.</summary>
    public static HostTool Apt { get; } = new("apt-get", "apt", "fetches kernels (a Debian system is needed)");

    /// <summary>Unpacks kernels.</summary>
    public static HostTool Dpkg { get; } = new("dpkg", "dpkg", "unpacks kernels (a Debian system is needed)");

    /// <summary>Builds kernels, as the next ones do.</summary>
    public static HostTool Make { get; } = new("make", "make libelf-dev", "builds kernels");

    /// <summary>A part of it.</summary>
    public static HostTool Flex { get; } = new("flex", "flex", "builds kernels");

    /// <summary>A part of it.</summary>
    public static HostTool Bison { get; } = new("bison", "bison", "builds kernels");

    /// <summary>A part of it.</summary>
    public static HostTool Bc { get; } = new("bc", "bc", "builds kernels");

    /// <summary>Makes a kernel's types.</summary>
    public static HostTool Pahole { get; } = new("pahole", "dwarves", "builds kernels");

    /// <summary>Changes a kernel.</summary>
    public static HostTool Patch { get; } = new("patch", "patch", "changes kernels");

    /// <summary>Unpacks sources.</summary>
    public static HostTool Tar { get; } = new("tar", "tar", "unpacks sources");

    /// <summary>All that are needed to run Debian's kernels.</summary>
    public static IReadOnlyList<HostTool> All { get; } = [Qemu, Gcc, Xz, MakeFileSystem, Apt, Dpkg];

    /// <summary>Where it is, or null. mke2fs is in a folder that is on root's path only.</summary>
    /// <param name="path">Folders, as in <c>PATH</c>.</param>
    public string? Find(string path) => path.Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Concat(["/usr/sbin", "/sbin"])
        .Select(folder => Path.Combine(folder, Name))
        .FirstOrDefault(File.Exists);

    /// <summary>Whether it is on the path of this machine.</summary>
    public bool IsHere => Here is not null;

    private string? Here => Find(Environment.GetEnvironmentVariable("PATH") ?? "");

    /// <summary>The command that gets some of them.</summary>
    public static string InstallCommand(IEnumerable<HostTool> tools) =>
        $"apt-get install --no-install-recommends {string.Join(' ', tools.Select(tool => tool.Packages))}";

    /// <summary>Asks for it before anything else is done that is in vain without it.</summary>
    /// <exception cref="GuestException">It is missing.</exception>
    public void Require()
    {
        if (!IsHere)
        {
            throw Missing();
        }
    }

    /// <summary>Runs it to its end, and says whether it succeeded.</summary>
    /// <exception cref="GuestException">It is missing.</exception>
    public bool TryRun(IEnumerable<string> arguments, string? folder = null)
    {
        using Process process = Start(arguments, folder, output: false);
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">The folder it runs in, or null for ours.</param>
    /// <returns>What it printed.</returns>
    /// <exception cref="GuestException">It is missing, or it failed.</exception>
    public byte[] Run(IEnumerable<string> arguments, string? folder = null)
    {
        using Process process = Start(arguments, folder, output: true);
        using MemoryStream printed = new();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.BaseStream.CopyTo(printed);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            string all = errors.Result.Length > 0 ? errors.Result : Encoding.UTF8.GetString(printed.ToArray());
            string said = string.Join("; ", all.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.StartsWith("W:", StringComparison.Ordinal)).Take(QuotedLinesMax));
            throw new GuestException($"{Name} failed with {process.ExitCode}: {said}");
        }

        return printed.ToArray();
    }

    /// <summary>Starts it; its errors, and if wanted its output, can be read.</summary>
    /// <exception cref="GuestException">It is missing.</exception>
    internal Process Start(IEnumerable<string> arguments, string? folder, bool output)
    {
        string program = Here ?? throw Missing();
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = output,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        start.Environment["LC_ALL"] = "C";
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception error)
        {
            throw new GuestException($"{program} cannot be run: {error.Message}", error);
        }
    }

    private GuestException Missing() =>
        new($"{Name} is missing, which {Purpose}: {InstallCommand([this])}");
}
