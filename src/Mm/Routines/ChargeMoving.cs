using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Who changes the memcg of a folio that others can find: nobody (mm/memcontrol.c, v6.18).</summary>
/// <remarks>
/// Charge moving (move_charge_at_immigrate of cgroup v1) was there until v6.12, reparenting from the LRU until v3.18.
/// </remarks>
public class ChargeMoving : Routine
{
    /// <summary>A process has come from another memcg: mem_cgroup_move_task.</summary>
    public virtual Flow Attached(Cpu cpu, MmStruct mm, Memcg from, Memcg to) => Flow.Done;

    /// <summary>A memcg has gone offline: mem_cgroup_css_offline.</summary>
    public virtual Flow Offlined(Cpu cpu, Memcg memcg) => Flow.Done;
}
