using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace SharpFuzz;

/// <summary>
/// The fork server of <see cref="Fuzzer.OutOfProcess"/>: passes AFL's requests on to a child it keeps alive.
/// </summary>
internal sealed partial class ParentSide : IDisposable
{
    // AFL has no timer yet while the first input warms the child up: a hang there has to end here.
    private static readonly TimeSpan warmUpLimit = TimeSpan.FromSeconds(10);

    private readonly AnonymousPipeServerStream requests = new(PipeDirection.Out, HandleInheritability.Inheritable);
    private readonly AnonymousPipeServerStream answers = new(PipeDirection.In, HandleInheritability.Inheritable);
    private readonly Process child;

    private ParentSide()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
        var arguments = Environment.GetCommandLineArgs();
        var underHost = string.Equals(
            Path.GetFileNameWithoutExtension(start.FileName), "dotnet", StringComparison.OrdinalIgnoreCase);
        foreach (var argument in underHost ? arguments : arguments.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[ChildSide.Variable] = string.Create(
            null, $"{requests.GetClientHandleAsString()}:{answers.GetClientHandleAsString()}:{Environment.ProcessId}");
        child = Process.Start(start)!;
        requests.DisposeLocalCopyOfClientHandle();
        answers.DisposeLocalCopyOfClientHandle();
    }

    /// <summary>Serves until the fuzzer closes the control pipe.</summary>
    public static void Serve(Stream control, Stream status)
    {
        ParentSide? side = null;
        var heard = Wire.TryWrite(status, 0);
        var warm = false;
        while (heard && Wire.TryRead(control, out _))
        {
            side ??= new ParentSide();
            if (!warm)
            {
                warm = true;
                side = side.WarmUp();
            }

            heard = Wire.TryWrite(status, side.child.Id);
            var outcome = side.Ask(ChildSide.Execution);
            heard = heard && Wire.TryWrite(status, outcome ?? Wire.Crash);
            if (outcome is null)
            {
                side.Dispose();
                side = null;
            }
        }

        side?.Dispose();
    }

    public void Dispose()
    {
        child.Kill();
        child.WaitForExit();
        child.Dispose();
        requests.Dispose();
        answers.Dispose();
    }

    /// <summary>Gives the child that shall execute next: a new one when this one did not survive.</summary>
    private ParentSide WarmUp()
    {
        var question = Task.Run(() => Ask(ChildSide.WarmUp));
        var survived = question.Wait(warmUpLimit) && question.Result is not null;

        // The child has read the input; AFL gives standard input as a file, whose position all processes share.
        _ = Seek(0, 0, 0);
        if (survived)
        {
            return this;
        }

        Dispose();
        return new ParentSide();
    }

    private int? Ask(int request) =>
        Wire.TryWrite(requests, request) && Wire.TryRead(answers, out var answer) ? answer : null;

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int descriptor, long offset, int origin);
}
