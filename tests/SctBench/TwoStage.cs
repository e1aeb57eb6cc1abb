using Interleave;

namespace Tests.SctBench;

/// <summary>twostage_N: writers set two values under two locks, one after the other; readers come between.</summary>
internal sealed class TwoStage : SctProgram
{
    private readonly int writers;
    private readonly bool nested;
    private readonly KernelSpinlock lock1;
    private readonly KernelSpinlock lock2;
    private readonly Variable data1;
    private readonly Variable data2;

    /// <summary>The program.</summary>
    /// <param name="writers">Threads that write.</param>
    /// <param name="readers">Threads that read.</param>
    /// <param name="nested">Put right: writers and readers keep the first lock until they are through.</param>
    public TwoStage(int writers, int readers, bool nested = false)
        : base(writers + readers == 2 ? "twostage" : $"twostage_{writers + readers}", writers + readers)
    {
        this.writers = writers;
        this.nested = nested;
        lock1 = Mutex("data1Lock");
        lock2 = Mutex("data2Lock");
        data1 = Shared("data1Value");
        data2 = Shared("data2Value");
    }

    protected override Flow Thread(Cpu cpu, int thread) => thread <= writers ? Writer(cpu) : Reader(cpu);

    private async Flow Writer(Cpu cpu)
    {
        await Lock(cpu, lock1);
        await Write(cpu, data1, 1);
        if (!nested)
        {
            await Unlock(cpu, lock1);
        }

        await Lock(cpu, lock2);
        int first = await Read(cpu, data1);
        await Write(cpu, data2, first + 1);
        await Unlock(cpu, lock2);
        if (nested)
        {
            await Unlock(cpu, lock1);
        }
    }

    private async Flow Reader(Cpu cpu)
    {
        await Lock(cpu, lock1);
        if (await Read(cpu, data1) == 0)
        {
            await Unlock(cpu, lock1);
            return;
        }

        int first = await Read(cpu, data1);
        await Unlock(cpu, lock1);
        await Lock(cpu, lock2);
        int second = await Read(cpu, data2);
        await Unlock(cpu, lock2);
        Assert(second == first + 1);
    }
}
