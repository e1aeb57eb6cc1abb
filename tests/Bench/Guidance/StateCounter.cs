using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;
using Mm.State;

namespace Tests.Bench.Guidance;

/// <summary>The folio engine, counting the different states in which its executions come to rest.</summary>
/// <remarks>A state is what page tables, folios and swap slots are, by frame and slot number; user data and the order
/// of lists are left out.</remarks>
internal sealed class StateCounter : IEngine
{
    private readonly MmEngine engine = new();
    private readonly HashSet<ulong> states = [];
    private ulong hash;

    /// <summary>Number of different states.</summary>
    public int Count => states.Count;

    /// <inheritdoc />
    public Language Language => engine.Language;

    /// <inheritdoc />
    public Machine Machine => engine.Machine;

    /// <inheritdoc />
    public Verdict Verdict => engine.Verdict;

    /// <inheritdoc />
    public void Reset(int[] shape) => engine.Reset(shape);

    /// <inheritdoc />
    public Flow<bool> Run(Cpu cpu, Call call) => engine.Run(cpu, call);

    /// <inheritdoc />
    public Flow TearDown(Cpu cpu)
    {
        // Run alone, when the lanes are done.
        states.Add(HashOfState());
        return engine.TearDown(cpu);
    }

    /// <inheritdoc />
    public bool AfterStep(Cpu cpu, Point point) => engine.AfterStep(cpu, point);

    /// <inheritdoc />
    public void AfterAlone(Call call, bool effective) => engine.AfterAlone(call, effective);

    /// <inheritdoc />
    public void AfterKnown() => engine.AfterKnown();

    /// <inheritdoc />
    public void AtRest() => engine.AtRest();

    /// <inheritdoc />
    public void AtEnd() => engine.AtEnd();

    private ulong HashOfState()
    {
        hash = 0xCBF29CE484222325UL;
        Kernel kernel = engine.Kernel;
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            Mix(mm.Alive ? 1 : 0);
            for (int page = 0; page < kernel.PageCount; page++)
            {
                Pte pte = mm[page];
                Mix(pte.Target << 16 | (int)pte.Kind << 8 | (int)pte.Flags);
            }
        }

        foreach (Folio folio in kernel.Folios)
        {
            if (folio.Free)
            {
                continue;
            }

            Mix(folio.Pfn << 24 | (int)folio.Flags);
            Mix(folio.Refcount << 16 | folio.Mapcount << 4 | folio.Order);
            Mix(folio.Index << 8 | (folio.Anon ? 1 : 0) | (folio.Ksm ? 2 : 0) | (folio.File is null ? 0 : 4));
        }

        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            Mix(kernel.Swap.Count(slot) << 1 | (kernel.Swap.HasCache(slot) ? 1 : 0));
        }

        return hash;
    }

    private void Mix(int value)
    {
        hash = (hash ^ (uint)value) * 0x9E3779B97F4A7C15UL;
        hash ^= hash >> 29;
    }
}
