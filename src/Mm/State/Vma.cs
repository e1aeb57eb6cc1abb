using Interleave;

namespace Mm.State;

/// <summary>struct vm_area_struct of private anonymous memory: a range of pages [Start, End) of one process.</summary>
/// <remarks>Page numbers are linear indices (vm_pgoff equals the address), as for anonymous memory that was never
/// moved.</remarks>
public sealed class Vma
{
    internal Vma(int number, ObjectIds ids)
    {
        Number = number;
        Lock = ids.Rwsem(ObjectKind.VmaLock, $"vma {number} lock");
    }

    /// <summary>Index in the slab.</summary>
    public int Number { get; }

    /// <summary>The per-VMA lock: faults and MADV_DONTNEED read, whoever changes the VMA writes.</summary>
    public Rwsem Lock { get; }

    /// <summary>The process.</summary>
    public MmStruct Mm { get; set; } = null!;

    /// <summary>First page.</summary>
    public int Start { get; set; }

    /// <summary>One past the last page.</summary>
    public int End { get; set; }

    /// <summary>The anon_vma of folios that are first mapped here; null until the first write fault.</summary>
    public AnonVma? AnonVma { get; set; }

    /// <summary>vma->anon_vma_chain, oldest first.</summary>
    public List<AnonVmaChain> Chain { get; } = [];

    /// <summary>Whether the page lies in the range.</summary>
    public bool Covers(int page) => page >= Start && page < End;

    /// <inheritdoc />
    public override string ToString() => $"vma {Number} [p{Start},p{End}) of {Mm}";
}
