using System.Diagnostics;
using System.Globalization;

namespace Tests.Durability;

/// <summary>A campaign as people run it, a supervisor and its workers in processes of their own.</summary>
internal sealed class FuzzProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private FuzzProcess(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Its number.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>How it ended.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>What it printed, once it has ended.</summary>
    public string Output => output.Result;

    /// <summary>Its progress and errors, once it has ended.</summary>
    public string Errors => errors.Result;

    /// <summary>Its workers that live.</summary>
    public IReadOnlyList<int> Workers => [.. Processes().Where(p => p.Parent == Id).Select(p => p.Id)];

    /// <summary>Starts <c>fuzz run</c>.</summary>
    /// <param name="program">Fuzz.Cli.dll.</param>
    /// <param name="folder">Where it runs: regressions are looked for below it.</param>
    /// <param name="arguments">What follows <c>run</c>.</param>
    public static FuzzProcess Run(string program, string folder, params string[] arguments) =>
        Start("dotnet", folder, [program, "run", .. arguments]);

    /// <summary>Starts what is no <c>fuzz run</c>, or one by way of something else.</summary>
    /// <param name="program">The program, a file or on the path.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">Its arguments.</param>
    public static FuzzProcess Start(string program, string folder, params string[] arguments) =>
        new(Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);

    /// <summary>SIGKILL to one process.</summary>
    public static void Kill(int id)
    {
        try
        {
            using Process victim = Process.GetProcessById(id);
            victim.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Asks it to end: SIGTERM.</summary>
    public void Terminate()
    {
        using Process kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Whether any process lives whose command line says that.</summary>
    /// <param name="argument">What no other process's would say, such as a folder of one's own.</param>
    public static bool Lives(string argument) => Processes().Any(p => Says(p.Id, argument));

    /// <summary>Waits until it has ended by itself.</summary>
    public bool Wait() => process.WaitForExit(Patience);

    /// <inheritdoc />
    public void Dispose()
    {
        IReadOnlyList<int> workers = Workers;
        if (!process.HasExited)
        {
            process.Kill();
        }

        foreach (int worker in workers)
        {
            Kill(worker);
        }

        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>All processes that are no zombies, and whose children they are.</summary>
    private static IEnumerable<(int Id, int Parent)> Processes()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, null, out int id) && Stat(folder) is { } stat)
            {
                yield return (id, int.Parse(stat[1], CultureInfo.InvariantCulture));
            }
        }
    }

    private static bool Says(int id, string argument) => Read($"/proc/{id}/cmdline")?.Contains(
        argument, StringComparison.Ordinal) == true;

    private static string[]? Stat(string folder)
    {
        if (Read(Path.Combine(folder, "stat")) is not { } text)
        {
            return null;
        }

        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : fields;
    }

    /// <summary>A file of a process; null when that has just ended.</summary>
    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
