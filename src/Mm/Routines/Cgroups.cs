using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Processes move between memory cgroups, and cgroups go away (kernel/cgroup/cgroup.c, v6.18).</summary>
/// <remarks>
/// cgroup_mutex stands for cgroup_threadgroup_rwsem too: fork reads its parent's cgroup in one step. Left out: threads
/// in different cgroups; creation; what css_offline reparents, since none of it is modelled (kernel memory, list_lrus,
/// the shrinkers' deferred counts). In v6.18 it reparents neither folios nor lruvecs, deferred split queues, or swap
/// records: they stay with the memcg that is offline.
/// </remarks>
public class Cgroups : Routine
{
    protected static readonly Point AttachLock =
        Points.Define("AttachMutex", "cgroup_procs_write_start", Access.Acquire);
    protected static readonly Point FindTask =
        Points.Define("AttachFindTask", "cgroup_procs_write_start", Access.Read);
    protected static readonly Point Attach = Points.Define("AttachTask", "cgroup_attach_task", Access.Write);
    protected static readonly Point RemoveLock = Points.Define("RmdirMutex", "cgroup_rmdir", Access.Acquire);
    protected static readonly Point TestPopulated = Points.Define("RmdirTestPopulated", "cgroup_rmdir", Access.Read);
    protected static readonly Point SetOffline = Points.Define("RmdirSetOffline", "kill_css", Access.Write);

    /// <summary>A write to cgroup.procs: what the process is charged for from now on goes elsewhere.</summary>
    /// <returns>False when it is there already, is exiting, or the memcg is gone.</returns>
    public virtual async Flow<bool> AttachTask(Cpu cpu, MmStruct mm, Memcg to)
    {
        await K.Memcgs.Mutex.AcquireWrite(cpu, AttachLock);
        await cpu.At(FindTask, mm.Word);
        bool moves = mm.Alive && !mm.Exiting && to.Online && mm.Memcg != to;
        if (moves)
        {
            Memcg from = mm.Memcg!;
            await cpu.At(Attach, mm.Word);
            mm.Memcg = to;
            await R.ChargeMoving.Attached(cpu, mm, from, to);
        }

        K.Memcgs.Mutex.ReleaseWrite(cpu);
        return moves;
    }

    /// <summary>rmdir of a memcg in which no process is.</summary>
    /// <returns>False when one is, or when the memcg is the root or gone.</returns>
    public virtual async Flow<bool> Offline(Cpu cpu, Memcg memcg)
    {
        await K.Memcgs.Mutex.AcquireWrite(cpu, RemoveLock);
        await cpu.At(TestPopulated, memcg.Word);
        bool goes = memcg.Online && memcg.Parent is not null && !IsPopulated(memcg);
        if (goes)
        {
            await cpu.At(SetOffline, memcg.Word);
            memcg.SetOffline();
            await CssOffline(cpu, memcg);
        }

        K.Memcgs.Mutex.ReleaseWrite(cpu);
        return goes;
    }

    /// <summary>mem_cgroup_css_offline.</summary>
    protected virtual Flow CssOffline(Cpu cpu, Memcg memcg) => R.ChargeMoving.Offlined(cpu, memcg);

    /// <summary>cgroup_is_populated: a process that is being forked is in it already.</summary>
    private bool IsPopulated(Memcg memcg)
    {
        foreach (MmStruct mm in K.Mms)
        {
            if (mm.Claimed && mm.Memcg == memcg)
            {
                return true;
            }
        }

        return false;
    }
}
