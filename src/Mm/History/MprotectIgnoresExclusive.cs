using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>can_change_pte_writable() that makes every anonymous page of a writable VMA writable.</summary>
[Variant(
    "mprotect-ignores-exclusive",
    Subject = "mprotect makes entries writable whether or not their page is exclusive",
    Origin = "hypothetical: what the test of PageAnonExclusive in can_change_private_pte_writable() is for",
    Fix = "64fe24a3e05e \"mm/mprotect: try avoiding write faults for exclusive anonymous pages\" (v6.1) tests it",
    Symptom = "a forked process sees its parent's stores")]
public sealed class MprotectIgnoresExclusive : Mprotect
{
    /// <inheritdoc />
    protected override Flow<bool> MayBeWritable(Cpu cpu, Folio folio, Page page) => Flow.Of(folio.Anon);
}
