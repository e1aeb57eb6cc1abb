using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>deferred_split_scan() before underused THPs: all that is not split stays, and is put at once.</summary>
[Variant(
    "scan-before-underused",
    Subject = "deferred_split_scan() tries every folio and never drops one",
    Origin = "up to v6.11",
    Fix = "nothing is wrong with it: dafff3f4c850 (v6.12-rc1) replaced it",
    IsFix = true,
    Symptom = "none")]
public sealed class ScanBeforeUnderused : DeferredSplitScan
{
    /// <inheritdoc />
    protected override Flow<bool> Wanted(Cpu cpu, Folio folio) => Flow.Of(true);

    /// <inheritdoc />
    protected override Flow<Folio?> After(
        Cpu cpu, DeferredSplitQueue queue, SplitScan scan, Folio folio, bool split) => Flow.Of<Folio?>(folio);
}
