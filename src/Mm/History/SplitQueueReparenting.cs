using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>The deferred split queue goes to the parent's, and whoever locks a queue notices, see
/// <see cref="SplitQueueOfParent"/>.</summary>
[Variant(
    "split-queue-reparenting",
    Subject = "mem_cgroup_css_offline() moves the deferred split queue to the parent's",
    Origin = "v6.19 \"mm: thp: reparent the split queue during memcg offline\"",
    Fix = "nothing is wrong with it where whoever locks the queue notices",
    IsHarmless = true,
    Symptom = "none while whoever locks the queue notices")]
public sealed class SplitQueueReparenting : QueueReparenting
{
    /// <inheritdoc />
    protected override async Flow CssOffline(Cpu cpu, Memcg memcg)
    {
        await Reparent(cpu, memcg);
        await base.CssOffline(cpu, memcg);
    }
}
