using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Fuzz.Cli;
using Tests.Durability;

namespace Tests.Bench.Mixed;

/// <summary>Whether a campaign of all kinds shares what each finds: a worker of ours, <c>afl-fuzz -M</c> and
/// <c>afl-fuzz -S</c> on one folder, and a worker of ours on another host, with rsync both ways.</summary>
internal static class MixedBench
{
    private const int CopySeconds = 3;
    private const int SecondsMin = 60;
    private const string Ours = "a-0";
    private const string Main = "main";
    private const string Second = "second";
    private const string Theirs = "b-0";

    private static readonly Direction[] Directions =
    [
        new("worker -> afl-fuzz", [Ours, Theirs], [Main, Second]), new("afl-fuzz -> worker", [Main, Second], [Ours]),
        new("afl-fuzz -> afl-fuzz", [Main, Second], [Main, Second]),
        new("host A -> host B", [Ours, Main, Second], [Theirs]), new("host B -> host A", [Theirs], [Ours, Main]),
    ];

    private static readonly (string Program, string Package)[] Needed =
        [("afl-fuzz", "afl++"), ("rsync", "rsync"), ("ip", "iproute2"), ("flock", "util-linux"), ("kill", "procps")];

    /// <summary>The command.</summary>
    public static Command Build()
    {
        Option<int> seconds = new("--seconds")
        {
            Description = $"Ends when there is something to show in every direction, after {SecondsMin} seconds at "
                + "least; then, or when there never is, after so many.",
            DefaultValueFactory = _ => 300,
        };
        Option<string?> variant = new("--variant");
        Command command = new(
            "mixed", "A campaign of two workers on two hosts, afl-fuzz -M and afl-fuzz -S: who found, who imported")
        {
            seconds, variant,
        };
        command.SetAction(parsed => Run(parsed.GetValue(seconds), parsed.GetValue(variant)));
        return command;
    }

    private static int Run(int seconds, string? variant)
    {
        if (Missing() is { } missing)
        {
            Console.Error.WriteLine($"mixed: {missing}");
            return App.BadInput;
        }

        using CancellationTokenSource cancel = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        string folder = Directory.CreateTempSubdirectory("fuzz-mixed-").FullName;
        try
        {
            return Run(folder, seconds, variant is null ? [] : ["--variant", variant], cancel.Token);
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine($"mixed: {error.Message}");
            return App.BadInput;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            cancel.Cancel();
        }
    }

    /// <summary>What is missing here, in one line, or null.</summary>
    private static string? Missing()
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        string[] packages = [.. Needed
            .Where(tool => !path.Any(folder => File.Exists(Path.Combine(folder, tool.Program))))
            .Select(tool => tool.Package)];
        return packages.Length > 0 ? $"apt-get install {string.Join(' ', packages)}"
            : !Environment.IsPrivilegedProcess ? "network namespaces are made by root: run it as root"
            : null;
    }

    private static int Run(string folder, int seconds, string[] variant, CancellationToken cancel)
    {
        string here = Path.Combine(folder, "a");
        string there = Path.Combine(folder, "b");
        Directory.CreateDirectory(here);
        Directory.CreateDirectory(there);
        using TwoHosts hosts = new(here, there);
        Team team = new(cancel);
        try
        {
            // Ours first, so that there is something to import; but with a variant it would find the failure first, and
            // nothing would be seen of what becomes of a crash of others.
            if (variant.Length == 0)
            {
                team.Start(Ours, Worker(here, "a-", "1", variant), Path.Combine(here, Ours, "queue"));
            }

            team.Start(Main, Afl(here, "-M", Main, variant), Path.Combine(here, Main, "queue"));
            team.Start(Second, Afl(here, "-S", Second, variant), Path.Combine(here, Second, "queue"));
            if (variant.Length > 0)
            {
                team.Await(Path.Combine(here, Main, "crashes"), seconds);
                team.Start(Ours, Worker(here, "a-", "1", variant), Path.Combine(here, Ours, "queue"));
            }

            team.Start(
                Theirs, [.. hosts.There, .. Worker(there, "b-", "2", variant)], Path.Combine(there, Theirs, "queue"));
            Share(hosts, team, here, there, seconds);
        }
        finally
        {
            team.Dispose();
        }

        MixedTable table = new(here, there, [Ours, Main, Second], [Theirs]);
        table.Print();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"rsync: {hosts.Copies} copies, {hosts.Failed} failed; {hosts.Bytes.Out:#,0} bytes went to the other host, "
            + $"{hosts.Bytes.In:#,0} came from there"));
        bool isShared = table.PrintChains(Directions);
        return (variant.Length == 0 || table.PrintFailures()) && isShared ? 0 : 1;
    }

    /// <summary>Copies to and fro, and says when something was first taken over in each direction.</summary>
    private static void Share(TwoHosts hosts, Team team, string here, string there, int seconds)
    {
        List<Direction> waiting = [.. Directions];
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed.TotalSeconds < (waiting.Count == 0 ? Math.Min(SecondsMin, seconds) : seconds))
        {
            team.Pause(CopySeconds);
            hosts.Push(Path.Combine(here, Ours), Path.Combine(here, Main), Path.Combine(here, Second));
            hosts.PushBack(Path.Combine(there, Theirs));
            foreach (Direction direction in waiting.FindAll(direction => direction.IsSeen(here, there)))
            {
                waiting.Remove(direction);
                Console.WriteLine($"{watch.Elapsed.TotalSeconds:0} s: {direction.Name}");
            }
        }
    }

    private static string[] Worker(string folder, string prefix, string seed, string[] variant) =>
    [
        "dotnet", typeof(App).Assembly.Location, "run", "--corpus", folder, "--workers", "1", "--name", prefix,
        "--seed", seed, .. variant,
    ];

    /// <summary>It looks at the others once a minute at most; that is twice for a main one.</summary>
    private static string[] Afl(string folder, string role, string name, string[] variant) =>
        ["env", "AFL_SYNC_TIME=1", "AFL_NO_UI=1", "bash", "src/Fuzz.Target/afl.sh", folder, role, name, .. variant];
}
