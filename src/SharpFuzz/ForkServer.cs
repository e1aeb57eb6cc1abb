using SharpFuzz.Common;

namespace SharpFuzz;

/// <summary>
/// The target's half of AFL's fork-server protocol, with executions in this process instead of in forks: say hello
/// once; then for every integer on the control pipe answer the executing process's id and the execution's status.
/// </summary>
internal static unsafe class ForkServer
{
    /// <summary>The pipe from the fuzzer: FORKSRV_FD in AFL's config.h.</summary>
    public const string ControlDescriptor = "198";

    /// <summary>The pipe to the fuzzer: FORKSRV_FD + 1.</summary>
    public const string StatusDescriptor = "199";

    /// <summary>Serves until the fuzzer closes the control pipe.</summary>
    public static void Serve(Stream control, Stream status, Stream input, byte* map, Action<Stream> action)
    {
        var warm = false;
        var heard = Wire.TryWrite(status, 0);
        while (heard && Wire.TryRead(control, out _))
        {
            var source = input;
            if (!warm)
            {
                // Static constructors leave their edges only once, and AFL would call the target unstable. So the
                // first input runs twice and the first trace is dropped: before the process id goes out, as AFL's
                // timer starts when that arrives, and after the control integer, as only then is the input written.
                using var copy = new MemoryStream();
                input.CopyTo(copy);
                WarmUp(action, new MemoryStream(copy.ToArray()), map);
                source = new MemoryStream(copy.ToArray());
                warm = true;
            }

            heard = Wire.TryWrite(status, Environment.ProcessId) && Wire.TryWrite(status, Execute(action, source));
        }
    }

    /// <summary>Executes once and drops the trace.</summary>
    public static void WarmUp(Action<Stream> action, Stream input, byte* map)
    {
        _ = Execute(action, input);
        new Span<byte>(map, Trace.MapSize).Clear();
    }

    /// <summary>Executes once from a clean last branch; any exception is a crash.</summary>
    public static int Execute(Action<Stream> action, Stream input)
    {
        Trace.PrevLocation = 0;
        try
        {
            action(input);
            return Wire.Success;
        }
        catch (Exception)
        {
            return Wire.Crash;
        }
    }
}
