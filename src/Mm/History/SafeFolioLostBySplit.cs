using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>deferred_split_scan() that keeps one safe folio pinned, but takes one that it has just split, and that is
/// on no list any more, for the next safe one.</summary>
[Variant(
    "safe-folio-lost-by-split",
    Subject = "deferred_split_scan() makes a folio that it has split its safe folio, and puts the real one",
    Origin = "e66f3185fa04 \"mm/thp: fix deferred split queue not partially_mapped\" (v6.12, before its fix)",
    Fix = "a3477c9e02cc \"mm/thp: fix deferred split queue not partially_mapped: fix\" (v6.12)",
    Symptom = "a list_del corruption once a week under load")]
public sealed class SafeFolioLostBySplit : DeferredSplitScan
{
    /// <inheritdoc />
    protected override async Flow<Folio?> After(
        Cpu cpu, DeferredSplitQueue queue, SplitScan scan, Folio folio, bool split)
    {
        if (!split)
        {
            // A folio that was not split is treated as in v6.18.
            return await base.After(cpu, queue, scan, folio, split: false);
        }

        Folio? previous = scan.Previous;
        scan.Previous = folio;
        return previous;
    }
}
