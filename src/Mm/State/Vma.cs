using Interleave;

namespace Mm.State;

/// <summary>struct vm_area_struct: a range of pages [Start, End) of one process.</summary>
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

    /// <summary>vm_pgoff: the linear index of the first page. Equals <see cref="Start"/> for anonymous memory that was
    /// never moved.</summary>
    public int Offset { get; set; }

    /// <summary>vm_flags.</summary>
    public VmaFlag Flags { get; set; } = VmaFlag.Write;

    /// <summary>VM_WRITE.</summary>
    public bool Writable => Has(VmaFlag.Write);

    /// <summary>VM_LOCKED.</summary>
    public bool IsLocked => Has(VmaFlag.Locked);

    /// <summary>VM_LOCKED without VM_IO: who maps a page here counts it as mlocked.</summary>
    public bool CountsMlock => (Flags & (VmaFlag.Locked | VmaFlag.Io)) == VmaFlag.Locked;

    /// <summary>vm_file: the file that is mapped, or null for anonymous memory.</summary>
    public Inode? File { get; set; }

    /// <summary>VM_SHARED: stores go to the file rather than to a private copy.</summary>
    public bool Shared { get; set; }

    /// <summary>vma_wants_writenotify: stores of a shared mapping must be seen, so that what is there is mapped
    /// read-only first.</summary>
    public bool WantsWriteNotify => Shared && File is { IsShmem: false };

    /// <summary>Whether vm_page_prot lets even a load map a page of the file writable.</summary>
    public bool MapsWritable => Shared && Writable && !WantsWriteNotify;

    /// <summary>The anon_vma of folios that are first mapped here; null until the first write fault.</summary>
    public AnonVma? AnonVma { get; set; }

    /// <summary>vma->anon_vma_chain, oldest first.</summary>
    public List<AnonVmaChain> Chain { get; } = [];

    /// <summary>linear_page_index: the index in the mapping of a page of this VMA.</summary>
    public int LinearIndex(int page) => page - Start + Offset;

    /// <summary>vma_address: the page of this VMA that has that linear index; outside of the range when it has
    /// none.</summary>
    public int AddressOf(int index) => index - Offset + Start;

    /// <summary>Whether the flag is set.</summary>
    public bool Has(VmaFlag flag) => (Flags & flag) != VmaFlag.None;

    /// <summary>Whether the page lies in the range.</summary>
    public bool Covers(int page) => page >= Start && page < End;

    /// <summary>Whether some page of the folio would lie in the range, by its index.</summary>
    public bool Overlaps(Folio folio)
    {
        int first = AddressOf(folio.Index);
        return first < End && first + folio.PageCount > Start;
    }

    /// <inheritdoc />
    public override string ToString() => $"vma {Number} [p{Start},p{End}) of {Mm}";
}
