using System.ComponentModel;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace SharpFuzz;

/// <summary>
/// A System V segment that the fuzzer made, attached to this process; while it lives it is the current bitmap,
/// and on Dispose the private one takes its place before the segment goes away.
/// </summary>
internal sealed unsafe partial class SharedMemory : IDisposable
{
    private SharedMemory(byte* address) => Address = address;

    public byte* Address { get; }

    public static SharedMemory Attach(int identifier)
    {
        var address = AttachSegment(identifier, 0, 0);
        if (address == -1)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"cannot attach shared memory {identifier}");
        }

        Trace.Use((byte*)address);
        return new SharedMemory((byte*)address);
    }

    public void Dispose()
    {
        Trace.Use(Trace.PrivateMap);
        _ = DetachSegment((nint)Address);
    }

    [LibraryImport("libc", EntryPoint = "shmat", SetLastError = true)]
    private static partial nint AttachSegment(int identifier, nint address, int flags);

    [LibraryImport("libc", EntryPoint = "shmdt", SetLastError = true)]
    private static partial int DetachSegment(nint address);
}
