using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>wp_page_copy() that clears the old entry and does not flush it.</summary>
[Variant(
    "copy-without-flush",
    Subject = "wp_page_copy() uses ptep_get_and_clear() in place of ptep_clear_flush()",
    Origin = "hypothetical: what the flush of copy on write is for",
    Fix = "never was wrong",
    Symptom = "another thread goes on reading the old page, and whatever becomes of its frame")]
public sealed class CopyWithoutFlush : WriteProtectFault
{
    /// <inheritdoc />
    protected override Flow FlushOld(Cpu cpu, MmStruct mm, int page) => Flow.Done;
}
