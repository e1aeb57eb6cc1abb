using System.Diagnostics;
using System.Net.Sockets;

namespace Conformance.Guest;

/// <summary>A running emulator, from its start until its guest says that it is ready.</summary>
internal sealed class Emulator : IDisposable
{
    /// <summary>What is not done twice alike, or costs time, is off; addresses are the kernel's own.</summary>
    private const string CommandLine =
        "console=ttyS0 nokaslr norandmaps mitigations=off numa_balancing=disable damon_stat.enabled=0 audit=0 "
        + "apparmor=0 nowatchdog quiet panic=-1";

    private const string SharedMemory = "/dev/shm";
    private const int DiskBytes = 8 << 20;
    private static readonly string[] Complaints = ["BUG:", "kernel BUG", "WARNING:", "Oops", "Kernel panic", "RIP:"];
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(20);

    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-guest-").FullName;
    private readonly string[] memoryPaths;
    private readonly Process process;
    private readonly FileStream console;
    private readonly List<FileStream> memory = [];

    /// <summary>Starts one and waits until its guest is ready.</summary>
    /// <exception cref="GuestException">It does not get there.</exception>
    public Emulator(KernelImage image, GuestOptions options)
    {
        string shared = Directory.Exists(SharedMemory) ? SharedMemory : folder;
        memoryPaths = [.. Enumerable.Range(0, 2).Select(
            node => Path.Combine(shared, $"{Path.GetFileName(folder)}.node{node}"))];
        console = new FileStream(
            Path.Combine(folder, "console"), FileMode.Create, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete);
        using (FileStream disk = File.Create(Path.Combine(folder, "disk")))
        {
            disk.SetLength(DiskBytes);
        }

        string socketPath = Path.Combine(folder, "channel");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socketPath));
        listener.Listen();
        try
        {
            process = HostTool.Qemu.Start(Arguments(image, options, socketPath), null, output: false);
            Channel = Boot(listener, image, options);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The way to the agent.</summary>
    public GuestChannel Channel { get; }

    /// <summary>The memory of each node, as files without a name.</summary>
    public IReadOnlyList<FileStream> Memory => memory;

    /// <summary>What the kernel has printed.</summary>
    public string Console
    {
        get
        {
            console.Position = 0;
            using StreamReader reader = new(console, leaveOpen: true);
            return reader.ReadToEnd().ReplaceLineEndings("\n");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Channel?.Dispose();
        if (process is not null)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        console.Dispose();
        foreach (FileStream file in memory)
        {
            file.Dispose();
        }

        RemoveNames();
    }

    /// <summary>Whatever becomes of us, nothing is left over: nobody needs the names any more, and the agent ends the
    /// guest when we are gone.</summary>
    private void RemoveNames()
    {
        foreach (string path in memoryPaths)
        {
            File.Delete(path);
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private GuestChannel Boot(Socket listener, KernelImage image, GuestOptions options)
    {
        for (TimeSpan waited = TimeSpan.Zero; !listener.Poll(AcceptPause, SelectMode.SelectRead); waited += AcceptPause)
        {
            if (process.HasExited)
            {
                string said = process.StandardError.ReadToEnd().Trim().ReplaceLineEndings("; ");
                throw new GuestException($"{HostTool.Qemu.Name} ended with {process.ExitCode}: {said}");
            }

            if (waited > options.BootLimit)
            {
                throw new GuestException($"{HostTool.Qemu.Name} has not started within {options.BootLimit}");
            }
        }

        GuestChannel channel = new(listener.Accept()) { Limit = options.BootLimit };
        try
        {
            channel.Receive();
            foreach (string path in memoryPaths)
            {
                memory.Add(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite));
            }

            RemoveNames();
        }
        catch (IOException error)
        {
            channel.Dispose();
            throw new GuestException($"{image.Release} does not boot: {error.Message}; {Tail(Console)}", error);
        }

        channel.Limit = options.AnswerLimit;
        return channel;
    }

    private string[] Arguments(KernelImage image, GuestOptions options, string socketPath)
    {
        string size = $"{options.NodeMegabytes}M";
        string cpus = options.Cpus == 1 ? "0" : $"0-{options.Cpus - 1}";
        string[] gdb = options.GdbSocket is { } path ? ["-gdb", $"unix:{path},server=on,wait=off"] : [];
        return
        [
            "-accel", "tcg", "-M", "pc", "-cpu", "qemu64", "-smp", $"{options.Cpus}",
            "-m", $"{2 * options.NodeMegabytes}M",
            "-object", $"memory-backend-file,id=node0,size={size},mem-path={memoryPaths[0]},share=on",
            "-object", $"memory-backend-file,id=node1,size={size},mem-path={memoryPaths[1]},share=on",
            "-numa", $"node,nodeid=0,memdev=node0,cpus={cpus}", "-numa", "node,nodeid=1,memdev=node1",
            "-kernel", image.Kernel, "-initrd", image.FirstFiles, "-append", $"{CommandLine} {options.CommandLine}",
            "-display", "none", "-nodefaults", "-no-reboot", "-serial", $"file:{console.Name}",
            "-drive", $"file={Path.Combine(folder, "disk")},format=raw,if=virtio,cache=unsafe",
            "-chardev", $"socket,id=channel,path={socketPath}",
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=channel,name=agent", .. gdb,
        ];
    }

    /// <summary>Whether a kernel says by that line that something is wrong with it.</summary>
    internal static bool IsComplaint(string line) =>
        Complaints.Any(word => line.Contains(word, StringComparison.Ordinal));

    /// <summary>What was printed, on one line: what the kernel complains about, or else its last lines.</summary>
    internal static string Tail(string text)
    {
        const int LinesMax = 5;
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] complaints = [.. lines.Where(IsComplaint)];
        return lines.Length == 0 ? "it printed nothing" : string.Join(
            " | ", complaints.Length > 0 ? complaints.Take(LinesMax) : lines.TakeLast(LinesMax));
    }
}
