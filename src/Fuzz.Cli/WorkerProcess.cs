using System.Diagnostics;
using System.Globalization;
using Fuzz.Coverage;

namespace Fuzz.Cli;

/// <summary>A worker's process, seen from the one that has started it.</summary>
/// <remarks>Its standard input is a pipe that nothing is written to: it ends when that is closed, by us or by our
/// death.</remarks>
internal sealed class WorkerProcess : IDisposable
{
    private const int ErrorLinesMax = 20;

    /// <summary>A folder beside this program with the same program, whose engine is woven for coverage.</summary>
    private const string WovenFolder = "woven";

    private readonly Process process;
    private readonly Queue<string> errors = new();
    private readonly Thread reader;

    /// <summary>Starts a worker.</summary>
    /// <param name="arguments">Those of <see cref="WorkerCommand"/>.</param>
    /// <param name="memory">MiB that its heap may have, or null.</param>
    /// <param name="told">Called, by another thread, with all that it tells, and with null in the end.</param>
    public WorkerProcess(IEnumerable<string> arguments, long? memory, Action<WorkerMessage?> told)
    {
        ProcessStartInfo start = new(Host(), [Program(), WorkerCommand.Name, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (memory is { } limit)
        {
            // Beside the worker's own check: a heap that grows at once beyond all bounds ends it, too.
            start.Environment["DOTNET_GCHeapHardLimit"] =
                (limit << 20).ToString("x", CultureInfo.InvariantCulture);
        }

        Started = Stopwatch.GetTimestamp();
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
        reader = new Thread(() => Read(told)) { IsBackground = true };
        reader.Start();
    }

    /// <summary>When it was started, as <see cref="Stopwatch.GetTimestamp"/> tells the time.</summary>
    public long Started { get; }

    /// <summary>Its process number.</summary>
    public int Id => process.Id;

    /// <summary>How it ended; once it has.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>The last lines of its errors.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (errors)
            {
                return [.. errors];
            }
        }
    }

    /// <summary>Asks it to end.</summary>
    public void Stop()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }
    }

    /// <summary>Ends it at once; nothing that it has told of is lost.</summary>
    public void Kill() => process.Kill();

    /// <inheritdoc />
    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        reader.Join();
        process.Dispose();
    }

    /// <summary>Has the woven copy of this program, if there is one, do what this one was asked to, for what needs to
    /// see the edges of the engine's code.</summary>
    /// <returns>Its exit code; null when we are it, or there is none.</returns>
    public static int? Delegate(IEnumerable<string> arguments)
    {
        string woven = Program();
        if (EdgeMap.IsWoven || woven == typeof(App).Assembly.Location)
        {
            return null;
        }

        using Process copy = Process.Start(Host(), [woven, .. arguments]);
        copy.WaitForExit();
        return copy.ExitCode;
    }

    /// <summary>The <c>dotnet</c> that runs us, wherever it is: <c>.../shared/Microsoft.NETCore.App/10.0.0/</c> is the
    /// folder of its runtime.</summary>
    private static string Host()
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string host = Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", name));
        return File.Exists(host) ? host : name;
    }

    private static string Program()
    {
        string ours = typeof(App).Assembly.Location;
        string woven = Path.Combine(Path.GetDirectoryName(ours)!, WovenFolder, Path.GetFileName(ours));
        return File.Exists(woven) ? woven : ours;
    }

    private void Read(Action<WorkerMessage?> told)
    {
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (WorkerMessage.Parse(line) is { } message)
            {
                told(message);
            }
        }

        process.WaitForExit();
        told(null);
    }

    private void Remember(string? line)
    {
        lock (errors)
        {
            if (line is not null)
            {
                errors.Enqueue(line);
            }

            while (errors.Count > ErrorLinesMax)
            {
                errors.Dequeue();
            }
        }
    }
}
