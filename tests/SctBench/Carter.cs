using Interleave;

namespace Tests.SctBench;

/// <summary>carter01: the first thread of a class takes a lock for all of it, while it holds the lock that its leaving
/// needs.</summary>
internal sealed class Carter : SctProgram
{
    private readonly KernelSpinlock mutex;
    private readonly KernelSpinlock classLock;
    private readonly Variable a;
    private readonly Variable b;

    public Carter()
        : base("carter01", 4)
    {
        mutex = Mutex("m");
        classLock = Mutex("l");
        a = Shared("A");
        b = Shared("B");
    }

    protected override bool DeadlockIsBug => true;

    protected override int FunctionOf(int thread) => Math.Min(thread, 3);

    protected override Flow Thread(Cpu cpu, int thread) => thread switch
    {
        1 => Visit(cpu, a),
        2 => Visit(cpu, b),
        _ => Flow.Done,
    };

    private async Flow Visit(Cpu cpu, Variable members)
    {
        await Lock(cpu, mutex);
        await Add(cpu, members, 1);
        if (await Read(cpu, members) == 1)
        {
            await Lock(cpu, classLock);
        }

        await Unlock(cpu, mutex);
        await Lock(cpu, mutex);
        await Add(cpu, members, -1);
        if (await Read(cpu, members) == 0)
        {
            await Unlock(cpu, classLock);
        }

        await Unlock(cpu, mutex);
    }
}
