namespace Fuzz.Programs;

/// <summary>FNV-1a of 64 bits: the same number on every machine. Not secret, only different.</summary>
/// <remarks>Fowler, Noll, Vo; over letters it takes UTF-16 units where the original takes bytes.</remarks>
public static class Fnv
{
    private const ulong Basis = 0xCBF29CE484222325UL;
    private const ulong Prime = 0x100000001B3UL;

    /// <summary>The hash of some bytes.</summary>
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = Basis;
        foreach (byte value in bytes)
        {
            hash = (hash ^ value) * Prime;
        }

        return hash;
    }

    /// <summary>The hash of a text's letters.</summary>
    public static ulong Hash(string text)
    {
        ulong hash = Basis;
        foreach (char letter in text)
        {
            hash = (hash ^ letter) * Prime;
        }

        return hash;
    }
}
