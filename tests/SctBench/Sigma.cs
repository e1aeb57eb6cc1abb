using Interleave;

namespace Tests.SctBench;

/// <summary>sigma: each of sixteen threads marks the place that the index names when it comes to it, and main moves the
/// index on after each start.</summary>
internal sealed class Sigma : SctProgram
{
    private const int Size = 16;
    private readonly Variable index;
    private readonly Variable[] array;

    public Sigma()
        : base("sigma", Size)
    {
        index = Shared("array_index");
        array = [.. Enumerable.Range(0, Size + 1).Select(i => Shared($"array[{i}]"))];
    }

    protected override async Flow Main(Cpu cpu)
    {
        for (int thread = 1; thread <= Size; thread++)
        {
            await Spawn(cpu, thread);
            await Add(cpu, index, 1);
        }

        await JoinAll(cpu);
        int sum = 0;
        foreach (Variable place in array[..Size])
        {
            sum += await Read(cpu, place);
        }

        Assert(sum == Size);
    }

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        int at = await Read(cpu, index);
        await Write(cpu, array[at], 1);
    }
}
