namespace Interleave;

/// <summary>RCU: read sections that never block, and grace periods that wait for those that began before.</summary>
/// <remarks>
/// Entering and leaving a section are no steps of their own. A grace period ends as early as RCU allows: at the moment
/// when the last section that began before it has ended. Memory freed through it is therefore reused as early as can
/// be.
/// </remarks>
public sealed class Rcu(Machine machine)
{
    /// <summary>Counts section starts; the clock in which grace periods are told.</summary>
    private long now;

    /// <summary>rcu_read_lock.</summary>
    public void ReadLock(Cpu cpu)
    {
        if (cpu.RcuDepth++ == 0)
        {
            cpu.RcuSince = ++now;
            machine.NoteGrace(writes: false);
        }
    }

    /// <summary>rcu_read_unlock.</summary>
    public void ReadUnlock(Cpu cpu)
    {
        if (cpu.RcuDepth-- <= 0)
        {
            Misuse.Throw("the RCU read lock", cpu);
        }

        if (cpu.RcuDepth == 0)
        {
            machine.NoteGrace(writes: false);
        }
    }

    /// <summary>The moment from which a grace period counts, for <see cref="GracePeriodOver"/>.</summary>
    public long Stamp()
    {
        machine.NoteGrace(writes: true);
        return now;
    }

    /// <summary>Whether every read section that began at or before <paramref name="since"/> has ended.</summary>
    public bool GracePeriodOver(long since)
    {
        foreach (Cpu cpu in machine.Cpus)
        {
            if (cpu.RcuDepth > 0 && cpu.RcuSince <= since)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Forgets all time, for a new execution.</summary>
    public void Reset() => now = 0;
}
