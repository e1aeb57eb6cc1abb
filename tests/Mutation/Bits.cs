namespace Tests.Mutation;

/// <summary>A set of small numbers.</summary>
internal sealed class Bits(int size)
{
    private readonly ulong[] words = new ulong[(size + 63) / 64];

    /// <summary>One more than the largest number it may hold.</summary>
    public int Size => size;

    /// <summary>Whether a number is in it.</summary>
    public bool this[int number] => (words[number >> 6] >> number & 1) != 0;

    /// <summary>Puts a number in.</summary>
    public void Add(int number) => words[number >> 6] |= 1UL << number;

    /// <summary>Writes it.</summary>
    public void Write(BinaryWriter to)
    {
        foreach (ulong word in words)
        {
            to.Write(word);
        }
    }

    /// <summary>Reads one of that size.</summary>
    public static Bits Read(BinaryReader from, int size)
    {
        Bits bits = new(size);
        for (int i = 0; i < bits.words.Length; i++)
        {
            bits.words[i] = from.ReadUInt64();
        }

        return bits;
    }
}
