using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Migration of a large folio that only compares its references, and takes it off the deferred split queue
/// when it moves the memcg charge, with a reference left.</summary>
[Variant(
    "migration-unqueues-late",
    Subject = "mem_cgroup_migrate() takes a large folio with references off the deferred split queue",
    Origin = "9bcef5973e31 \"mm: memcg: fix split queue list crash when large folio migration\" (v6.7)",
    Fix = "be9581ea8c05 (v6.10): the references are frozen, and the folio is unqueued meanwhile",
    Symptom = "Bad page state, VM_BUG_ON_PAGE(page_ref_count == 0) in the scanner's folio_put()")]
public sealed class MigrationUnqueuesLate : Migrate
{
    /// <inheritdoc />
    protected override Flow<bool> UnqueueFrozen(Cpu cpu, Folio source, int expected) => Flow.Of(true);

    /// <inheritdoc />
    protected override async Flow MoveCharge(Cpu cpu, Folio target, Folio source)
    {
        if (source.IsLarge && !await R.Lists.IsEmpty(cpu, source.DeferredList))
        {
            await R.DeferredSplit.TakeOff(cpu, source, K.QueueOf(source));
        }

        await base.MoveCharge(cpu, target, source);
    }
}
