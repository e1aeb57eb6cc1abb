using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Flushing translations, now or later (arch/x86/mm/tlb.c; mm/rmap.c: try_to_unmap_flush, v6.18).</summary>
/// <remarks>
/// A flush is one step: the IPI that drops the entries of every cpu and waits for all of them. The kernel's drops are
/// separate, in any order; a cpu that drops early is like one that had nothing cached. A flush that no other cpu has an
/// entry for is no step: nothing that anybody could see happens. Left out: tlb_gen, lazy mode, address space numbers.
/// </remarks>
public class Tlb : Routine
{
    protected static readonly Point Flush = Points.Define("TlbFlush", "flush_tlb_mm_range", Access.Write);
    protected static readonly Point BatchAdd = Points.Define("TlbBatchAdd", "set_tlb_ubc_flush_pending", Access.Rmw);
    protected static readonly Point BatchFlush = Points.Define("TlbBatchFlush", "try_to_unmap_flush", Access.Write);
    protected static readonly Point BatchSettled =
        Points.Define("TlbBatchSettled", "flush_tlb_batched_pending", Access.Rmw);

    /// <summary>flush_tlb_page; with a clear of the entry before it, ptep_clear_flush.</summary>
    public Flow FlushPage(Cpu cpu, MmStruct mm, int page) => FlushRange(cpu, mm, page, page + 1);

    /// <summary>flush_tlb_mm.</summary>
    public Flow FlushMm(Cpu cpu, MmStruct mm) => FlushRange(cpu, mm, 0, K.PageCount);

    /// <summary>flush_tlb_range of [start, end): afterwards no cpu has an entry of it that is older than the
    /// call.</summary>
    public virtual async Flow FlushRange(Cpu cpu, MmStruct mm, int start, int end)
    {
        if (Elsewhere(cpu, mm, start, end))
        {
            await cpu.At(Flush, mm.Tlb.Word);
        }

        Drop(mm, start, end);
    }

    /// <summary>should_defer_flush with TTU_BATCH_FLUSH: another cpu may have entries of the process.</summary>
    public virtual bool ShouldDefer(Cpu cpu, MmStruct mm) => (mm.Tlb.CpuMask & ~(1u << cpu.Index)) != 0;

    /// <summary>set_tlb_ubc_flush_pending: the flush of an entry just cleared waits for
    /// <see cref="FlushBatch"/>.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="mm">The process; the ptl of the entry is held.</param>
    /// <param name="cleared">The entry that was cleared.</param>
    public virtual async Flow Defer(Cpu cpu, MmStruct mm, Pte cleared)
    {
        if (!cleared.IsPresent)
        {
            return;
        }

        TlbState own = K.Tlbs[cpu.Index];
        own.BatchedMms |= 1u << mm.Index;
        own.BatchedDirty |= cleared.Dirty;
        await cpu.At(BatchAdd, mm.Word);
        mm.Tlb.BatchedPending++;
    }

    /// <summary>try_to_unmap_flush: makes the flushes that the task has put off.</summary>
    public virtual async Flow FlushBatch(Cpu cpu)
    {
        TlbState own = K.Tlbs[cpu.Index];
        if (own.BatchedMms == 0)
        {
            return;
        }

        MmStruct? seen = null;
        for (int i = 0; i < K.MmCount; i++)
        {
            bool batched = (own.BatchedMms >> i & 1) != 0;
            seen = batched && Elsewhere(cpu, K.Mms[i], 0, K.PageCount) ? K.Mms[i] : seen;
        }

        if (seen is not null)
        {
            await cpu.At(BatchFlush, seen.Tlb.Word);
        }

        for (int i = 0; i < K.MmCount; i++)
        {
            if ((own.BatchedMms >> i & 1) != 0)
            {
                Drop(K.Mms[i], 0, K.PageCount);
            }
        }

        own.BatchedMms = 0;
        own.BatchedDirty = false;
    }

    /// <summary>try_to_unmap_flush_dirty: before a page is written, if somebody may still store to it.</summary>
    public virtual Flow FlushBatchDirty(Cpu cpu) => K.Tlbs[cpu.Index].BatchedDirty ? FlushBatch(cpu) : Flow.Done;

    /// <summary>flush_tlb_batched_pending: whoever finds entries gone makes sure that their translations are gone
    /// too. The ptl is held.</summary>
    /// <remarks>The look at tlb_flush_batched is no step: for the entries of this table, the ptl orders it.</remarks>
    public virtual Flow FlushBatchedPending(Cpu cpu, MmStruct mm) =>
        mm.Tlb.BatchedPending == mm.Tlb.BatchedFlushed ? Flow.Done : FlushBatched(cpu, mm);

    /// <summary>The flush of <see cref="FlushBatchedPending"/>; if more was put off meanwhile it stays
    /// pending.</summary>
    protected virtual async Flow FlushBatched(Cpu cpu, MmStruct mm)
    {
        int pending = mm.Tlb.BatchedPending;
        int flushed = mm.Tlb.BatchedFlushed;
        await FlushMm(cpu, mm);
        await cpu.At(BatchSettled, mm.Word);
        if (mm.Tlb.BatchedPending == pending && mm.Tlb.BatchedFlushed == flushed)
        {
            mm.Tlb.BatchedFlushed = pending;
        }
    }

    private void Drop(MmStruct mm, int start, int end)
    {
        foreach (Cpu cpu in K.Machine.Cpus)
        {
            K.Tlbs[cpu.Index].Drop(mm, start, end);
        }
    }

    /// <summary>Whether another cpu has an entry that the flush must reach.</summary>
    private bool Elsewhere(Cpu cpu, MmStruct mm, int start, int end)
    {
        if (mm.Tlb.TruthEntries == 0)
        {
            return false;
        }

        foreach (Cpu other in K.Machine.Cpus)
        {
            if (other != cpu && K.Tlbs[other.Index].Covers(mm, start, end))
            {
                return true;
            }
        }

        return false;
    }
}
