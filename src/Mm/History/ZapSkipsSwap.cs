using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>zap_pte_range() as it stood until v5.17: with details, which every zap that comes from a file has, whatever
/// is not present is left.</summary>
[Variant(
    "zap-skips-swap",
    Subject = "zap_pte_range() with zap_details leaves all swap, migration and poison entries",
    Origin = "2.6.12 to v5.17",
    Fix = "5abfd71d936a (v5.18) \"mm: don't skip swap entry even if zap_details specified\"",
    Symptom = "private copies that were swapped out, or are just migrating, survive a truncation: stale data when the "
        + "file grows again")]
public sealed class ZapSkipsSwap : ShouldZap
{
    /// <inheritdoc />
    protected override bool Swapped(ZapDetails details) => !details.OfMapping;

    /// <inheritdoc />
    protected override bool Poisoned(ZapDetails details) => !details.OfMapping;

    /// <inheritdoc />
    protected override bool Migrating(ZapDetails details, Folio folio) => !details.OfMapping;
}
