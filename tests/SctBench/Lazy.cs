using Interleave;

namespace Tests.SctBench;

/// <summary>lazy01: two threads add, a third one must not come last.</summary>
internal sealed class Lazy : SctProgram
{
    private readonly KernelSpinlock mutex;
    private readonly Variable data;

    public Lazy()
        : base("lazy01", 3)
    {
        mutex = Mutex("mutex");
        data = Shared("data");
    }

    protected override int FunctionOf(int thread) => thread;

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        await Lock(cpu, mutex);
        if (thread < 3)
        {
            await Add(cpu, data, thread);
        }
        else
        {
            Assert(await Read(cpu, data) < 3);
        }

        await Unlock(cpu, mutex);
    }
}
