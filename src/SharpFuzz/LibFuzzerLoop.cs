using SharpFuzz.Common;

namespace SharpFuzz;

/// <summary>
/// The target's half of libfuzzer-dotnet's protocol: a status of 0 once ready; then for every input's length on the
/// control pipe, whose bytes lie behind the bitmap in shared memory, the execution's status.
/// </summary>
internal static unsafe class LibFuzzerLoop
{
    /// <summary>Room for the input behind the bitmap, in bytes: DATA_SIZE in libfuzzer-dotnet.cc.</summary>
    public const int MaximumLength = 1 << 20;

    /// <summary>
    /// Serves until the driver closes the control pipe, or after the first crash, as the driver then ends.
    /// </summary>
    public static void Serve(
        Stream control, Stream status, byte* map, ReadOnlySpanAction action, bool ignoreExceptions)
    {
        var outcome = Wire.Success;
        var heard = Wire.TryWrite(status, outcome);
        while (heard && outcome == Wire.Success && Wire.TryRead(control, out var length))
        {
            if (length is < 0 or > MaximumLength)
            {
                throw new InvalidDataException($"the driver announced an input of {length} bytes");
            }

            outcome = Execute(action, new ReadOnlySpan<byte>(map + Trace.MapSize, length), ignoreExceptions);
            heard = Wire.TryWrite(status, outcome);
        }
    }

    private static int Execute(ReadOnlySpanAction action, ReadOnlySpan<byte> input, bool ignoreExceptions)
    {
        Trace.PrevLocation = 0;
        try
        {
            action(input);
        }
        catch (Exception exception) when (!ignoreExceptions)
        {
            Console.Error.WriteLine(exception);
            return Wire.Crash;
        }
        catch (Exception)
        {
            return Wire.Success;
        }

        return Wire.Success;
    }
}
