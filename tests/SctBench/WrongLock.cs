using Interleave;

namespace Tests.SctBench;

/// <summary>wronglock: one thread counts under a lock, the others under another one.</summary>
internal sealed class WrongLock : SctProgram
{
    private readonly KernelSpinlock dataLock;
    private readonly KernelSpinlock otherLock;
    private readonly Variable data;

    /// <summary>The program.</summary>
    /// <param name="others">Threads that take the wrong lock.</param>
    /// <param name="right">Put right: they take the right one.</param>
    public WrongLock(int others, bool right = false)
        : base(others == 7 ? "wronglock" : $"wronglock_{others}", others + 1)
    {
        dataLock = Mutex("dataLock");
        otherLock = right ? dataLock : Mutex("thisLock");
        data = Shared("dataValue");
    }

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        if (thread > 1)
        {
            await Lock(cpu, otherLock);
            await Add(cpu, data, 1);
            await Unlock(cpu, otherLock);
            return;
        }

        await Lock(cpu, dataLock);
        int before = await Read(cpu, data);
        await Add(cpu, data, 1);
        Assert(await Read(cpu, data) == before + 1);
        await Unlock(cpu, dataLock);
    }
}
