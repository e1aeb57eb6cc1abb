using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>try_to_unmap_one() and folio_referenced_one() that do not ask whether the VMA is locked.</summary>
[Variant(
    "unmap-ignores-mlock",
    Subject = "reclaim relies on PG_mlocked alone",
    Origin = "hypothetical: what the test of VM_LOCKED under the page table lock is for",
    Fix = "VM_LOCKED is tested with the lock held, which mlock takes after it has set the flag: as every kernel has it",
    Symptom = "a page that mlock has promised to keep in memory is in swap")]
public sealed class UnmapIgnoresMlock : Unmap
{
    /// <inheritdoc />
    public override bool Spares(Vma vma) => false;
}
