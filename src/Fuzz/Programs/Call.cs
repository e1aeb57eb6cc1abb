namespace Fuzz.Programs;

/// <summary>One operation with its arguments. Unused arguments are 0.</summary>
/// <param name="Kind">Position in <see cref="Language.Calls"/>.</param>
/// <param name="A">First argument.</param>
/// <param name="B">Second argument.</param>
/// <param name="C">Third argument.</param>
/// <param name="D">Fourth argument.</param>
public readonly record struct Call(byte Kind, byte A = 0, byte B = 0, byte C = 0, byte D = 0)
{
    /// <summary>Argument <paramref name="index"/> (0..3).</summary>
    public byte this[int index] => index switch { 0 => A, 1 => B, 2 => C, _ => D };

    /// <summary>The same call with argument <paramref name="index"/> replaced.</summary>
    public Call With(int index, byte value) => index switch
    {
        0 => this with { A = value },
        1 => this with { B = value },
        2 => this with { C = value },
        _ => this with { D = value },
    };
}
