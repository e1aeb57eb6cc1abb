using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Tests.StandIns;

/// <summary>
/// The fuzzer's half of both protocols, as afl-fuzz and libfuzzer-dotnet speak them on Linux: makes the shared memory
/// and the pipes, starts <see cref="FuzzTarget"/> on them and asks it to execute inputs.
/// </summary>
internal sealed partial class FakeFuzzer : IDisposable
{
    private const int MapSize = 1 << 16;
    private const int Private = 0;
    private const int CreateForOwner = 0x200 | 0x180;
    private const int Remove = 0;
    private const int ReadWrite = 2;

    private readonly AnonymousPipeServerStream control = new(PipeDirection.Out, HandleInheritability.Inheritable);
    private readonly AnonymousPipeServerStream status = new(PipeDirection.In, HandleInheritability.Inheritable);
    private readonly string inputPath = Path.GetTempFileName();
    private readonly int input;
    private readonly int segment;
    private readonly nint map;
    private readonly Process target;
    private readonly Timer watchdog;
    private string offered;

    /// <summary>
    /// Starts the target, with AFL's first input already on its standard input: SharpFuzz may read early.
    /// </summary>
    public FakeFuzzer(string entry, string first = "")
    {
        offered = first;
        File.WriteAllText(inputPath, first);
        segment = MakeSegment(Private, MapSize + (1 << 20), CreateForOwner);
        map = AttachSegment(segment, 0, 0);
        input = Open(inputPath, ReadWrite);

        // By way of 1000 and 1001: in a test run with many files open the pipes may themselves be 198 or 199.
        var start = Start(
            entry,
            $"exec 0<&{input} 1000<&{Reader} 1001>&{Writer} {Reader}<&- {Writer}>&-; "
            + "exec \"$0\" \"$1\" 198<&1000 199>&1001 1000<&- 1001>&- 2>/dev/null");
        start.Environment[entry == "libFuzzer" ? "__LIBFUZZER_SHM_ID" : "__AFL_SHM_ID"] = segment.ToString();
        start.Environment["__LIBFUZZER_CONTROL_PIPE_ID"] = "198";
        start.Environment["__LIBFUZZER_STATUS_PIPE_ID"] = "199";
        target = Process.Start(start)!;
        control.DisposeLocalCopyOfClientHandle();
        status.DisposeLocalCopyOfClientHandle();

        // Every wait below is a read from the target, and ends when the target does.
        watchdog = new Timer(_ => target.Kill(entireProcessTree: true), null, 60_000, Timeout.Infinite);
    }

    public int TargetId => target.Id;

    private string Reader => control.GetClientHandleAsString();

    private string Writer => status.GetClientHandleAsString();

    /// <summary>Runs the target without any fuzzer, and gives its output and exit code.</summary>
    public static (string Output, int ExitCode) RunAlone(string entry, string argument, string text)
    {
        var start = Start(entry, "exec \"$0\" \"$1\" \"$2\" 2>/dev/null");
        start.ArgumentList.Add(argument);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output, process.ExitCode);
    }

    /// <summary>The target's first word on the status pipe.</summary>
    public int Hello() => Hear();

    /// <summary>
    /// One execution under AFL; meanwhile, told the executing process's id, may kill it as a timeout does.
    /// </summary>
    public (int ProcessId, int Status) Execute(string text, Action<int>? meanwhile = null)
    {
        ClearMap();
        if (!string.Equals(text, offered, StringComparison.Ordinal))
        {
            offered = text;
            File.WriteAllText(inputPath, text);
        }

        _ = Seek(input, 0, 0);
        Say(0);
        var process = Hear();
        meanwhile?.Invoke(process);
        return (process, Hear());
    }

    /// <summary>One execution under libfuzzer-dotnet.</summary>
    public int ExecuteShared(byte[] data)
    {
        ClearMap();
        Marshal.Copy(data, 0, map + MapSize, data.Length);
        Say(data.Length);
        return Hear();
    }

    /// <summary>The map's non-zero cells, as "index:count" in order.</summary>
    public string Edges()
    {
        var bytes = new byte[MapSize];
        Marshal.Copy(map, bytes, 0, MapSize);
        var hit = bytes.Index().Where(cell => cell.Item != 0);
        return string.Join(' ', hit.Select(cell => $"{cell.Index}:{cell.Item}"));
    }

    /// <summary>Closes the control pipe, as a fuzzer that ends does, and waits for the target's end.</summary>
    public int Leave()
    {
        control.Dispose();
        target.WaitForExit();
        return target.ExitCode;
    }

    public void Dispose()
    {
        watchdog.Dispose();
        target.Kill(entireProcessTree: true);
        target.WaitForExit();
        target.Dispose();
        control.Dispose();
        status.Dispose();
        _ = Close(input);
        _ = DetachSegment(map);
        _ = ControlSegment(segment, Remove, 0);
        File.Delete(inputPath);
    }

    private static ProcessStartInfo Start(string entry, string script)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo("bash", ["-c", script, host, typeof(FuzzTarget).Assembly.Location]);
        start.Environment[FuzzTarget.Variable] = entry;
        return start;
    }

    private void ClearMap() => Marshal.Copy(new byte[MapSize], 0, map, MapSize);

    private void Say(int value) => control.Write(BitConverter.GetBytes(value));

    private int Hear()
    {
        var bytes = new byte[sizeof(int)];
        status.ReadExactly(bytes);
        return BitConverter.ToInt32(bytes);
    }

    [LibraryImport("libc", EntryPoint = "shmget")]
    private static partial int MakeSegment(int key, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "shmat")]
    private static partial nint AttachSegment(int identifier, nint address, int flags);

    [LibraryImport("libc", EntryPoint = "shmdt")]
    private static partial int DetachSegment(nint address);

    [LibraryImport("libc", EntryPoint = "shmctl")]
    private static partial int ControlSegment(int identifier, int command, nint buffer);

    // Not File.Open: its descriptor would be closed in the target, and its position is not the descriptor's.
    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "lseek")]
    private static partial long Seek(int descriptor, long offset, int origin);
}
