using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The queue of large folios that are to be split when memory is short (mm/huge_memory.c, v6.18).</summary>
/// <remarks>Left out: the queue itself. What stands here are the places from which it is called.</remarks>
public class DeferredSplit : Routine
{
    /// <summary>deferred_split_folio: queues a large folio of which some page was unmapped, or that was mapped
    /// just now and may turn out to be mostly empty. The caller's mapping keeps it alive.</summary>
    public virtual Flow DeferredSplitFolio(Cpu cpu, Folio folio, bool partiallyMapped) => Flow.Done;

    /// <summary>folio_unqueue_deferred_split: a folio that nobody has a reference on leaves the queue.</summary>
    public virtual Flow Unqueue(Cpu cpu, Folio folio) => Flow.Done;
}
