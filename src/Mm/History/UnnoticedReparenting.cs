using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>The deferred split queue goes to the parent's, but whoever has a folio of the memcg goes on to lock the
/// memcg's own.</summary>
[Variant(
    "split-queue-reparenting-unnoticed",
    Subject = "mem_cgroup_css_offline() moves the deferred split queue, and nobody looks whether it did",
    Origin = "half of v6.19 \"mm: thp: reparent the split queue during memcg offline\"",
    Fix = "the other half, folio_split_queue_lock()",
    Symptom = "list_del corruption; split_queue_len of the memcg below 0")]
public sealed class UnnoticedReparenting : QueueReparenting
{
    /// <inheritdoc />
    protected override async Flow CssOffline(Cpu cpu, Memcg memcg)
    {
        await Reparent(cpu, memcg);
        await base.CssOffline(cpu, memcg);
    }
}
