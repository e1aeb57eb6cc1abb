using System.Runtime.InteropServices;

namespace SharpFuzz.Common;

/// <summary>
/// The state that instrumented code updates on every branch: AFL's edge bitmap and the branch before this one.
/// Written without locks from every thread, as AFL's own instrumentation does: counts may be lost, never misplaced.
/// </summary>
public static unsafe class Trace
{
    /// <summary>Length of the bitmap in bytes: 64 KiB, the map size of AFL and of libfuzzer-dotnet.</summary>
    internal const int MapSize = 1 << 16;

    /// <summary>The map in use outside a fuzzer: never freed, so woven code may write to it at any time.</summary>
    internal static readonly byte* PrivateMap = (byte*)NativeMemory.AllocZeroed(MapSize);

#pragma warning disable CA2211 // Visible fields: woven code, and the original's users, name them so.

    /// <summary>
    /// The edge bitmap, 64 KiB: the fuzzer's shared memory while a <c>Fuzzer</c> method runs under a fuzzer,
    /// a map private to this process otherwise. Never null here (null outside a run in the original package).
    /// </summary>
    public static byte* SharedMem = PrivateMap;

    /// <summary>Identifier of the last branch taken, shifted right by one; 0 at the start of each execution.</summary>
    public static int PrevLocation;

    /// <summary>
    /// Called with the branch's identifier and the method's full name, when the weaver was told to emit the call;
    /// null when nobody listens.
    /// </summary>
    public static Action<int, string>? OnBranch;

#pragma warning restore CA2211

    /// <summary>Tells <see cref="OnBranch"/>, if anybody listens. Called by woven code; not in the original, whose
    /// woven code fails where nobody does.</summary>
    public static void Notify(int branch, string method) => OnBranch?.Invoke(branch, method);

    /// <summary>Makes <paramref name="map"/> the current bitmap, and forgets the last branch.</summary>
    internal static void Use(byte* map)
    {
        SharedMem = map;
        PrevLocation = 0;
    }
}
