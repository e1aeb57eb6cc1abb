using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Reclaim that makes its flushes before a folio leaves the swap cache.</summary>
[Variant(
    "flush-before-removal",
    Subject = "shrink_folio_list() calls try_to_unmap_flush() before __remove_mapping()",
    Origin = "a fix put beside v6.18, which flushes only before the frame is freed",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: a thread reads old data that another thread has faulted in again and changed")]
public sealed class FlushBeforeRemoval : Shrink
{
    /// <inheritdoc />
    protected override async Flow<bool> RemoveMapping(Cpu cpu, Folio folio)
    {
        await R.Tlb.FlushBatch(cpu);
        return await base.RemoveMapping(cpu, folio);
    }
}
