using System.Globalization;
using System.IO.Pipes;
using System.Text;

namespace SharpFuzz;

/// <summary>
/// Runs a fuzzing body under AFL (its fork-server protocol, docs: AFL's technical_details.txt), or once on standard
/// input when no fuzzer is there. Linux and macOS only. One body at a time: the bitmap is the process's.
/// </summary>
public static partial class Fuzzer
{
    private const string SharedMemoryVariable = "__AFL_SHM_ID";
    private const int DefaultBufferSize = 10_000_000;

    /// <summary>
    /// Executes the body for every input that AFL offers, until AFL goes away; once on standard input when the process
    /// does not run under AFL. Under AFL an exception is reported as a crash; otherwise it reaches the caller.
    /// AFL's first input is executed twice, the first time for static initialization only.
    /// </summary>
    /// <param name="action">The body; its stream is the input, which it may dispose.</param>
    /// <exception cref="ArgumentNullException">The body is null.</exception>
    public static unsafe void Run(Action<Stream> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        using var input = Console.OpenStandardInput();
        var stream = new KeepOpenStream(input);
        if (!TryGetSharedMemory(out var identifier))
        {
            action(stream);
            return;
        }

        using var memory = SharedMemory.Attach(identifier);
        using var control = new AnonymousPipeClientStream(PipeDirection.In, ForkServer.ControlDescriptor);
        using var status = new AnonymousPipeClientStream(PipeDirection.Out, ForkServer.StatusDescriptor);
        ForkServer.Serve(control, status, stream, memory.Address, action);
    }

    /// <summary>As <see cref="Run(Action{Stream})"/>, with the input decoded as UTF-8.</summary>
    /// <param name="action">The body; its string is the input.</param>
    /// <param name="bufferSize">The longest input taken, in bytes; a longer one ends in an exception.</param>
    /// <exception cref="InvalidOperationException">The input is longer than the buffer.</exception>
    public static void Run(Action<string> action, int bufferSize = DefaultBufferSize) =>
        Run(Decode(action, bufferSize));

    /// <summary>
    /// Executes the body once on standard input with its trace in AFL's shared memory, without a fork server.
    /// </summary>
    /// <param name="action">The body; its stream is the input. Its exceptions reach the caller.</param>
    /// <exception cref="InvalidOperationException">The process does not run under AFL.</exception>
    public static void RunOnce(Action<Stream> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (!TryGetSharedMemory(out var identifier))
        {
            throw new InvalidOperationException($"not under AFL: {SharedMemoryVariable} is not set");
        }

        using var input = Console.OpenStandardInput();
        using var memory = SharedMemory.Attach(identifier);
        action(new KeepOpenStream(input));
    }

    internal static Action<Stream> Decode(Action<string> action, int bufferSize)
    {
        ArgumentNullException.ThrowIfNull(action);
        ArgumentOutOfRangeException.ThrowIfNegative(bufferSize);
        var buffer = new byte[bufferSize + 1];
        return stream =>
        {
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > bufferSize)
            {
                throw new InvalidOperationException($"the input is longer than {bufferSize} bytes");
            }

            action(Encoding.UTF8.GetString(buffer, 0, length));
        };
    }

    private static bool TryGetSharedMemory(out int identifier) => int.TryParse(
        Environment.GetEnvironmentVariable(SharedMemoryVariable), CultureInfo.InvariantCulture, out identifier);
}
