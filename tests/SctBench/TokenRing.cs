using Interleave;

namespace Tests.SctBench;

/// <summary>token_ring: three threads pass a number on, each atomically; a fourth one expects them equal.</summary>
internal sealed class TokenRing : SctProgram
{
    private readonly KernelSpinlock atomic;
    private readonly Variable[] x;
    private readonly Variable[] flags;

    public TokenRing()
        : base("token_ring", 4)
    {
        atomic = Mutex("atomic");
        x = [Shared("x1", 1), Shared("x2", 2), Shared("x3", 1)];
        flags = [Shared("flag1"), Shared("flag2"), Shared("flag3")];
    }

    protected override async Flow Main(Cpu cpu)
    {
        for (int thread = 1; thread <= Threads; thread++)
        {
            await Spawn(cpu, thread);
        }
    }

    protected override int FunctionOf(int thread) => thread;

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        await Lock(cpu, atomic);
        if (thread <= x.Length)
        {
            int from = await Read(cpu, x[(thread + 1) % x.Length]);
            await Write(cpu, x[thread - 1], thread == 1 ? (from + 1) % 4 : from);
            await Write(cpu, flags[thread - 1], 1);
        }
        else if (await AreSet(cpu))
        {
            int first = await Read(cpu, x[0]);
            int second = await Read(cpu, x[1]);
            int third = await Read(cpu, x[2]);
            Assert(first == second && second == third);
        }

        await Unlock(cpu, atomic);
    }

    private async Flow<bool> AreSet(Cpu cpu)
    {
        foreach (Variable flag in flags)
        {
            if (await Read(cpu, flag) == 0)
            {
                return false;
            }
        }

        return true;
    }
}
