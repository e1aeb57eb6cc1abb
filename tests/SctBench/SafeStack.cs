using System.Runtime.CompilerServices;
using Interleave;

namespace Tests.SctBench;

/// <summary>SafeStack: a lock-free stack of three elements and three threads that pop and push twice each (Vyukov). The
/// shortest way to one element in two hands takes five preemptions.</summary>
/// <remarks>Where the original spins until another thread has changed something, the lane waits for that change: a turn
/// of the loop before it would leave everything as it was.</remarks>
internal sealed class SafeStack : SctProgram
{
    private const int Elements = 3;
    private const int Rounds = 2;
    private readonly Variable head;
    private readonly Variable count;
    private readonly Variable[] next;
    private readonly Variable[] values;
    private readonly Change[] changes;
    private readonly MoreThanOne room;

    public SafeStack()
        : base("SafeStack", 3)
    {
        head = Shared("head");
        count = Shared("count", Elements);
        next = [.. Enumerable.Range(0, Elements).Select(i => Shared($"next[{i}]", i + 1 < Elements ? i + 1 : -1))];
        values = [.. Enumerable.Range(0, Elements).Select(i => Shared($"value[{i}]"))];
        room = new MoreThanOne(this);
        changes = [.. Enumerable.Range(0, Elements).Select(i => new Change(this, i))];
    }

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        for (int round = 0; round < Rounds; round++)
        {
            int element = await Pop(cpu);
            await Write(cpu, values[element], thread);
            Assert(await Read(cpu, values[element]) == thread);
            await Push(cpu, element);
        }
    }

    private async Flow<int> Pop(Cpu cpu)
    {
        while (true)
        {
            await cpu.At(Site(cpu, 1, "count", Access.Read), count, room);
            int top = await Read(cpu, head);
            await cpu.At(Site(cpu, 2, "exchange", Access.Rmw), next[top], changes[top]);
            int below = next[top].Value;
            next[top].Value = -1;
            if (below >= 0)
            {
                if (await CompareExchange(cpu, head, top, below) == top)
                {
                    await AtomicAdd(cpu, count, -1);
                    return top;
                }

                await cpu.At(Site(cpu, 3, "restore", Access.Rmw), next[top]);
                next[top].Value = below;
            }
        }
    }

    private async Flow Push(Cpu cpu, int element)
    {
        int top = await Read(cpu, head);
        while (true)
        {
            await Write(cpu, next[element], top);
            int found = await CompareExchange(cpu, head, top, element);
            if (found == top)
            {
                break;
            }

            top = found;
        }

        await AtomicAdd(cpu, count, 1);
    }

    private async Flow<int> CompareExchange(
        Cpu cpu, Variable variable, int expected, int value, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "cas", Access.Rmw), variable);
        int found = variable.Value;
        variable.Value = found == expected ? value : found;
        return found;
    }

    /// <summary>What a lane waits for that has read the head: until then it would find nothing below it and turn
    /// round.</summary>
    private sealed class Change(SafeStack stack, int element) : IWaitable
    {
        public bool IsReady(Cpu cpu) => stack.next[element].Value >= 0 || stack.head.Value != element;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }

    /// <summary>What a lane waits for before it pops: more than one element.</summary>
    private sealed class MoreThanOne(SafeStack stack) : IWaitable
    {
        public bool IsReady(Cpu cpu) => stack.count.Value > 1;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
