using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When all processes are gone, nothing is charged to any memcg, and none counts a mapped page.</summary>
/// <remarks>C5. A charge that is left keeps an offline memcg in memory for ever; there is no message.</remarks>
public sealed class ExitMemcgOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-memcg";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (Memcg memcg in kernel.Memcgs.All)
        {
            Compare(memcg, "memory.current", memcg.Usage - Poisoned(kernel, seen, memcg), judge);
            Compare(memcg, "memory.swap.current", memcg.SwapUsage - PoisonedSlots(kernel, memcg), judge);
            Compare(memcg, "NR_ANON_MAPPED", memcg.AnonMapped - memcg.TruthClamped, judge);
            Compare(memcg, "NR_FILE_MAPPED", memcg.FileMapped, judge);
        }
    }

    /// <summary>Frames that memory_failure() could not contain: they stay charged for ever.</summary>
    private static int Poisoned(Kernel kernel, Seen seen, Memcg memcg)
    {
        int count = 0;
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            count += folio.Has(PageFlag.HwPoison) && !folio.Free && IsBelow(folio.Memcg, memcg) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Slots that nobody takes from a poisoned folio.</summary>
    private static int PoisonedSlots(Kernel kernel, Memcg memcg)
    {
        int count = 0;
        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            bool poisoned = kernel.Swap.Cached(slot) is { } cached && cached.Has(PageFlag.HwPoison);
            count += poisoned && IsBelow(kernel.Swap.Record(slot), memcg) ? 1 : 0;
        }

        return count;
    }

    private static bool IsBelow(Memcg? charged, Memcg memcg)
    {
        while (charged is not null && charged != memcg)
        {
            charged = charged.Parent;
        }

        return charged is not null;
    }

    private void Compare(Memcg memcg, string counter, int value, IJudge judge)
    {
        if (value != 0)
        {
            judge.Broken(this, $"{counter} is not 0 after exit", $"{memcg}: {counter} {value}");
        }
    }
}
