using System.Diagnostics;
using System.Globalization;

namespace Tests.Bench.Mixed;

/// <summary>This host and another one that only the network joins to it: a network namespace at the far end of a pair
/// of virtual interfaces, with an rsync daemon at each end. Needs root.</summary>
internal sealed class TwoHosts : IDisposable
{
    private const string Port = "8730";
    private const string Module = "campaign";

    /// <summary>What rsync says when files have vanished meanwhile.</summary>
    private const int Vanished = 24;

    /// <summary>Of the block for tests of networks (RFC 2544): here, and there.</summary>
    private static readonly string[] Addresses = ["198.18.7.1", "198.18.7.2"];
    private readonly string name = $"fuzz-{Environment.ProcessId}";
    private readonly string[] interfaces = [$"fz{Environment.ProcessId}a", $"fz{Environment.ProcessId}b"];
    private readonly string scratch = Directory.CreateTempSubdirectory("fuzz-hosts-").FullName;
    private readonly List<Process> daemons = [];

    /// <summary>Makes the other host, and both daemons.</summary>
    /// <param name="here">The campaign's folder of this host.</param>
    /// <param name="there">That of the other one.</param>
    public TwoHosts(string here, string there)
    {
        try
        {
            Command("ip", "netns", "add", name);
            Command("ip", "link", "add", interfaces[0], "type", "veth", "peer", "name", interfaces[1], "netns", name);
            Command("ip", "address", "add", $"{Addresses[0]}/30", "dev", interfaces[0]);
            Command("ip", "link", "set", interfaces[0], "up");
            Command("ip", "-n", name, "address", "add", $"{Addresses[1]}/30", "dev", interfaces[1]);
            Command("ip", "-n", name, "link", "set", interfaces[1], "up");
            Serve(0, here);
            Serve(1, there);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What to put before a program to run it on the other host.</summary>
    public IReadOnlyList<string> There => ["ip", "netns", "exec", name];

    /// <summary>Copies that were made.</summary>
    public int Copies { get; private set; }

    /// <summary>Copies that failed.</summary>
    public int Failed { get; private set; }

    /// <summary>Bytes that have come from the other host, and that have gone there.</summary>
    public (long In, long Out) Bytes => (Count("rx_bytes"), Count("tx_bytes"));

    /// <summary>Copies folders of workers of this host to the other one.</summary>
    public void Push(params string[] workers) => Copy(["rsync"], Addresses[1], workers);

    /// <summary>Has the other host copy folders of its workers to this one.</summary>
    public void PushBack(params string[] workers) => Copy([.. There, "rsync"], Addresses[0], workers);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Process daemon in daemons)
        {
            daemon.Kill(entireProcessTree: true);
            daemon.WaitForExit();
            daemon.Dispose();
        }

        // The interfaces go with it.
        Run("ip", "netns", "delete", name);
        Directory.Delete(scratch, recursive: true);
    }

    /// <summary>As the README at the top says it.</summary>
    private void Copy(string[] program, string to, string[] workers)
    {
        int code = Run(
            [.. program, "-rt", "--exclude", ".*", "--exclude", "*.tmp", "--exclude", "state.json",
                .. workers.Where(Directory.Exists),
                $"rsync://{to}:{Port}/{Module}/"]);
        Copies++;
        Failed += code is 0 or Vanished ? 0 : 1;
    }

    private void Serve(int host, string folder)
    {
        string settings = Path.Combine(scratch, $"rsyncd-{host}.conf");
        File.WriteAllText(
            settings,
            $"log file = {settings}.log\nuse chroot = no\nuid = 0\ngid = 0\n[{Module}]\npath = {folder}\n"
            + "read only = no\n");
        string[] command =
        [
            .. host == 0 ? [] : There, "rsync", "--daemon", "--no-detach", $"--config={settings}",
            $"--address={Addresses[host]}", $"--port={Port}",
        ];
        daemons.Add(Process.Start(command[0], command[1..]));
    }

    private long Count(string what) => long.Parse(
        File.ReadAllText($"/sys/class/net/{interfaces[0]}/statistics/{what}"), CultureInfo.InvariantCulture);

    private static void Command(params string[] command)
    {
        int code = Run(command);
        if (code != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)}: exit code {code}");
        }
    }

    private static int Run(params string[] command)
    {
        using Process process = Process.Start(command[0], command[1..]);
        process.WaitForExit();
        return process.ExitCode;
    }
}
