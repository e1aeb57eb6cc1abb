using Interleave;

namespace Tests.SctBench;

/// <summary>deadlock01: two threads take two locks in opposite order.</summary>
internal sealed class Deadlock : SctProgram
{
    private readonly bool ordered;
    private readonly KernelSpinlock a;
    private readonly KernelSpinlock b;
    private readonly Variable counter;

    /// <summary>The program.</summary>
    /// <param name="ordered">Put right: both take them in the same order.</param>
    public Deadlock(bool ordered = false)
        : base("deadlock01", 2)
    {
        this.ordered = ordered;
        a = Mutex("a");
        b = Mutex("b");
        counter = Shared("counter", 1);
    }

    protected override bool DeadlockIsBug => true;

    protected override int FunctionOf(int thread) => thread;

    protected override Flow Thread(Cpu cpu, int thread) =>
        thread == 1 || ordered ? Under(cpu, a, b) : Under(cpu, b, a);

    private async Flow Under(Cpu cpu, KernelSpinlock first, KernelSpinlock second)
    {
        await Lock(cpu, first);
        await Lock(cpu, second);
        await Add(cpu, counter, 1);
        await Unlock(cpu, second);
        await Unlock(cpu, first);
    }
}
