using Interleave;

namespace Tests.Toys;

/// <summary>A shared number.</summary>
internal sealed class Word(ushort id, string name) : SharedObject(9, id)
{
    public int Value { get; set; }

    public override string Name => name;
}
