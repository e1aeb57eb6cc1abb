namespace Interleave;

/// <summary>A spinlock: one holder, others wait by predicate.</summary>
/// <remarks>Giving it back is no step of its own: nobody can tell it from the end of the step before.</remarks>
public sealed class KernelSpinlock(byte kind, ushort id, string name) : SharedObject(kind, id), ITakeable
{
    /// <summary>The lane inside, or null.</summary>
    public Cpu? Holder { get; private set; }

    /// <inheritdoc />
    public override string Name => name;

    /// <summary>Waits for the lock and takes it.</summary>
    public Step Acquire(Cpu cpu, Point point) => cpu.TakeLock(point, this, this);

    /// <summary>Takes the lock if it is free; the caller has parked at a point on it.</summary>
    public bool TryTake(Cpu cpu)
    {
        if (Holder is not null)
        {
            return false;
        }

        ((ITakeable)this).Take(cpu);
        return true;
    }

    /// <summary>Gives it back.</summary>
    public void Release(Cpu cpu)
    {
        Misuse.Unless(Holder == cpu, this, cpu);
        Holder = null;
        cpu.Drop(this);
        cpu.Machine.Announce(this);
    }

    /// <summary>Forgets the holder, for a new execution.</summary>
    public void Reset() => Holder = null;

    /// <inheritdoc />
    public bool IsReady(Cpu cpu) => Holder is null;

    /// <inheritdoc />
    public void Blockers(Cpu cpu, ICollection<Cpu> into)
    {
        if (Holder is not null)
        {
            into.Add(Holder);
        }
    }

    void ITakeable.Take(Cpu cpu)
    {
        Holder = cpu;
        cpu.Hold(this);
        cpu.Machine.Announce(this);
    }
}
