using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>folio_mkclean() that looks at an entry before it takes the ptl.</summary>
[Variant(
    "mkclean-without-sync",
    Subject = "folio_mkclean() walks without PVMW_SYNC",
    Origin = "hypothetical: what makes writeback wait for a zap that has cleared a dirty entry and not flushed yet",
    Fix = "PVMW_SYNC: the ptl is taken whatever the entry looks like; as every kernel has it",
    Symptom = "as that of rmap-removed-before-flush, though the rmap is removed after the flush")]
public sealed class MkcleanWithoutSync : Writeback
{
    private static readonly Point Peek = Points.Define("MkcleanPeek", "page_vma_mapped_walk", Access.Read);

    /// <inheritdoc />
    protected override async Flow<bool> CleanIn(Cpu cpu, Folio folio, MmStruct mm, int page)
    {
        await cpu.At(Peek, mm.PteWord(page));
        return mm[page].IsPresent && await base.CleanIn(cpu, folio, mm, page);
    }
}
