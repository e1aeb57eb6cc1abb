using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Reclaim that makes its flushes before it gives the lock of a file's dirty folio back.</summary>
[Variant(
    "flush-before-unlock",
    Subject = "shrink_folio_list() calls try_to_unmap_flush_dirty() for a file's folio, which it will not write, too",
    Origin = "a fix put beside v6.18, which flushes only before it writes a folio itself, or frees one",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: writeback finds nobody who maps the folio, cleans and writes it, and a store through a "
        + "translation from before is lost")]
public sealed class FlushBeforeUnlock : Shrink
{
    /// <inheritdoc />
    protected override async Flow<Verdict?> ShrinkDirty(Cpu cpu, Folio folio)
    {
        await FlushBeforeWrite(cpu);
        return await base.ShrinkDirty(cpu, folio);
    }
}
