using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>wp_can_reuse_anon_folio() that does not know of KSM.</summary>
[Variant(
    "ksm-write-reuse",
    Subject = "a KSM page that one entry maps is written to in place",
    Origin = "hypothetical: what the tests of folio_test_ksm() in wp_can_reuse_anon_folio() are for",
    Fix = "folio_test_ksm() with and without the folio lock: as the function has had it from its beginning (v5.19)",
    Symptom = "the stable tree holds a page that changes; whoever is merged with it next reads it")]
public sealed class KsmWriteReuse : WriteProtectFault
{
    /// <inheritdoc />
    protected override bool IsKsm(Folio folio) => false;
}
