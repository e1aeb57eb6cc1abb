namespace Interleave;

/// <summary>Anything that more than one lane can touch: the object that a <see cref="Point"/> speaks of.</summary>
public abstract class SharedObject(byte kind, ushort id)
{
    /// <summary>What sort of object this is, numbered by the engine; hand-off coverage is told apart by it.</summary>
    public byte Kind { get; } = kind;

    /// <summary>Unique within one engine state; the same object has the same id in every execution.</summary>
    public ushort Id { get; } = id;

    /// <summary>A name for reports: <c>folio 3</c>, <c>ptl(mm0)</c>.</summary>
    public abstract string Name { get; }

    /// <inheritdoc />
    public override string ToString() => Name;
}
