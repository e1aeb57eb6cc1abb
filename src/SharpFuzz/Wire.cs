using System.Runtime.InteropServices;

namespace SharpFuzz;

/// <summary>The 4-byte native-endian integers in which both fuzzers speak over their pipes.</summary>
internal static class Wire
{
    /// <summary>The status of an execution that ended normally.</summary>
    public const int Success = 0;

    /// <summary>The status of an execution that an exception ended: to waitpid's macros, killed by signal 2.</summary>
    public const int Crash = 2;

    /// <summary>Reads one integer; false when the other side has closed the pipe.</summary>
    public static bool TryRead(Stream source, out int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        var complete = source.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length;
        value = complete ? MemoryMarshal.Read<int>(bytes) : 0;
        return complete;
    }

    /// <summary>Writes one integer at once; false when the other side has closed the pipe.</summary>
    public static bool TryWrite(Stream sink, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(bytes, value);
        try
        {
            sink.Write(bytes);
            sink.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
