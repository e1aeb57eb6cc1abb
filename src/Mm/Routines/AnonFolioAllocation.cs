using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The folio of a first store where a page table is: as large as fits, or small (mm/memory.c:
/// alloc_anon_folio, v6.18).</summary>
/// <remarks>Left out: userfaultfd, swap throttling.</remarks>
public class AnonFolioAllocation : Routine
{
    protected static readonly Point Scan = Points.Define("AnonFolioScanPte", "alloc_anon_folio", Access.Read);

    /// <summary>alloc_anon_folio, charged; null when memory is out.</summary>
    public virtual async Flow<Folio?> Allocate(Cpu cpu, FaultContext fault)
    {
        int order = K.Thp == ThpPolicy.Sizes ? await HighestOrder(cpu, fault) : 0;
        while (true)
        {
            Folio? folio = await R.Free.Allocate(cpu, order);
            if (folio is not null)
            {
                await R.Memcg.Charge(cpu, folio, fault.Mm);
                return folio;
            }

            if (order == 0)
            {
                return null;
            }

            // Not enough in a row: less will do.
            order = order > Folio.LargeOrderMin ? order - 1 : 0;
        }
    }

    /// <summary>The highest order below that of a PMD entry whose aligned range lies in the VMA and is all empty: looks
    /// without a lock. 0 when there is none.</summary>
    protected virtual async Flow<int> HighestOrder(Cpu cpu, FaultContext fault)
    {
        for (int order = K.PmdOrder - 1; order >= Folio.LargeOrderMin; order--)
        {
            int start = fault.Page & -(1 << order);
            int end = start + (1 << order);
            if (start < fault.Vma.Start || end > fault.Vma.End)
            {
                continue;
            }

            int page = start;
            while (page < end && await LooksEmpty(cpu, fault.Mm, page))
            {
                page++;
            }

            if (page == end)
            {
                return order;
            }
        }

        return 0;
    }

    private static async Flow<bool> LooksEmpty(Cpu cpu, MmStruct mm, int page)
    {
        await cpu.At(Scan, mm.PteWord(page));
        return mm[page].IsNone;
    }
}
