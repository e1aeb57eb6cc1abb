using Interleave;

namespace Tests.SctBench;

/// <summary>queue: a reader that looks up its own count instead of what was taken out.</summary>
internal sealed class BoundedQueue : SctProgram
{
    private const int Size = 20;
    private readonly KernelSpinlock mutex;
    private readonly Variable[] elements;
    private readonly Variable[] stored;
    private readonly Variable head;
    private readonly Variable tail;
    private readonly Variable amount;
    private readonly Variable mayEnqueue;
    private readonly Variable mayDequeue;

    public BoundedQueue()
        : base("queue", 2)
    {
        mutex = Mutex("m");
        elements = [.. Enumerable.Range(0, Size + 1).Select(i => Shared($"element[{i}]"))];
        stored = [.. Enumerable.Range(0, Size).Select(i => Shared($"stored_elements[{i}]"))];
        head = Shared("head");
        tail = Shared("tail");
        amount = Shared("amount");
        mayEnqueue = Shared("enqueue_flag", 1);
        mayDequeue = Shared("dequeue_flag");
    }

    protected override Flow Thread(Cpu cpu, int thread) => thread == 1 ? Producer(cpu) : Consumer(cpu);

    private async Flow Producer(Cpu cpu)
    {
        int value = 0;
        await Lock(cpu, mutex);
        await Enqueue(cpu, value);
        await Write(cpu, stored[0], value);
        await Read(cpu, head);
        await Read(cpu, tail);
        await Unlock(cpu, mutex);
        for (int i = 0; i < Size - 1; i++)
        {
            await Lock(cpu, mutex);
            if (await Read(cpu, mayEnqueue) == 1)
            {
                value++;
                await Enqueue(cpu, value);
                await Write(cpu, stored[i + 1], value);
                await Write(cpu, mayEnqueue, 0);
                await Write(cpu, mayDequeue, 1);
            }

            await Unlock(cpu, mutex);
        }
    }

    private async Flow Consumer(Cpu cpu)
    {
        for (int i = 0; i < Size; i++)
        {
            await Lock(cpu, mutex);
            if (await Read(cpu, mayDequeue) == 1)
            {
                int taken = await Dequeue(cpu);
                Assert(taken == await Read(cpu, stored[i]));
                await Write(cpu, mayDequeue, 0);
                await Write(cpu, mayEnqueue, 1);
            }

            await Unlock(cpu, mutex);
        }
    }

    private async Flow Enqueue(Cpu cpu, int value)
    {
        int at = await Read(cpu, tail);
        await Write(cpu, elements[at], value);
        await Add(cpu, amount, 1);
        await Advance(cpu, tail);
    }

    private async Flow<int> Dequeue(Cpu cpu)
    {
        int at = await Read(cpu, head);
        int value = await Read(cpu, elements[at]);
        await Add(cpu, amount, -1);
        await Advance(cpu, head);
        return value;
    }

    private async Flow Advance(Cpu cpu, Variable end)
    {
        if (await Read(cpu, end) == Size)
        {
            await Write(cpu, end, 1);
        }
        else
        {
            await Add(cpu, end, 1);
        }
    }
}
