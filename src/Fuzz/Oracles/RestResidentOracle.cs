using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest no page of anonymous memory that is locked is in swap.</summary>
/// <remarks>
/// What mlock is for. It brings all pages in when the flag is set, and from then on reclaim leaves them alone,
/// whatever PG_mlocked says. What is cached in broken memory cannot be brought in; what another thread moves about
/// meanwhile it may miss. A symptom: no message, but a process that must not wait for a disk does.
/// </remarks>
public sealed class RestResidentOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-resident";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        if (!kernel.Lruvec.HasMlock)
        {
            return;
        }

        for (int number = 0; number < kernel.MmCount; number++)
        {
            foreach (Vma vma in kernel.Mms[number].Vmas)
            {
                CheckVma(kernel, vma, judge);
            }
        }
    }

    private void CheckVma(Kernel kernel, Vma vma, IJudge judge)
    {
        for (int page = vma.Start; page < vma.End && vma is { IsLocked: true, File: null }; page++)
        {
            Pte pte = vma.Mm.Entry(page);
            if (pte.IsSwap && !vma.Mm.TruthMissed[page]
                && kernel.Swap.Cached(pte.Target)?.Has(PageFlag.HwPoison) != true)
            {
                judge.Broken(
                    this, "page of a locked VMA is in swap", $"{vma.Mm} p{page}: {pte}",
                    "a major fault in memory that is locked");
            }
        }
    }
}
