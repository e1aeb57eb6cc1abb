using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A process that is gone counts no pages and no swap entries, and has no entry left.</summary>
/// <remarks>X1, C1. The kernel: <c>BUG: Bad rss-counter state</c> (check_mm).</remarks>
public sealed class ExitRssOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-rss";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            if (mm.AnonPages != 0)
            {
                Tell(mm, "MM_ANONPAGES", mm.AnonPages, judge);
            }

            if (mm.FilePages != 0)
            {
                Tell(mm, "MM_FILEPAGES", mm.FilePages, judge);
            }

            if (mm.ShmemPages != 0)
            {
                Tell(mm, "MM_SHMEMPAGES", mm.ShmemPages, judge);
            }

            if (mm.SwapEntries != 0)
            {
                Tell(mm, "MM_SWAPENTS", mm.SwapEntries, judge);
            }

            for (int page = 0; page < kernel.PageCount; page++)
            {
                if (!mm[page].IsNone || mm.Table(page).Pmd.IsLeaf)
                {
                    judge.Broken(this, "page table entry after exit", $"{mm} page {page}: {mm.Entry(page)}");
                }
            }
        }
    }

    private void Tell(MmStruct mm, string counter, int value, IJudge judge) =>
        judge.Broken(
            this, $"{counter} is not 0 after exit", $"{mm}: {counter} {value}",
            $"BUG: Bad rss-counter state type:{counter} val:{value}");
}
