namespace Conformance;

/// <summary>What only the kernel's own memory says of a page that is mapped or in swap.</summary>
public sealed record Inside
{
    /// <summary>What its entry allows and notes: of a mapped page whether it is writable and dirty, of one in swap
    /// whether it is exclusive.</summary>
    public required string Rights { get; init; }

    /// <summary>What its first word holds; null in swap.</summary>
    public long? Content { get; init; }

    /// <summary>_refcount of the folio, when no folio is in a batch and without the reference of a file system; null in
    /// swap.</summary>
    public int? References { get; init; }

    /// <summary>Whether the folio is one of KSM (its mapping is a stable node); null in swap.</summary>
    public bool? Merged { get; init; }

    /// <summary>The count of the slot; null of a page that is mapped.</summary>
    public int? SwapCount { get; init; }

    /// <summary>The folio's anon_vma; null when it has none.</summary>
    public AnonVmaView? AnonVma { get; init; }

    /// <summary>The rights of a page that is mapped, in words.</summary>
    public static string RightsOf(bool writable, bool dirty) =>
        $"{(writable ? "rw" : "ro")}{(dirty ? " dirty" : "")}";

    /// <summary>Those of a page in swap.</summary>
    public static string RightsOfSwap(bool exclusive) => exclusive ? "exclusive" : "shared";

    /// <inheritdoc />
    public override string ToString() => Rights + (SwapCount is { } swapped ? $" count {swapped}" : "")
        + (References is { } count ? $" holds {Content} refs {count}" : "")
        + (AnonVma is { } anonVma ? $" {anonVma}" : "");
}

/// <summary>An anon_vma.</summary>
/// <param name="Object">Which one: numbered in the order in which the view comes to them and their roots.</param>
/// <param name="Root">Which one its root is.</param>
/// <param name="References">refcount.</param>
/// <param name="Children">num_children.</param>
/// <param name="ActiveVmas">num_active_vmas.</param>
public sealed record AnonVmaView(int Object, int Root, int References, int Children, int ActiveVmas)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"anon_vma {Object} root {Root} refs {References} children {Children} vmas {ActiveVmas}";
}
