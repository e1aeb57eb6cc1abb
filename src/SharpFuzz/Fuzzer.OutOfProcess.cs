using System.IO.Pipes;

namespace SharpFuzz;

public static partial class Fuzzer
{
    /// <summary>
    /// As <see cref="Fuzzer"/>, with the body in a child process that is started again when it dies: survives stack
    /// overflows, Environment.FailFast and AFL's kill on a timeout, at the price of a process start each time.
    /// </summary>
    public static class OutOfProcess
    {
        /// <summary>
        /// Executes the body in a child for every input that AFL offers; once, in this process, on standard input when
        /// not under AFL. The child runs the same command line, and must reach this call again. Its death counts as a
        /// crash.
        /// </summary>
        /// <param name="action">The body; its stream is the input, which it may dispose.</param>
        /// <exception cref="ArgumentNullException">The body is null.</exception>
        public static void Run(Action<Stream> action)
        {
            ArgumentNullException.ThrowIfNull(action);
            if (!TryGetSharedMemory(out var identifier))
            {
                Fuzzer.Run(action);
                return;
            }

            if (ChildSide.TryJoin(identifier, action))
            {
                return;
            }

            using var control = new AnonymousPipeClientStream(PipeDirection.In, ForkServer.ControlDescriptor);
            using var status = new AnonymousPipeClientStream(PipeDirection.Out, ForkServer.StatusDescriptor);
            ParentSide.Serve(control, status);
        }

        /// <summary>As <see cref="Run(Action{Stream})"/>, with the input decoded as UTF-8.</summary>
        /// <param name="action">The body; its string is the input.</param>
        /// <param name="bufferSize">The longest input taken, in bytes; a longer one ends in an exception.</param>
        /// <exception cref="InvalidOperationException">The input is longer than the buffer.</exception>
        public static void Run(Action<string> action, int bufferSize = DefaultBufferSize) =>
            Run(Decode(action, bufferSize));
    }
}
