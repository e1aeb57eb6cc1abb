using Interleave;

namespace Tests.SctBench;

/// <summary>din_philN_sat: philosophers eat, each atomically, and the last one to count up fails.</summary>
internal sealed class Philosophers : SctProgram
{
    private readonly KernelSpinlock atomic;
    private readonly KernelSpinlock[] forks;
    private readonly Variable ate;

    public Philosophers(int number)
        : base($"din_phil{number}_sat", number)
    {
        atomic = Mutex("atomic");
        forks = [.. Enumerable.Range(0, number).Select(i => Mutex($"fork {i}"))];
        ate = Shared("phil");
    }

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        KernelSpinlock left = forks[thread - 1];
        KernelSpinlock right = forks[thread % forks.Length];
        await Lock(cpu, atomic);
        await Lock(cpu, right);
        await Lock(cpu, left);
        await Unlock(cpu, left);
        await Unlock(cpu, right);
        await Unlock(cpu, atomic);
        await Add(cpu, ate, 1);
        Assert(await Read(cpu, ate) != forks.Length);
    }
}
