using System.Globalization;
using System.IO.Pipes;

namespace SharpFuzz;

public static partial class Fuzzer
{
    /// <summary>
    /// Runs a body under the libfuzzer-dotnet driver (github.com/Metalnem/libfuzzer-dotnet, the Linux driver), or once
    /// on the file named by the first command-line argument when that driver is not there.
    /// </summary>
    public static class LibFuzzer
    {
        /// <summary>
        /// Executes the body for every input, until the driver goes away or the body throws: the exception goes to
        /// standard error, and the driver is told of a crash. Without the driver an exception reaches the caller.
        /// </summary>
        /// <param name="action">The body; its span is the input.</param>
        /// <exception cref="InvalidOperationException">Neither a driver nor an argument names an input.</exception>
        public static void Run(ReadOnlySpanAction action) => Run(action, ignoreExceptions: false);

        /// <summary>
        /// As <see cref="Run(ReadOnlySpanAction)"/>, but under the driver an exception counts as success.
        /// </summary>
        /// <param name="action">The body; its span is the input.</param>
        /// <exception cref="InvalidOperationException">Neither a driver nor an argument names an input.</exception>
        public static void RunAndIgnoreExceptions(ReadOnlySpanAction action) => Run(action, ignoreExceptions: true);

        private static unsafe void Run(ReadOnlySpanAction action, bool ignoreExceptions)
        {
            ArgumentNullException.ThrowIfNull(action);
            var control = Environment.GetEnvironmentVariable("__LIBFUZZER_CONTROL_PIPE_ID");
            var status = Environment.GetEnvironmentVariable("__LIBFUZZER_STATUS_PIPE_ID");
            var segment = Environment.GetEnvironmentVariable("__LIBFUZZER_SHM_ID");
            if (control is null || status is null
                || !int.TryParse(segment, CultureInfo.InvariantCulture, out var identifier))
            {
                RunOnArgument(action);
                return;
            }

            using var memory = SharedMemory.Attach(identifier);
            using var requests = new AnonymousPipeClientStream(PipeDirection.In, control);
            using var answers = new AnonymousPipeClientStream(PipeDirection.Out, status);
            LibFuzzerLoop.Serve(requests, answers, memory.Address, action, ignoreExceptions);
        }

        private static void RunOnArgument(ReadOnlySpanAction action)
        {
            var arguments = Environment.GetCommandLineArgs();
            if (arguments.Length < 2)
            {
                throw new InvalidOperationException("not under libFuzzer: give the input's path as first argument");
            }

            action(File.ReadAllBytes(arguments[1]));
        }
    }
}
