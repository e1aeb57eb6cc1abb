using Interleave;

namespace Tests.SctBench;

/// <summary>reorder_N: setters write a and then b, checkers see one without the other.</summary>
internal sealed class Reorder : SctProgram
{
    private readonly int setters;
    private readonly bool atomically;
    private readonly Variable a;
    private readonly Variable b;

    /// <summary>The program.</summary>
    /// <param name="setters">Threads that set.</param>
    /// <param name="checkers">Threads that check.</param>
    /// <param name="atomically">Put right: both are set, and read, in one step.</param>
    public Reorder(int setters, int checkers, bool atomically = false)
        : base($"reorder_{setters + checkers}", setters + checkers)
    {
        this.setters = setters;
        this.atomically = atomically;
        a = Shared("a");
        b = Shared("b");
    }

    protected override Flow Thread(Cpu cpu, int thread) =>
        thread > setters ? Check(cpu) : atomically ? SetAtOnce(cpu) : Set(cpu);

    private async Flow Set(Cpu cpu)
    {
        await Write(cpu, a, 1);
        await Write(cpu, b, -1);
    }

    private async Flow SetAtOnce(Cpu cpu)
    {
        await Write(cpu, a, 1);
        b.Value = -1;
    }

    private async Flow Check(Cpu cpu)
    {
        if (atomically)
        {
            int both = await Read(cpu, a);
            Assert(both + b.Value == 0);
            return;
        }

        if (await Read(cpu, a) == 0
            && await Read(cpu, b) == 0)
        {
            return;
        }

        Assert(await Read(cpu, a) == 1
            && await Read(cpu, b) == -1);
    }
}
