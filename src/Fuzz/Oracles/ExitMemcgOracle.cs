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
            Compare(memcg, "memory.current", memcg.Usage, judge);
            Compare(memcg, "memory.swap.current", memcg.SwapUsage, judge);
            Compare(memcg, "NR_ANON_MAPPED", memcg.AnonMapped - memcg.TruthClamped, judge);
            Compare(memcg, "NR_FILE_MAPPED", memcg.FileMapped, judge);
        }
    }

    private void Compare(Memcg memcg, string counter, int value, IJudge judge)
    {
        if (value != 0)
        {
            judge.Broken(this, $"{counter} is not 0 after exit", $"{memcg}: {counter} {value}");
        }
    }
}
