namespace Interleave;

/// <summary>A reader-writer semaphore (struct rw_semaphore): many readers or one writer, with trylocks and
/// downgrade.</summary>
/// <remarks>
/// Waiting writers do not hold up new readers. The kernel's do, but only to be fair: every interleaving that fairness
/// allows is among those explored here.
/// </remarks>
public sealed class Rwsem : SharedObject, IWaitable
{
    private readonly string name;
    private readonly ReadSide readSide;
    private readonly WriteSide writeSide;
    private LaneSet readers;

    /// <summary>A free semaphore.</summary>
    public Rwsem(byte kind, ushort id, string name)
        : base(kind, id)
    {
        this.name = name;
        readSide = new ReadSide(this);
        writeSide = new WriteSide(this);
    }

    /// <summary>The writer inside, or null.</summary>
    public Cpu? Writer { get; private set; }

    /// <summary>Whether anybody is inside (rwsem_is_locked).</summary>
    public bool IsLocked => !readers.IsEmpty || Writer is not null;

    /// <inheritdoc />
    public override string Name => name;

    /// <summary>down_read.</summary>
    public Step AcquireRead(Cpu cpu, Point point) => cpu.TakeLock(point, this, readSide);

    /// <summary>down_write.</summary>
    public Step AcquireWrite(Cpu cpu, Point point) => cpu.TakeLock(point, this, writeSide);

    /// <summary>down_read_trylock; the caller has parked at a point on the semaphore.</summary>
    public bool TryTakeRead(Cpu cpu)
    {
        if (Writer is not null)
        {
            return false;
        }

        readSide.Take(cpu);
        return true;
    }

    /// <summary>up_read.</summary>
    public void ReleaseRead(Cpu cpu)
    {
        Misuse.Unless(readers.Contains(cpu.Index), this, cpu);
        readers.Remove(cpu.Index);
        cpu.Drop(this);
        cpu.Machine.Announce(this);
    }

    /// <summary>up_write.</summary>
    public void ReleaseWrite(Cpu cpu)
    {
        Misuse.Unless(Writer == cpu, this, cpu);
        Writer = null;
        cpu.Drop(this);
        cpu.Machine.Announce(this);
    }

    /// <summary>downgrade_write: the writer goes on as a reader.</summary>
    public void Downgrade(Cpu cpu)
    {
        Misuse.Unless(Writer == cpu, this, cpu);
        Writer = null;
        readers.Add(cpu.Index);
        cpu.Machine.Announce(this);
    }

    /// <summary>Forgets all holders, for a new execution.</summary>
    public void Reset()
    {
        readers = default;
        Writer = null;
    }

    /// <summary>Ready when nobody is inside: what a lane waits for that only wants to see it free.</summary>
    public bool IsReady(Cpu cpu) => !IsLocked;

    /// <inheritdoc />
    public void Blockers(Cpu cpu, ICollection<Cpu> into)
    {
        if (Writer is not null)
        {
            into.Add(Writer);
        }

        foreach (Cpu other in cpu.Machine.Cpus)
        {
            if (readers.Contains(other.Index))
            {
                into.Add(other);
            }
        }
    }

    private sealed class ReadSide(Rwsem sem) : ITakeable
    {
        public bool IsReady(Cpu cpu) => sem.Writer is null;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
            if (sem.Writer is not null)
            {
                into.Add(sem.Writer);
            }
        }

        public void Take(Cpu cpu)
        {
            sem.readers.Add(cpu.Index);
            cpu.Hold(sem);
            cpu.Machine.Announce(sem);
        }
    }

    private sealed class WriteSide(Rwsem sem) : ITakeable
    {
        public bool IsReady(Cpu cpu) => !sem.IsLocked;

        public void Blockers(Cpu cpu, ICollection<Cpu> into) => sem.Blockers(cpu, into);

        public void Take(Cpu cpu)
        {
            sem.Writer = cpu;
            cpu.Hold(sem);
            cpu.Machine.Announce(sem);
        }
    }
}
