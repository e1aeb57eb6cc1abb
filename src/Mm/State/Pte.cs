namespace Mm.State;

/// <summary>What a page table entry is.</summary>
public enum PteKind : byte
{
    /// <summary>Empty.</summary>
    None,

    /// <summary>Maps a folio.</summary>
    Present,

    /// <summary>Maps the shared zero page: special, no rmap, not counted.</summary>
    Zero,

    /// <summary>A genuine swap entry.</summary>
    Swap,

    /// <summary>A migration entry: holds neither reference nor mapcount.</summary>
    Migration,

    /// <summary>A poison entry: names a page whose memory is broken, holds nothing, is not counted.</summary>
    HwPoison,
}

/// <summary>Flags of an entry.</summary>
[Flags]
public enum PteFlag : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Present: writable. Migration: was writable.</summary>
    Write = 1,

    /// <summary>Present: the hardware or the kernel stored through it. Migration: was dirty.</summary>
    Dirty = 2,

    /// <summary>Present: the hardware accessed it. Migration: was young.</summary>
    Young = 4,

    /// <summary>Swap: the exclusive bit. Migration: readable-exclusive.</summary>
    Exclusive = 8,
}

/// <summary>One page table entry. Equality is pte_same().</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Target">Frame number, or slot number of a swap entry.</param>
/// <param name="Flags">Its bits.</param>
public readonly record struct Pte(PteKind Kind, ushort Target, PteFlag Flags)
{
    /// <summary>pte_none.</summary>
    public static Pte None => default;

    /// <summary>The entry that maps the shared zero page read-only.</summary>
    public static Pte ZeroPage => new(PteKind.Zero, 0, PteFlag.Young);

    /// <summary>Whether it is empty.</summary>
    public bool IsNone => Kind == PteKind.None;

    /// <summary>Whether it maps a folio (not the zero page).</summary>
    public bool IsPresent => Kind == PteKind.Present;

    /// <summary>Whether it is a genuine swap entry.</summary>
    public bool IsSwap => Kind == PteKind.Swap;

    /// <summary>Whether it is a migration entry.</summary>
    public bool IsMigration => Kind == PteKind.Migration;

    /// <summary>pte_write, or was writable.</summary>
    public bool Writable => (Flags & PteFlag.Write) != PteFlag.None;

    /// <summary>pte_dirty.</summary>
    public bool Dirty => (Flags & PteFlag.Dirty) != PteFlag.None;

    /// <summary>pte_young.</summary>
    public bool Young => (Flags & PteFlag.Young) != PteFlag.None;

    /// <summary>pte_swp_exclusive, or a readable-exclusive migration entry.</summary>
    public bool Exclusive => (Flags & PteFlag.Exclusive) != PteFlag.None;

    /// <summary>The entry with these bits set.</summary>
    public Pte With(PteFlag flags) => this with { Flags = Flags | flags };

    /// <summary>The entry without these bits.</summary>
    public Pte Without(PteFlag flags) => this with { Flags = Flags & ~flags };

    /// <inheritdoc />
    public override string ToString() => Kind switch
    {
        PteKind.None => "none",
        PteKind.Zero => "zero page",
        PteKind.Present => $"folio {Target}{(Writable ? " rw" : " ro")}{(Dirty ? " dirty" : "")}",
        PteKind.HwPoison => $"poison of folio {Target}",
        PteKind.Swap => $"swap slot {Target}{(Exclusive ? " exclusive" : "")}",
        _ => $"migration of folio {Target}{(Writable ? " (was writable)" : Exclusive ? " (exclusive)" : "")}",
    };
}
