namespace Mm.State;

/// <summary>Why somebody holds a reference on a folio: the ground truth beside <c>_refcount</c>.</summary>
public enum Holder : byte
{
    /// <summary>Whoever allocated it and has not yet given the reference a meaning.</summary>
    Allocation,

    /// <summary>One present page table entry.</summary>
    Mapping,

    /// <summary>The swap cache.</summary>
    SwapCache,

    /// <summary>A per-cpu batch of folios to be added to the LRU.</summary>
    LruBatch,

    /// <summary>An isolation from the LRU.</summary>
    Isolation,

    /// <summary>A lookup (swap cache, page table walk).</summary>
    Lookup,

    /// <summary>A page gathered by a zap, until the TLB is flushed.</summary>
    Gather,

    /// <summary>A page that is not to be used any more: for ever.</summary>
    Poison,

    /// <summary>The page cache.</summary>
    PageCache,

    /// <summary>A short-term reference to a user page (FOLL_GET).</summary>
    Get,

    /// <summary>A device pin: 1024 references each (GUP_PIN_COUNTING_BIAS).</summary>
    Pin,
}
