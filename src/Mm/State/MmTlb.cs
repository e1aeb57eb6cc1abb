namespace Mm.State;

/// <summary>What a process' mm_struct says of translations (include/linux/mm_types.h, v6.18).</summary>
public sealed class MmTlb
{
    internal MmTlb(int mm, ObjectIds ids) => Word = ids.Word(ObjectKind.Tlb, $"tlb(mm{mm})");

    /// <summary>The translations that all cpus have cached, as an object of points: what a flush touches.</summary>
    public Word Word { get; }

    /// <summary>mm_cpumask: the cpus that may have translations cached.</summary>
    public uint CpuMask { get; set; }

    /// <summary>tlb_flush_pending: gathers under way.</summary>
    public int FlushPending { get; set; }

    /// <summary>tlb_flush_batched, the pending half: how often reclaim has put off a flush.</summary>
    public int BatchedPending { get; set; }

    /// <summary>tlb_flush_batched, the flushed half: up to which of these a flush has been made.</summary>
    public int BatchedFlushed { get; set; }

    /// <summary>Ground truth: number of translations that are cached somewhere.</summary>
    public int TruthEntries { get; internal set; }

    /// <summary>Ground truth: the child that a fork under way shares pages with, until the flush at its end.</summary>
    public MmStruct? TruthChild { get; set; }

    internal void Reset()
    {
        CpuMask = 0;
        FlushPending = 0;
        BatchedPending = 0;
        BatchedFlushed = 0;
        TruthEntries = 0;
        TruthChild = null;
    }
}
