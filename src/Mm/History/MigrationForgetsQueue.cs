using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Migration that takes the memcg from a large folio that is on that memcg's deferred split queue: it is taken
/// off when it is freed, with the node's lock.</summary>
[Variant(
    "migration-forgets-queue",
    Subject = "mem_cgroup_migrate() clears memcg_data of a folio that is on the memcg's deferred split queue",
    Origin = "85ce2c517ade \"memcontrol: only transfer the memcg data for migration\" (v6.7, before its fix)",
    Fix = "9bcef5973e31 (v6.7), whose own flaw be9581ea8c05 (v6.10) puts right",
    Symptom = "list_del corruption when large folios migrate; split_queue_len of the node below 0")]
public sealed class MigrationForgetsQueue : Migrate
{
    /// <inheritdoc />
    protected override Flow<bool> UnqueueFrozen(Cpu cpu, Folio source, int expected) => Flow.Of(true);
}
