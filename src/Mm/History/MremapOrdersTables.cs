using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>move_ptes() that locks two page tables in the order in which UFFDIO_MOVE does.</summary>
[Variant(
    "mremap-orders-tables",
    Subject = "mremap takes the locks of two page tables in the order of their addresses",
    Origin = "a fix put beside v6.18, where UFFDIO_MOVE holds locks of VMAs only, from 867a43a34ff8 (v6.9) on",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: two threads wait for each other's page table for ever")]
public sealed class MremapOrdersTables : Mremap
{
    /// <inheritdoc />
    protected override async Flow LockTables(Cpu cpu, MmStruct mm, int page, int to)
    {
        if (page < to || mm.Ptl(page) == mm.Ptl(to))
        {
            await base.LockTables(cpu, mm, page, to);
            return;
        }

        await mm.Ptl(to).Acquire(cpu, NewLock);
        await mm.Ptl(page).Acquire(cpu, OldLock);
    }
}
