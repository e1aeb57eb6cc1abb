using Mm.Routines;

namespace Mm.History;

/// <summary>zap_pte_range() of the first repair: genuine swap entries and poison always go, migration entries by their
/// page.</summary>
[Variant(
    "zap-takes-all-swap",
    Subject = "zap_pte_range() takes swap entries whatever zap_details say",
    Origin = "\"mm: rework swap handling of zap_pte_range\", RFC v1 and v2, November 2021; never merged",
    Fix = "seed 004: \"needs a should_zap_page() check\"; the form that was merged leaves them where copies stay",
    Symptom = "a hole punch drops private copies that are in swap: the process reads zeroes")]
public sealed class ZapTakesAllSwap : ShouldZap
{
    /// <inheritdoc />
    protected override bool Swapped(ZapDetails details) => true;

    /// <inheritdoc />
    protected override bool Poisoned(ZapDetails details) => true;
}
