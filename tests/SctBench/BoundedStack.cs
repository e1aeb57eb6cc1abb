using Interleave;

namespace Tests.SctBench;

/// <summary>stack: one thread pushes ten, the other pops ten, and may find none left.</summary>
internal sealed class BoundedStack : SctProgram
{
    private const int Size = 10;
    private readonly KernelSpinlock mutex;
    private readonly Variable top;
    private readonly Variable array;
    private readonly Variable flag;

    public BoundedStack()
        : base("stack", 2)
    {
        mutex = Mutex("m");
        top = Shared("top");
        array = Shared("arr");
        flag = Shared("flag");
    }

    protected override int FunctionOf(int thread) => thread;

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        for (int i = 0; i < Size; i++)
        {
            await Lock(cpu, mutex);
            if (thread == 1)
            {
                await Push(cpu);
            }
            else if (await Read(cpu, flag) == 1)
            {
                await Pop(cpu);
            }

            await Unlock(cpu, mutex);
        }
    }

    private async Flow Push(Cpu cpu)
    {
        Assert(await Read(cpu, top) != Size);
        await Read(cpu, top);
        await Write(cpu, array, 1);
        await Add(cpu, top, 1);
        await Write(cpu, flag, 1);
    }

    private async Flow Pop(Cpu cpu)
    {
        Assert(await Read(cpu, top) != 0);
        await Add(cpu, top, -1);
        await Read(cpu, top);
        await Read(cpu, array);
    }
}
