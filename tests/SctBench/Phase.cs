using Interleave;

namespace Tests.SctBench;

/// <summary>phase01: two threads, of which neither gives the first lock back.</summary>
internal sealed class Phase : SctProgram
{
    private readonly KernelSpinlock x;
    private readonly KernelSpinlock y;

    public Phase()
        : base("phase01", 2)
    {
        x = Mutex("x");
        y = Mutex("y");
    }

    protected override bool DeadlockIsBug => true;

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        await Lock(cpu, x);
        await Unlock(cpu, x);
        await Lock(cpu, x);
        for (int i = 0; i < 2; i++)
        {
            await Lock(cpu, y);
            await Unlock(cpu, y);
        }
    }
}
