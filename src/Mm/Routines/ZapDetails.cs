namespace Mm.Routines;

/// <summary>struct zap_details (include/linux/mm.h, v6.18): what a zap is for, and so what it leaves alone.</summary>
/// <param name="EvenCows">even_cows: whether private copies of file pages go, too.</param>
/// <param name="OfMapping">Whether the zap comes from the file (unmap_mapping_range and unmap_mapping_folio) rather
/// than from the process: only then there were details at all before v5.18.</param>
public sealed record ZapDetails(bool EvenCows, bool OfMapping)
{
    /// <summary>Ground truth: whether the caller may take private copies, whatever it says.</summary>
    public bool TruthTakesCopies { get; init; } = EvenCows;

    /// <summary>reclaim_pt: whether page tables that were emptied go, too.</summary>
    public bool ReclaimsTables { get; init; }

    /// <summary>munmap, exit: all of it.</summary>
    public static ZapDetails All { get; } = new(true, false);

    /// <summary>MADV_DONTNEED: all of it.</summary>
    public static ZapDetails DontNeed { get; } = new(true, false) { ReclaimsTables = true };

    /// <summary>unmap_mapping_range of a truncation.</summary>
    public static ZapDetails Truncation { get; } = new(true, true);

    /// <summary>unmap_mapping_range of a hole punch or an invalidation, and unmap_mapping_folio.</summary>
    public static ZapDetails FilePages { get; } = new(false, true);
}
