using Interleave;

namespace Tests.SctBench;

/// <summary>circular_buffer: a receiver that counts its rounds instead of what it received.</summary>
internal sealed class CircularBuffer : SctProgram
{
    private const int Size = 10;
    private const int Rounds = 7;
    private readonly KernelSpinlock mutex;
    private readonly Variable[] buffer;
    private readonly Variable first;
    private readonly Variable next;
    private readonly Variable send;
    private readonly Variable receive;

    public CircularBuffer()
        : base("circular_buffer", 2)
    {
        mutex = Mutex("m");
        buffer = [.. Enumerable.Range(0, Size).Select(i => Shared($"buffer[{i}]"))];
        first = Shared("first");
        next = Shared("next");
        send = Shared("send", 1);
        receive = Shared("receive");
    }

    protected override int FunctionOf(int thread) => thread;

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        for (int i = 0; i < Rounds; i++)
        {
            await Lock(cpu, mutex);
            if (thread == 1)
            {
                await Send(cpu, i);
            }
            else
            {
                await Receive(cpu, i);
            }

            await Unlock(cpu, mutex);
        }
    }

    private async Flow Send(Cpu cpu, int value)
    {
        if (await Read(cpu, send) == 1)
        {
            int at = await Read(cpu, next);
            await Write(cpu, buffer[at], value);
            await Write(cpu, next, (at + 1) % Size);
            await Write(cpu, send, 0);
            await Write(cpu, receive, 1);
        }
    }

    private async Flow Receive(Cpu cpu, int expected)
    {
        if (await Read(cpu, receive) == 1)
        {
            Assert(await Read(cpu, next) > 0);
            int at = await Read(cpu, first);
            await Write(cpu, first, at + 1);
            Assert(await Read(cpu, buffer[at]) == expected);
            await Write(cpu, receive, 0);
            await Write(cpu, send, 1);
        }
    }
}
