using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>The folio_batch form of deferred_split_scan() as first mailed: a folio is queued again without asking
/// whether somebody has done so meanwhile.</summary>
[Variant(
    "batch-scan-double-add",
    Subject = "deferred_split_scan() adds a folio back to the queue without list_empty()",
    Origin = "the RFC of April 2025, never merged",
    Fix = "list_empty() under the lock: the form of v6.19",
    Symptom = "list_add double add, or a queue that has lost its head")]
public sealed class BatchScanDoubleAdd : BatchScan
{
    /// <inheritdoc />
    protected override Flow<bool> MayAdd(Cpu cpu, Folio folio) => Flow.Of(true);
}
