using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>memory_failure() that unmaps and contains a page without its folio lock.</summary>
[Variant(
    "poison-without-folio-lock",
    Subject = "no folio_lock() before hwpoison_user_mappings()",
    Origin = "hypothetical: what the folio lock in memory_failure() is for",
    Fix = "folio_lock() until identify_page_state() is done: as every kernel has it",
    Symptom = "the swap cache changes while the page is unmapped: entries name what is no more")]
public sealed class PoisonWithoutFolioLock : MemoryFailure
{
    /// <inheritdoc />
    protected override Flow LockFolio(Cpu cpu, Folio folio) => Flow.Done;

    /// <inheritdoc />
    protected override Flow UnlockFolio(Cpu cpu, Folio folio) => Flow.Done;
}
