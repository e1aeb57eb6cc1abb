using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Reclaim that puts off the flush of dirty translations until it frees, past the writing.</summary>
[Variant(
    "writeout-before-flush",
    Subject = "shrink_folio_list() leaves out try_to_unmap_flush_dirty() before pageout()",
    Origin = "\"mm: unmap multiple pages with one IPI\", RFC v1, April 2015, as its own last note says",
    Fix = "d950c9477d51 \"mm: defer flush of writable TLB entries\" (v4.3), merged together with the batching",
    Symptom = "stores that come after the page was written are lost")]
public sealed class WriteoutBeforeFlush : Shrink
{
    /// <inheritdoc />
    protected override Flow FlushBeforeWrite(Cpu cpu) => Flow.Done;
}
