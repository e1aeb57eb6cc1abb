using Interleave;

namespace Mm.State;

/// <summary>The cpus that walk page tables with interrupts off, so that an IPI waits for them.</summary>
public sealed class FastWalkers : IWaitable
{
    private readonly uint[] awaited = new uint[Kernel.CpusMax];
    private readonly Cpu?[] walking = new Cpu?[Kernel.CpusMax];

    /// <summary>local_irq_save.</summary>
    public void Enter(Cpu cpu) => walking[cpu.Index] = cpu;

    /// <summary>local_irq_restore: the cpu takes the IPIs that were sent meanwhile.</summary>
    public void Leave(Cpu cpu)
    {
        walking[cpu.Index] = null;
        for (int i = 0; i < awaited.Length; i++)
        {
            awaited[i] &= ~(1u << cpu.Index);
        }
    }

    /// <summary>smp_call_function: the cpu will wait for whoever walks now.</summary>
    /// <returns>Whether there is anybody to wait for.</returns>
    public bool Send(Cpu cpu)
    {
        uint others = 0;
        foreach (Cpu? other in walking)
        {
            others |= other is null || other == cpu ? 0 : 1u << other.Index;
        }

        awaited[cpu.Index] = others;
        return others != 0;
    }

    /// <inheritdoc />
    public bool IsReady(Cpu cpu) => awaited[cpu.Index] == 0;

    /// <inheritdoc />
    public void Blockers(Cpu cpu, ICollection<Cpu> into)
    {
        foreach (Cpu? other in walking)
        {
            if (other is not null && (awaited[cpu.Index] >> other.Index & 1) != 0)
            {
                into.Add(other);
            }
        }
    }

    internal void Reset()
    {
        Array.Clear(walking);
        Array.Clear(awaited);
    }
}
