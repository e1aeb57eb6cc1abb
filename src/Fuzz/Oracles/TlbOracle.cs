using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Once a change of entries is over, no cpu has a translation that says more than the entry does.</summary>
/// <remarks>
/// Judged while nobody holds a page table lock or, for writing, the mmap lock of the process, no gather of it is under
/// way and no task has put its flush off. Else somebody reads or writes a page that is not there any more, or is
/// another process' too. No message: silent data corruption.
/// </remarks>
public readonly struct TlbOracle : ISettledOracle<MmStruct>
{
    /// <inheritdoc />
    public string Name => "tlb";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject)
    {
        bool batched = false;
        foreach (TlbState tlb in kernel.Tlbs)
        {
            batched |= (tlb.BatchedMms >> subject.Index & 1) != 0;
        }

        return !batched && subject.Tlb.FlushPending == 0 && !subject.TablesLocked && subject.MmapLock.Writer is null;
    }

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject)
    {
        if (subject.Tlb.TruthEntries != 0)
        {
            foreach (TlbState tlb in kernel.Tlbs)
            {
                if (FindStale(kernel, subject, tlb) >= 0)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        for (int cpu = 0; cpu < kernel.Tlbs.Length; cpu++)
        {
            int page = FindStale(kernel, subject, kernel.Tlbs[cpu]);
            if (page >= 0)
            {
                Pte cached = kernel.Tlbs[cpu].Find(subject, page).Pte;
                judge.Broken(
                    this, IsElsewhere(cached, subject.Entry(page)) ? "stale translation" : "stale right to write",
                    $"cpu{cpu} has cached for {subject} page {page}: {cached}; its entry is: {subject.Entry(page)}");
                return;
            }
        }
    }

    private static int FindStale(Kernel kernel, MmStruct mm, TlbState tlb)
    {
        for (int page = 0; page < kernel.PageCount && !tlb.IsEmpty; page++)
        {
            Pte cached = tlb.Find(mm, page).Pte;
            if (!cached.IsNone && IsStale(cached, mm.Entry(page)))
            {
                return page;
            }
        }

        return -1;
    }

    private static bool IsStale(Pte cached, Pte pte) =>
        IsElsewhere(cached, pte) || (cached.Writable && !pte.Writable);

    private static bool IsElsewhere(Pte cached, Pte pte) => pte.Kind != cached.Kind || pte.Target != cached.Target;
}
