using Interleave;

namespace Tests.SctBench;

/// <summary>arithmetic_prog: a producer and a consumer in step; the sum is never what main expects.</summary>
internal sealed class ArithmeticProgression : SctProgram
{
    private const int Rounds = 3;
    private readonly KernelSpinlock mutex;
    private readonly Condition empty;
    private readonly Condition full;
    private readonly Variable number;
    private readonly Variable total;
    private readonly Variable flag;

    public ArithmeticProgression()
        : base("arithmetic_prog", 2)
    {
        mutex = Mutex("m");
        empty = NewCondition("empty");
        full = NewCondition("full");
        number = Shared("num");
        total = Shared("total");
        flag = Shared("flag");
    }

    protected override async Flow Main(Cpu cpu)
    {
        await Spawn(cpu, 1);
        await Spawn(cpu, 2);
        await JoinAll(cpu);
        if (await Read(cpu, flag) == 1)
        {
            Assert(await Read(cpu, total) != Rounds * (Rounds + 1) / 2);
        }
    }

    protected override Flow Thread(Cpu cpu, int thread) => thread == 1 ? Produce(cpu) : Consume(cpu);

    private async Flow Produce(Cpu cpu)
    {
        for (int i = 0; i < Rounds; i++)
        {
            await Lock(cpu, mutex);
            while (await Read(cpu, number) > 0)
            {
                await Wait(cpu, empty, mutex);
            }

            await Add(cpu, number, 1);
            await Unlock(cpu, mutex);
            await Signal(cpu, full);
        }
    }

    private async Flow Consume(Cpu cpu)
    {
        for (int i = 0; i < Rounds; i++)
        {
            await Lock(cpu, mutex);
            while (await Read(cpu, number) == 0)
            {
                await Wait(cpu, full, mutex);
            }

            await Add(cpu, total, i);
            await Add(cpu, number, -1);
            await Unlock(cpu, mutex);
            await Signal(cpu, empty);
        }

        await Add(cpu, total, Rounds);
        await Write(cpu, flag, 1);
    }
}
