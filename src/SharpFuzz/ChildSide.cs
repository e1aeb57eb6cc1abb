using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace SharpFuzz;

/// <summary>The child of <see cref="ParentSide"/>: executes the body on each request and answers its status.</summary>
internal static unsafe partial class ChildSide
{
    /// <summary>Names both pipes and the parent to the child: "requests:answers:process id".</summary>
    public const string Variable = "__SHARPFUZZ_CHILD";

    /// <summary>The request to execute and answer the status.</summary>
    public const int Execution = 0;

    /// <summary>The request to execute and drop the trace.</summary>
    public const int WarmUp = 1;

    /// <summary>Serves the parent until it goes away; false when this process is not such a child.</summary>
    public static bool TryJoin(int identifier, Action<Stream> action)
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(':') is not [var requests, var answers, var parent])
        {
            return false;
        }

        DieWith(int.Parse(parent, CultureInfo.InvariantCulture));
        using var input = Console.OpenStandardInput();
        using var memory = SharedMemory.Attach(identifier);
        using var requestPipe = new AnonymousPipeClientStream(PipeDirection.In, requests);
        using var answerPipe = new AnonymousPipeClientStream(PipeDirection.Out, answers);

        // A predecessor that died while it warmed up has left its trace; AFL's own clearing came before that.
        new Span<byte>(memory.Address, Trace.MapSize).Clear();
        Serve(requestPipe, answerPipe, new KeepOpenStream(input), memory.Address, action);
        return true;
    }

    /// <summary>Serves until the parent closes the pipe of requests.</summary>
    public static void Serve(Stream requests, Stream answers, Stream input, byte* map, Action<Stream> action)
    {
        var heard = true;
        while (heard && Wire.TryRead(requests, out var request))
        {
            var outcome = Wire.Success;
            if (request == WarmUp)
            {
                ForkServer.WarmUp(action, input, map);
            }
            else
            {
                outcome = ForkServer.Execute(action, input);
            }

            heard = Wire.TryWrite(answers, outcome);
        }
    }

    // The body may hang, and then nobody reads the pipe that a dead parent has closed.
    private static void DieWith(int parent) => new Thread(() =>
    {
        while (ParentIdentifier() == parent)
        {
            Thread.Sleep(100);
        }

        System.Diagnostics.Process.GetCurrentProcess().Kill();
    })
    { IsBackground = true, Name = "SharpFuzz parent watch" }.Start();

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentIdentifier();
}
